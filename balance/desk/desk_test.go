package desk

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"yibao/identity"
)

type answer struct {
	text string
	at   time.Time
}

func (a answer) Fetched() time.Time { return a.at }

type people struct{}

func (people) Person(_ context.Context, id string) (*identity.Person, error) {
	if id == "gone" {
		return nil, identity.ErrNotFound
	}
	return &identity.Person{ID: id, Names: map[string]string{"A": id, "B": id}}, nil
}

func newDesk(attended int) *Desk {
	return New(Options{People: people{}, Timeout: 10 * time.Second, Attended: attended, Unattended: 1, Now: time.Now, Log: slog.New(slog.DiscardHandler)})
}

// kind is a kind of question whose answers come when and as ask says.
func kind(name string, ask func(ctx context.Context, region, params string) error) Question[answer] {
	return Question[answer]{Capability: name, Ask: func(ctx context.Context, region string, person identity.Claim, params string) (answer, error) {
		err := ask(ctx, region, params)
		return answer{name + " " + params + " of " + person.Name, time.Now()}, err
	}}
}

func at(region, person string) Subject { return Subject{PersonID: person, Region: region} }

// TestOneQuestionForAllWhoWait: the same question is asked once, another kind, another parameter or another person is another
// question, and each gets its own answer.
func TestOneQuestionForAllWhoWait(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d, asked := newDesk(32), atomic.Int32{}
		slow := func(context.Context, string, string) error {
			asked.Add(1)
			time.Sleep(time.Second)
			return nil
		}
		bills, claims := kind("bills", slow), kind("claims", slow)
		var group sync.WaitGroup
		for range 20 {
			for _, person := range []string{"a", "b"} {
				for _, year := range []string{"2025", "2026"} {
					for _, q := range []Question[answer]{bills, claims} {
						group.Go(func() {
							got, err := Ask(t.Context(), d, q, at("A", person), year, time.Now().Add(-time.Minute))
							if want := q.Capability + " " + year + " of " + person; err != nil || got.Value.text != want {
								t.Errorf("%q, %v, want %q", got.Value.text, err, want)
							}
						})
					}
				}
			}
		}
		group.Wait()
		if asked.Load() != 8 {
			t.Errorf("%d questions, want 8", asked.Load())
		}
	})
}

// TestARegionThatHangsHoldsUpNoOther: while every slot of region A is taken by questions that get no answer, whatever they
// are about, those of region B are answered at once, and A's own callers get their error in time.
func TestARegionThatHangsHoldsUpNoOther(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(4)
		hangs := func(ctx context.Context, region, _ string) error {
			if region == "A" {
				<-ctx.Done()
				return ctx.Err()
			}
			return nil
		}
		bills, claims := kind("bills", hangs), kind("claims", hangs)
		for i := range 8 {
			q := []Question[answer]{bills, claims}[i%2]
			go func() {
				if _, err := Ask(context.Background(), d, q, at("A", fmt.Sprint(i)), "", time.Now()); !errors.Is(err, ErrTimeout) && !errors.Is(err, ErrBusy) {
					t.Error("of A:", err)
				}
			}()
		}
		synctest.Wait()
		if taken := d.guardOf("A").attended.TryAcquirePermit(); taken {
			t.Error("A has a free slot: the two kinds do not share them")
		}
		begun := time.Now()
		for i := range 20 {
			if _, err := Ask(t.Context(), d, bills, at("B", fmt.Sprint(i)), "", time.Now()); err != nil {
				t.Error("of B:", err)
			}
		}
		if waited := time.Since(begun); waited != 0 { // the clock of the test stands while anybody can go on
			t.Error("B waited", waited)
		}
		time.Sleep(time.Minute)
		d.Wait()
		if free := d.guardOf("A").attended.TryAcquirePermit(); !free {
			t.Error("A's slots are not free again")
		}
	})
}

// TestForgetting: nothing of the subject stays in memory, of no kind; the answer of a question under way neither; and what is
// known of others stays.
func TestForgetting(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(4)
		bills := kind("bills", func(context.Context, string, string) error { return nil })
		slow := kind("slow", func(context.Context, string, string) error { time.Sleep(time.Second); return nil })
		for _, subject := range []Subject{at("A", "a"), at("A", "b"), at("B", "a")} {
			for _, year := range []string{"2025", "2026"} {
				if _, err := Ask(t.Context(), d, bills, subject, year, time.Now()); err != nil {
					t.Fatal(err)
				}
			}
		}
		go func() { _, _ = Ask(context.Background(), d, slow, at("A", "a"), "", time.Now()) }()
		synctest.Wait()
		d.Forget(at("A", "a"))
		d.Wait()
		for _, k := range d.cache.Keys() {
			if k.Subject == at("A", "a") {
				t.Error("kept:", k)
			}
		}
		if d.cache.Len() != 4 {
			t.Errorf("%d answers of others, want 4", d.cache.Len())
		}
	})
}

// TestADeletedPersonIsNoSubject: nothing is asked about somebody who is not there any more.
func TestADeletedPersonIsNoSubject(t *testing.T) {
	t.Parallel()
	d := newDesk(1)
	q := kind("bills", func(context.Context, string, string) error { t.Error("asked"); return nil })
	if _, err := Ask(t.Context(), d, q, at("A", "gone"), "", time.Now()); !errors.Is(err, ErrNoPerson) {
		t.Error(err)
	}
}
