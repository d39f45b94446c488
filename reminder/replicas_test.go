package reminder_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"yibao/reminder"
	"yibao/reminder/remindertest"
)

// Two replicas that never rest between full passes are done without one pause: what one has under its lease keeps the
// other from nothing else.
func TestReplicasShareTheWork(t *testing.T) {
	t.Parallel()
	cfg := rigConfig()
	cfg.Batch, cfg.Tick = 5, 24*time.Hour
	r := crowd(t, cfg, 60)
	other, _ := r.start(nil)
	var mu sync.Mutex
	sends, done := 0, make(chan struct{})
	r.world.SetScript(func(remindertest.Sent) reminder.Outcome {
		time.Sleep(time.Millisecond) // both must have messages on their way at once
		mu.Lock()
		defer mu.Unlock()
		if sends++; sends == 60 {
			close(done)
		}
		return reminder.Outcome{Kind: reminder.OutcomeAccepted}
	})
	ctx, stop := context.WithCancel(context.Background())
	var both sync.WaitGroup
	for _, s := range []*reminder.Service{r.Service, other} {
		both.Go(func() { _ = s.Run(ctx) })
	}
	select {
	case <-done:
	case <-time.After(time.Minute):
		t.Error("both rest while messages are due")
	}
	stop()
	both.Wait()
	if n := r.states()[reminder.DeliveryAccepted]; n != 60 || r.world.SentInParallel() {
		t.Errorf("%d accepted, in parallel: %v", n, r.world.SentInParallel())
	}
}

// Where everybody who is due is in other hands, or blocked, a pass is not full: the next one waits.
func TestNothingOfOursIsNoFullPass(t *testing.T) {
	t.Parallel()
	cfg := rigConfig()
	cfg.Batch = 5
	r := crowd(t, cfg, 30)
	ctx, now := context.Background(), r.world.Now()
	users, err := r.store.UsersWithDue(ctx, now, 30)
	r.check(err)
	for _, user := range users {
		_, err := r.store.LeaseUser(ctx, user, "another", now, now.Add(time.Minute))
		r.check(err)
	}
	if n, err := r.SendDue(ctx); n != 0 || err != nil {
		t.Errorf("served %d of what others hold, %v", n, err)
	}
	r.world.Advance(time.Minute)
	r.answer(reminder.Outcome{Kind: reminder.OutcomeUnknown})
	for range 30 {
		if n, err := r.SendDue(ctx); err != nil {
			t.Fatal(err)
		} else if n == 0 { // what is put off is due no more
			return
		}
	}
	t.Error("no end of full passes")
}
