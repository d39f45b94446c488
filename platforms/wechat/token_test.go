package wechat_test

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"yibao/platforms/wechat"
	"yibao/reminder"
)

func TestParallelSendsFetchOneToken(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	client, _ := newClient(t, f)
	var wg sync.WaitGroup
	var accepted atomic.Int32
	for range 100 {
		wg.Go(func() {
			if client.Send(t.Context(), to(), "low", message()).Kind == reminder.OutcomeAccepted {
				accepted.Add(1)
			}
		})
	}
	wg.Wait()
	if n := f.counts(); n.fetches != 1 || n.sends != 100 || accepted.Load() != 100 {
		t.Fatalf("%+v, accepted %d", n, accepted.Load())
	}
}

// clock is moved by hand.
type clock struct{ offset atomic.Int64 }

func (c *clock) now() time.Time {
	return time.Date(2026, 11, 21, 8, 0, 0, 0, time.UTC).Add(time.Duration(c.offset.Load()))
}

func TestTokenLife(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		expires string
		used    time.Duration // still used after this
		renewed time.Duration // no longer used after this
	}{
		"two hours":      {"7200", 7139 * time.Second, 7140 * time.Second},
		"quoted":         {`"7200"`, 7139 * time.Second, 7140 * time.Second},
		"last moments":   {"300", 239 * time.Second, 240 * time.Second},
		"absurdly short": {"1", 29 * time.Second, 30 * time.Second},
		"nothing":        {"0", 29 * time.Second, 30 * time.Second},
		"negative":       {"-5", 29 * time.Second, 30 * time.Second},
		"null":           {"null", 29 * time.Second, 30 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f, hand := newFake(t), &clock{}
			f.expires = c.expires
			client, _ := newClient(t, f, func(_ *wechat.Config, o *wechat.Options) { o.Now = hand.now })
			for _, step := range []struct {
				at      time.Duration
				fetches int
			}{{0, 1}, {0, 1}, {c.used, 1}, {c.renewed, 2}} {
				hand.offset.Store(int64(step.at))
				if got := client.Send(t.Context(), to(), "low", message()); got.Kind != reminder.OutcomeAccepted {
					t.Fatalf("%+v", got)
				}
				if n := f.counts().fetches; n != step.fetches {
					t.Fatalf("%d fetches at %v, want %d", n, step.at, step.fetches)
				}
			}
		})
	}
}

func TestRefusedTokenIsReplacedOnce(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	client, _ := newClient(t, f)
	client.Send(t.Context(), to(), "low", message())
	f.with(func(f *fake) { f.tokens = []string{"TOKEN-2"} }) // somebody forced a refresh
	got := client.Send(t.Context(), to(), "low", message())
	if n := f.counts(); got.Kind != reminder.OutcomeAccepted || n.fetches != 2 || n.sends != 3 {
		t.Fatalf("%+v after %+v", got, n)
	}
}

func TestTokenRefusedTwiceEndsThere(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	no := `{"errcode":42001}`
	f.sendSays = []string{no, no}
	client, out := newClient(t, f)
	got := client.Send(t.Context(), to(), "low", message())
	if n := f.counts(); got.Kind != reminder.OutcomeRetry || got.Code != "42001" || n.fetches != 2 || n.sends != 2 {
		t.Fatalf("%+v after %+v", got, n)
	}
	out.mustNotHold(t, "TOKEN-1")
	// The second token is forgotten too, though it reads like the first.
	got = client.Send(t.Context(), to(), "low", message())
	if n := f.counts(); got.Kind != reminder.OutcomeAccepted || n.fetches != 3 || n.sends != 3 {
		t.Fatalf("the next: %+v after %+v", got, n)
	}
}

// A refusal that comes late, when another send has replaced the token already, leaves the new one alone.
func TestLateRefusalDropsNoOtherToken(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	client, _ := newClient(t, f)
	arrived, release := make(chan struct{}), make(chan struct{})
	var sends atomic.Int32
	f.before = func(_ http.ResponseWriter, r *http.Request) bool {
		if strings.HasSuffix(r.URL.Path, "/subscribe/send") && sends.Add(1) == 1 {
			close(arrived)
			<-release
		}
		return false
	}
	late := make(chan reminder.Outcome, 1)
	go func() { late <- client.Send(t.Context(), to(), "low", message()) }()
	<-arrived
	f.with(func(f *fake) { f.tokens = []string{"TOKEN-2"} })
	client.Send(t.Context(), to(), "low", message()) // refused, and accepted with TOKEN-2
	close(release)
	if got, n := <-late, f.counts(); got.Kind != reminder.OutcomeAccepted || n.fetches != 2 || n.sends != 4 {
		t.Fatalf("%+v after %+v", got, n)
	}
}

// Who finds no token looks once more before fetching: another may have fetched one in between. The clock plays that here:
// it is late at the first look alone.
func TestTokenIsLookedForTwice(t *testing.T) {
	t.Parallel()
	f, hand := newFake(t), &clock{}
	var late atomic.Bool
	client, _ := newClient(t, f, func(_ *wechat.Config, o *wechat.Options) {
		o.Now = func() time.Time {
			if late.CompareAndSwap(true, false) {
				return hand.now().Add(24 * time.Hour)
			}
			return hand.now()
		}
	})
	for range 2 {
		if err := client.Probe(t.Context(), "main"); err != nil {
			t.Fatal(err)
		}
		late.Store(true)
	}
	if n := f.counts().fetches; n != 1 {
		t.Fatalf("%d fetches", n)
	}
}

// At turnover two tokens are good: the older keeps being used and is not dropped for the newer one.
func TestTwoGoodTokens(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	client, _ := newClient(t, f)
	client.Send(t.Context(), to(), "low", message())
	f.with(func(f *fake) { f.tokens = append(f.tokens, "TOKEN-2") })
	client.Send(t.Context(), to(), "low", message())
	if n := f.counts(); n.fetches != 1 || n.sends != 2 {
		t.Fatalf("%+v", n)
	}
}

func TestTokenFailures(t *testing.T) {
	t.Parallel()
	for answer, code := range map[string]string{
		`{"errcode":40164,"errmsg":"invalid ip"}`: "40164",
		`{"errcode":"40125"}`:                     "40125",
		`{"errcode":"x","access_token":"T"}`:      "token",
		`{"access_token":""}`:                     "token",
		`{}`:                                      "token",
		`null`:                                    "token",
		`<html>`:                                  "token",
		`{"access_token":"T","expires_in":{}}`:    "token",
	} {
		f := newFake(t)
		f.tokenSay = answer
		client, out := newClient(t, f)
		if got := client.Send(t.Context(), to(), "low", message()); got.Kind != reminder.OutcomeRetry || got.Code != code {
			t.Errorf("%s: %+v", answer, got)
		}
		err := client.Probe(t.Context(), "main")
		if err == nil || strings.Contains(err.Error(), secret) {
			t.Errorf("%s: probe says %v", answer, err)
		}
		if f.counts().sends != 0 {
			t.Errorf("%s: sent without a token", answer)
		}
		if !strings.Contains(out.text.String(), "level=ERROR") {
			t.Errorf("%s: no alarm", answer)
		}
		out.mustNotHold(t, secret)
	}
}

func TestProbe(t *testing.T) {
	t.Parallel()
	client, _ := newClient(t, newFake(t))
	if err := client.Probe(t.Context(), "main"); err != nil {
		t.Fatal(err)
	}
	if err := client.Probe(t.Context(), "other"); err == nil {
		t.Fatal("an unknown app was probed")
	}
}

// The caller who came first gives up; those who wait with it must not lose the token for that.
func TestFetchOutlivesItsFirstCaller(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	arrived, release := make(chan struct{}), make(chan struct{})
	var once sync.Once
	f.before = func(http.ResponseWriter, *http.Request) bool {
		once.Do(func() { close(arrived); <-release })
		return false
	}
	client, _ := newClient(t, f)
	ctx, cancel := context.WithCancel(t.Context())
	first := make(chan error, 1)
	go func() { first <- client.Probe(ctx, "main") }()
	<-arrived
	cancel()
	if err := <-first; err == nil {
		t.Error("the first caller did not give up")
	}
	second := make(chan error, 1)
	go func() { second <- client.Probe(t.Context(), "main") }()
	close(release)
	if err := <-second; err != nil {
		t.Fatal(err)
	}
	if n := f.counts().fetches; n != 1 {
		t.Fatalf("%d fetches", n)
	}
}
