package balance_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"yibao/balance"
	"yibao/identity"
)

// An answer may come while a worker waits for a slot.
func TestAnAnswerThatHasComeMeanwhileIsNotAskedForAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, func(c *balance.Config) { c.UnattendedSlots = 1 })
		ids, release := w.others(2), make(chan struct{})
		w.upstream.set(func(ctx context.Context, claim identity.Claim) (*balance.Answer, error) {
			if claim.Name == ids[0] {
				<-release
			}
			return w.answering(1)(ctx, claim)
		})
		go func() { _, _ = w.Fresh(context.Background(), w.subjectOf(ids[0])) }()
		synctest.Wait()
		waited := make(chan error)
		go func() {
			_, err := w.fresh()
			waited <- err
		}()
		synctest.Wait()
		if _, err := w.current(); err != nil || w.upstream.count() != 2 {
			t.Errorf("%v after %d questions", err, w.upstream.count())
		}
		close(release)
		if err := <-waited; err != nil || w.upstream.count() != 2 {
			t.Errorf("%v after %d questions", err, w.upstream.count())
		}
		if _, err := w.Fresh(context.Background(), w.subjectOf(ids[1])); err != nil {
			t.Errorf("the slot was not given back: %v", err)
		}
	})
}

func TestAThousandReadersAreOneQuestion(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	asked, release := make(chan struct{}), make(chan struct{})
	w.upstream.set(func(ctx context.Context, claim identity.Claim) (*balance.Answer, error) {
		close(asked) // a second question would panic here
		<-release
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return w.answering(12050)(ctx, claim)
	})
	ctx, cancel := context.WithCancel(context.Background())
	gone := make(chan error, 1)
	go func() {
		_, err := w.Current(ctx, w.caller, "link-1")
		gone <- err
	}()
	<-asked
	var group sync.WaitGroup
	errs := make(chan error, 1000)
	for i := range 999 {
		group.Go(func() {
			ask := w.current
			if i%3 == 0 {
				ask = w.fresh
			}
			got, err := ask()
			if err == nil && *got.Enrolments[0].Account.Balance != 12050 {
				err = errDown
			}
			errs <- err
		})
	}
	cancel()
	if err := <-gone; !errors.Is(err, context.Canceled) {
		t.Errorf("the caller who gave up got %v", err)
	}
	close(release)
	group.Wait()
	close(errs)
	for err := range errs {
		if err != nil {
			t.Fatalf("a caller was harmed by one who gave up: %v", err)
		}
	}
	if w.upstream.count() != 1 {
		t.Errorf("%d questions", w.upstream.count())
	}
}

func TestAPanickingAdapterIsMalformed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.upstream.set(func(context.Context, identity.Claim) (*balance.Answer, error) { panic("private text") })
	if _, err := w.current(); !errors.Is(err, balance.ErrMalformed) {
		t.Error(err)
	}
	w.upstream.set(w.answering(1))
	w.before(func(string) error { panic("private text") })
	if _, err := w.fresh(); !errors.Is(err, balance.ErrMalformed) {
		t.Error(err)
	}
}

func TestOldAnswersLeaveMemory(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	later := w.others(1)[0]
	if _, err := w.current(); err != nil {
		t.Fatal(err)
	}
	w.clock.Advance(24*time.Hour + time.Second)
	if _, err := w.read(later); err != nil {
		t.Fatal(err)
	}
	w.fail("answers.find") // so that an answer can come from memory alone
	w.upstream.fail(balance.ErrTimeout)
	if got, err := w.current(); !errors.Is(err, balance.ErrNoReading) {
		t.Errorf("an answer that is not read stays: %+v, %v", got, err)
	}
	if _, err := w.read(later); err != nil {
		t.Errorf("the later answer is gone: %v", err)
	}
}
