package reminder_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"yibao/identity"
	"yibao/reminder"
)

// TestAPanicEndsNothing panics once before each kind of outside call in turn. The workers go on. The message is accepted, or unknown if
// it may have left. The log has the place of the panic and not its value.
func TestAPanicEndsNothing(t *testing.T) {
	t.Parallel()
	for _, call := range []string{
		"rules.find", "rules.get", "rules.replace", "platform_users.get", "deliveries_done.get", "deliveries.insert",
		"deliveries.find", "send_leases.get", "send_leases.insert", "deliveries_done.find", "quotas.get", "quotas.replace",
		"deliveries.get", "deliveries.replace", "send", "deliveries_done.insert", "deliveries.delete", "send_leases.delete",
	} {
		want := reminder.DeliveryAccepted
		if call == "send" {
			want = reminder.DeliveryUnknown
		}
		t.Run(call, func(t *testing.T) {
			t.Parallel()
			var log bytes.Buffer
			cfg := rigConfig()
			cfg.Tick = time.Millisecond
			r := newRig(t, cfg, func(d *reminder.Deps) { d.Log = slog.New(slog.NewTextHandler(&log, nil)) })
			r.grant(2)
			r.put()
			r.world.Advance(time.Hour)
			r.world.SetBalance("u-1", 100)
			service := r.start(nth(1, call, func() error { panic("测试甲 110101190001010000") }), nil)
			ctx, stop := context.WithCancel(context.Background())
			stopped := make(chan error)
			go func() { stopped <- service.Run(ctx) }()
			for range 3000 {
				if len(r.server.IDs("deliveries_done")) == 1 {
					break
				}
				time.Sleep(5 * time.Millisecond)
				r.world.Advance(30 * time.Second)
			}
			stop()
			r.check(<-stopped)
			if d := r.last(); d.State != want || len(r.quota().Reserved) != 0 {
				t.Errorf("%s/%s, quota %+v", d.State, d.Reason, r.quota())
			}
			text := log.String()
			if !strings.Contains(text, "msg=reminder_panic type=string at=") || !strings.Contains(text, "reminder_test.TestAPanicEndsNothing.") {
				t.Error("the log does not name the place:", text)
			}
			if strings.Contains(text, "110101190001010000") || strings.Contains(text, "测试甲") {
				t.Error("the log holds the value:", text)
			}
		})
	}
}

// One item that always panics stops no other, and waits for its lease.
func TestAPanicIsLeftToTheLease(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	r := crowd(t, rigConfig(), 3)
	victim := r.rules()[1].UserID
	r.deps = func(d *reminder.Deps) { d.Users = &panicking{d.Users, victim} }
	ill := r.start(nil, nil)
	if n, err := ill.SendDue(ctx); n != 2 || err == nil {
		t.Errorf("served %d, %v", n, err)
	}
	if n, err := r.SendDue(ctx); n != 0 || err != nil || len(r.world.Sends()) != 2 {
		t.Errorf("served %d, %v, %d sends", n, err, len(r.world.Sends()))
	}
	r.later(2 * time.Minute)
	if n := r.states()[reminder.DeliveryAccepted]; n != 3 {
		t.Errorf("%d accepted", n)
	}

	r.world.Advance(time.Hour)
	now := r.world.Now()
	if n, err := ill.EvaluateDue(ctx); n != 3 || err == nil {
		t.Errorf("claimed %d, %v", n, err)
	}
	for _, rule := range r.rules() {
		evaluated := rule.EvaluatedAt.Equal(now)
		if ill := rule.UserID == victim; evaluated == ill || (ill && !rule.DueAt.Equal(now.Add(2*time.Minute))) {
			t.Errorf("%s: evaluated %v, due in %v", rule.UserID, evaluated, rule.DueAt.Sub(now))
		}
	}
}

// panicking panics for one user.
type panicking struct {
	reminder.Users
	at string
}

func (p *panicking) User(ctx context.Context, id string) (*identity.PlatformUser, error) {
	if id == p.at {
		panic(identity.Person{IDNumber: "110101190001010000"})
	}
	return p.Users.User(ctx, id)
}

// A stop finishes the send in flight, writes its outcome, and starts no other.
func TestStopFinishesTheSendInFlight(t *testing.T) {
	t.Parallel()
	cfg := rigConfig()
	cfg.Tick = time.Millisecond
	r := newRig(t, cfg)
	r.grant(2)
	r.put()
	_, err := r.Put(context.Background(), r.caller, "u-2", reminder.Setting{Threshold: 5000})
	r.check(err)
	r.world.Advance(time.Hour)
	r.world.SetBalance("u-1", 1)
	r.world.SetBalance("u-2", 1)
	_, err = r.EvaluateDue(context.Background()) // both messages are there before the send begins
	r.check(err)
	inFlight, goOn := make(chan struct{}), make(chan struct{})
	r.world.SetScript(func(request) reminder.Outcome {
		close(inFlight) // a second send would panic
		<-goOn
		return reminder.Outcome{Kind: reminder.OutcomeAccepted}
	})
	ctx, cancel := context.WithCancel(context.Background())
	stopped := make(chan error)
	go func() { stopped <- r.Run(ctx) }()
	<-inFlight
	cancel()
	select {
	case <-stopped:
		t.Fatal("stopped with a send in flight")
	default:
	}
	close(goOn)
	r.check(<-stopped)
	open, finished := r.deliveries()
	if len(open) != 1 || open[0].State != reminder.DeliveryPending || len(finished) != 1 || finished[0].State != reminder.DeliveryAccepted {
		t.Errorf("open %+v, finished %+v", open, finished)
	}
	if q := r.quota(); q.Free != 1 || len(q.Reserved) != 0 {
		t.Errorf("quota %+v", q)
	}
}

// An evaluation that a stop interrupts during its question has no finding. The rule is due at once for the next process.
func TestStopIsNoFinding(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigConfig())
	r.put()
	r.world.Advance(time.Hour)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, _ = r.EvaluateDue(ctx)
	if rule := r.rule(); rule.LastReason != reminder.ReasonAbove || rule.EvaluatedAt.Equal(r.world.Now()) {
		t.Errorf("got %+v", rule)
	}
	r.world.SetBalance("u-1", 1)
	r.pass() // no time has passed
	if rule := r.rule(); rule.State != reminder.StateBelow {
		t.Errorf("the next process does not find the rule due: %+v", rule)
	}
}

// The same, if the stop comes just before the question.
func TestStopDuringTheQuestion(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigConfig())
	before := r.put()
	r.world.Advance(time.Hour)
	ctx, cancel := context.WithCancel(context.Background())
	stopped := r.start(nth(1, "platform_users.get", func() error {
		cancel()
		return nil
	}), nil)
	_, err := stopped.EvaluateDue(ctx)
	r.check(err)
	before.DueAt = r.world.Now()
	if after := r.rule(); *after != *before {
		t.Errorf("%+v became %+v", before, after)
	}
}

// A stop does not interrupt a claim. A claim whose answer is lost at that moment is found and given back.
func TestStopDuringAClaim(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigConfig())
	r.put()
	r.world.Advance(time.Hour)
	r.world.SetBalance("u-1", 1)
	ctx, cancel := context.WithCancel(context.Background())
	stopped := r.start(nil, nth(1, "rules.replace", func() error {
		cancel()
		return errLost
	}))
	_, _ = stopped.EvaluateDue(ctx)
	r.pass() // no time has passed
	if rule := r.rule(); rule.State != reminder.StateBelow {
		t.Errorf("the next process does not find the rule due: %+v", rule)
	}
}

// A stopped process gives a rule back only if no other has claimed it since.
func TestStoppedAfterItsLease(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigConfig())
	r.put()
	r.world.Advance(time.Hour)
	stopped := r.start(nth(1, "rules.get", func() error { // the evaluation does not come so far
		r.world.Advance(3 * time.Minute)
		next := r.start(nil, nth(1, "rules.replace", kill))
		_, _ = next.EvaluateDue(context.Background())
		return nil
	}), nil)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, _ = stopped.EvaluateDue(ctx)
	if due := r.rule().DueAt.Sub(r.world.Now()); due != 2*time.Minute {
		t.Errorf("due in %v", due)
	}
}

// Rules that were claimed before a claim failed are evaluated.
func TestAFailedClaimStopsNoOther(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigConfig())
	r.put()
	_, err := r.Put(context.Background(), r.caller, "u-2", reminder.Setting{Threshold: 5000})
	r.check(err)
	r.world.Advance(time.Hour)
	r.world.SetBalance("u-1", 1)
	claim, look := nth(2, "rules.replace", lose), nth(1, "rules.get", lose)
	service := r.start(func(call string) error { return errors.Join(claim(call), look(call)) }, nil)
	if n, err := service.EvaluateDue(context.Background()); n != 1 || !errors.Is(err, identity.ErrStore) || r.rule().State != reminder.StateBelow {
		t.Errorf("%d claimed, %v, %+v", n, err, r.rule())
	}
}

func TestRunSurvivesAndLogsStoreFailures(t *testing.T) {
	t.Parallel()
	cfg := rigConfig()
	cfg.Tick = time.Microsecond
	var log bytes.Buffer
	r := newRig(t, cfg, func(d *reminder.Deps) { d.Log = slog.New(slog.NewTextHandler(&log, nil)) })
	r.grant(1)
	r.put()
	r.world.Advance(time.Hour)
	r.world.SetBalance("u-1", 1)
	done := make(chan struct{})
	r.world.SetScript(func(request) reminder.Outcome {
		close(done)
		return reminder.Outcome{Kind: reminder.OutcomeAccepted}
	})
	hit := ""
	outage, _ := fault{length: 20}.hooks(1, &hit)
	firstOfOne, firstOfOther := nth(1, "rules.find", lose), nth(1, "deliveries.find", lose)
	service := r.start(func(call string) error {
		return errors.Join(outage(call), firstOfOne(call), firstOfOther(call))
	}, nil)
	ctx, cancel := context.WithCancel(context.Background())
	stopped := make(chan error)
	go func() { stopped <- service.Run(ctx) }()
	<-done
	cancel()
	r.check(<-stopped)
	r.expect(reminder.DeliveryAccepted, "", 0, 0)
	for worker, command := range map[string]string{"evaluate": "rules.find", "send": "deliveries.find"} {
		if line := fmt.Sprintf("msg=reminder_pass_failed worker=%s cause=\"%v: %s: network\"", worker, identity.ErrStore, command); !strings.Contains(log.String(), line) {
			t.Errorf("no %s in %s", line, log.String())
		}
	}
}

// Two replicas without a pause between full passes finish all work: neither waits because of the other's leases.
func TestReplicasShareTheWork(t *testing.T) {
	t.Parallel()
	cfg := rigConfig()
	cfg.Batch, cfg.Tick = 5, 24*time.Hour
	r := crowd(t, cfg, 60)
	other := r.start(nil, nil)
	var mu sync.Mutex
	sends, done := 0, make(chan struct{})
	r.world.SetScript(func(request) reminder.Outcome {
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
	for _, s := range []*reminder.Service{r.Service, other.Service} {
		both.Go(func() { _ = s.Run(ctx) })
	}
	select {
	case <-done:
	case <-time.After(time.Minute):
		t.Error("both pause while messages are due")
	}
	stop()
	both.Wait()
	if n := r.states()[reminder.DeliveryAccepted]; n != 60 || r.world.SentInParallel() {
		t.Errorf("%d accepted, in parallel: %v", n, r.world.SentInParallel())
	}
}

// If all due users are leased by another process, or postponed, a pass is not full and the next one waits.
func TestAPassWithoutOwnWorkIsNotFull(t *testing.T) {
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
		t.Errorf("served %d users leased by another, %v", n, err)
	}
	r.world.Advance(time.Minute)
	r.answer(reminder.Outcome{Kind: reminder.OutcomeUnknown})
	for range 30 {
		if n, err := r.SendDue(ctx); err != nil || n > 6 { // the last two are served at once
			t.Fatalf("served %d, %v", n, err)
		} else if n == 0 { // a postponed delivery is no longer due
			return
		}
	}
	t.Error("no end of full passes")
}

// A decision that is written when a stop comes is also handed over, and the rule keeps its next due time.
func TestStopAfterTheDecision(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigConfig())
	r.put()
	r.world.Advance(time.Hour)
	r.world.SetBalance("u-1", 1)
	ctx, cancel := context.WithCancel(context.Background())
	service := r.start(nth(1, "rules.get", func() error {
		cancel()
		return nil
	}), nil)
	_, err := service.EvaluateDue(ctx)
	r.check(err)
	open, _ := r.deliveries()
	if rule := r.rule(); len(open) != 1 || rule.Outbox != nil || !rule.DueAt.Equal(r.world.Now().Add(time.Hour)) {
		t.Errorf("%d open, %+v", len(open), rule)
	}
}

// A recheck that a stop interrupts during its question has no finding.
func TestStopDuringTheRecheck(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigConfig())
	r.put()
	r.fall(100) // waits for a subscription
	r.grant(1)
	before := r.last()
	ctx, cancel := context.WithCancel(context.Background())
	service := r.start(nth(1, "rules.get", func() error {
		cancel()
		return nil
	}), nil)
	_, err := service.SendDue(ctx)
	r.check(err)
	if after := r.last(); after != before {
		t.Errorf("%+v became %+v", before, after)
	}
}

// A stop does not interrupt the end of a delivery that a crash has left in sending, or over.
func TestStopDuringTheEndOfALeftover(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		killed, stopped string // before which call
		want            reminder.DeliveryState
	}{
		{"send", "deliveries.get", reminder.DeliveryUnknown},
		{"deliveries_done.insert", "quotas.get", reminder.DeliveryAccepted},
	} {
		r := twoFallen(t, rigConfig())
		killed := r.start(nth(1, tt.killed, kill), nil)
		_, _ = killed.SendDue(context.Background())
		r.world.Advance(3 * time.Minute)
		ctx, cancel := context.WithCancel(context.Background())
		service := r.start(nth(1, tt.stopped, func() error {
			cancel()
			return nil
		}), nil)
		_, _ = service.SendDue(ctx) // the other delivery waits for the next start
		_, finished := r.deliveries()
		if len(finished) != 1 || finished[0].State != tt.want || len(r.quota().Reserved) != 0 {
			t.Errorf("killed before %s: finished %+v, quota %+v", tt.killed, finished, r.quota())
		}
	}
}

// After a panic of the sender the user waits for the lease.
func TestAPanicOfTheSenderIsLeftToTheLease(t *testing.T) {
	t.Parallel()
	r := twoFallen(t, rigConfig())
	r.world.SetScript(func(request) reminder.Outcome { panic("sender") })
	if _, err := r.SendDue(context.Background()); err == nil {
		t.Error("no error")
	}
	for _, want := range []bool{false, true} {
		now := r.world.Now()
		if leased, err := r.store.LeaseUser(context.Background(), r.caller.UserID, "another", now, now); leased != want || err != nil {
			t.Errorf("leased %v, %v, want %v", leased, err, want)
		}
		r.world.Advance(2 * time.Minute)
	}
}
