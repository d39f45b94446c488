package balance

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"yibao/identity"
)

func TestRunCollectsUntilItIsStoppedAndFinishesWhatIsUnderWay(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.Service.now = time.Now
		w.upstream.set(func(ctx context.Context, claim identity.Claim) (*Answer, error) {
			time.Sleep(5 * time.Second)
			a, err := w.answering(1)(ctx, claim)
			a.FetchedAt = time.Now()
			return a, err
		})
		w.store.schedules[subject] = Schedule{Subject: subject, DueAt: time.Now().Add(30 * time.Second)}
		ctx, cancel := context.WithCancel(context.Background())
		ended := make(chan error, 1)
		go func() { ended <- w.Run(ctx) }()
		time.Sleep(time.Minute + 2*time.Second)
		synctest.Wait()
		if w.upstream.count() != 1 {
			t.Fatalf("%d questions after a minute", w.upstream.count())
		}
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		if w.store.balanceOn(subject, "310", DayOf(time.Now())) == nil {
			t.Error("the question under way was not recorded before Run returned")
		}
		if schedule, _ := w.store.schedule(subject); !schedule.DueAt.Before(time.Now().Add(time.Hour)) {
			t.Errorf("a subject whose reading was stopped is not due soon: %+v", schedule)
		}
	})
}

func TestRunGoesOnAfterAFailure(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		var broken atomic.Bool
		broken.Store(true)
		w.store.hook(func(op string) error {
			if op == "claim" && broken.Load() {
				return errDown
			}
			return nil
		})
		ctx, cancel := context.WithCancel(context.Background())
		ended := make(chan error, 1)
		go func() { ended <- w.Run(ctx) }()
		synctest.Wait()
		broken.Store(false)
		time.Sleep(w.cfg.CollectEvery)
		synctest.Wait()
		if w.upstream.count() != 1 {
			t.Error("no reading after the store came back")
		}
		cancel()
		<-ended
	})
}
