package store

import (
	"context"
	"errors"
	"iter"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"yibao/identity"
)

// hanging is a database that answers nothing while it hangs.
type hanging struct {
	Database
	hangs bool
	sent  int
}

func (h *hanging) answer(ctx context.Context) error {
	h.sent++
	if h.hangs {
		<-ctx.Done()
		return ctx.Err()
	}
	return nil
}

func (h *hanging) Insert(ctx context.Context, _ string, _ bson.Raw) error { return h.answer(ctx) }

func (h *hanging) Find(ctx context.Context, _ string, _ bson.D, _ ...options.Lister[options.FindOptions]) iter.Seq2[bson.Raw, error] {
	return func(yield func(bson.Raw, error) bool) {
		if err := h.answer(ctx); err != nil || !yield(bson.Raw{}, nil) {
			yield(nil, err)
		}
	}
}

// boundedRig is a bounded database in a bubble of its own time.
type boundedRig struct {
	*testing.T
	db  *hanging
	b   *bounded
	log strings.Builder
}

func inBubble(t *testing.T, test func(*boundedRig)) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := &boundedRig{T: t, db: &hanging{hangs: true}}
		r.b = newBounded(r.db, 2*time.Second, slog.New(slog.NewTextHandler(&r.log, nil)))
		test(r)
	})
}

// insert is a command of a request, which has 20 s. took is how long it waited for its error.
func (r *boundedRig) insert() (took time.Duration, err error) {
	ctx, cancel := context.WithTimeout(r.Context(), 20*time.Second)
	defer cancel()
	begun := time.Now()
	err = r.b.Insert(ctx, "c", nil)
	return time.Since(begun), err
}

func (r *boundedRig) want(what string, took time.Duration, open bool) {
	r.Helper()
	if got, err := r.insert(); got != took || err == nil || errors.Is(err, errOpen) != open {
		r.Errorf("%s: after %v: %v", what, got, err)
	}
}

// TestHangingDatabase: a command of a request waits for its bound and no longer. After two, commands are refused at once,
// but for one trial a second. The first one that is answered ends it.
func TestHangingDatabase(t *testing.T) {
	inBubble(t, func(r *boundedRig) {
		r.want("first", 2*time.Second, false)
		r.want("second", 2*time.Second, false)
		for range 100 {
			r.want("open", 0, true)
		}
		time.Sleep(breakerDelay)
		for i := range 10 {
			go func() {
				time.Sleep(time.Duration(i) * time.Millisecond)
				_, _ = r.insert()
			}()
		}
		time.Sleep(5 * time.Second)
		synctest.Wait()
		if r.db.sent != 3 {
			r.Error("sent:", r.db.sent)
		}
		r.db.hangs = false
		for range 3 {
			if took, err := r.insert(); took != 0 || err != nil {
				r.Error("it answers again:", took, err)
			}
		}
		r.db.hangs = true
		r.want("one that hangs", 2*time.Second, false)
		r.db.hangs = false
		if _, err := r.insert(); err != nil {
			r.Error("one slow command opens the breaker:", err)
		}
		if states := strings.Count(r.log.String(), "store_breaker"); states != 5 { // open, half-open, open, half-open, closed
			r.Error(r.log.String())
		}
	})
}

// TestWorkersWait: a command without a deadline is sent also while the breaker is open, and has its own time.
func TestWorkersWait(t *testing.T) {
	inBubble(t, func(r *boundedRig) {
		r.want("first", 2*time.Second, false)
		r.want("second", 2*time.Second, false)
		ctx, cancel := context.WithCancel(r.Context())
		time.AfterFunc(time.Minute, cancel)
		begun := time.Now()
		if err := r.b.Insert(ctx, "c", nil); !errors.Is(err, context.Canceled) || time.Since(begun) != time.Minute {
			r.Error(err, time.Since(begun))
		}
	})
}

// TestGivenUp: callers that give up open no breaker, but a trial that is given up does not hold its place.
func TestGivenUp(t *testing.T) {
	inBubble(t, func(r *boundedRig) {
		giveUp := func() error {
			ctx, cancel := context.WithTimeout(r.Context(), time.Second)
			defer cancel()
			return r.b.Insert(ctx, "c", nil)
		}
		for range 5 {
			if err := giveUp(); !errors.Is(err, context.DeadlineExceeded) {
				r.Error(err)
			}
		}
		r.want("first", 2*time.Second, false)
		r.want("second", 2*time.Second, false)
		time.Sleep(breakerDelay)
		if err := giveUp(); !errors.Is(err, context.DeadlineExceeded) {
			r.Error("no trial:", err)
		}
		time.Sleep(breakerDelay)
		r.db.hangs = false
		if _, err := r.insert(); err != nil {
			r.Error("no trial after one that was given up:", err)
		}
	})
}

// TestTrialThatPanics: the range over a result may panic; the breaker closes all the same.
func TestTrialThatPanics(t *testing.T) {
	inBubble(t, func(r *boundedRig) {
		r.want("first", 2*time.Second, false)
		r.want("second", 2*time.Second, false)
		time.Sleep(breakerDelay)
		r.db.hangs = false
		func() {
			defer func() { _ = recover() }()
			ctx, cancel := context.WithTimeout(r.Context(), time.Minute)
			defer cancel()
			for range r.b.Find(ctx, "c", nil) {
				panic("in the loop")
			}
		}()
		time.Sleep(breakerDelay)
		if _, err := r.insert(); err != nil {
			r.Error("the trial's place is lost:", err)
		}
	})
}

// TestRefusedByTheBreaker: the command was not sent, and the error is the store's.
func TestRefusedByTheBreaker(t *testing.T) {
	t.Parallel()
	if unclear(errOpen) || !errors.Is(failed("users.find", errOpen), identity.ErrStore) {
		t.Error(errOpen)
	}
}
