package insurer

import (
	"bytes"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"yibao/balance"
	"yibao/identity"
)

// TestThrottledRegionIsNotAsked: after one 429 no question leaves, of whatever kind, until the time that it asked for.
func TestThrottledRegionIsNotAsked(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		status int
		header http.Header
		body   string
		after  time.Duration
	}{
		"by status, in seconds":             {429, http.Header{"Retry-After": {"120"}}, ``, 2 * time.Minute},
		"by status, at a date":              {429, http.Header{"Retry-After": {"Sat, 21 Nov 2026 00:10:00 GMT"}, "Date": {"Sat, 21 Nov 2026 00:05:00 GMT"}}, ``, 5 * time.Minute},
		"a date by another clock than ours": {429, http.Header{"Retry-After": {"Sat, 21 Nov 2026 09:10:00 GMT"}, "Date": {"Sat, 21 Nov 2026 09:05:00 GMT"}}, ``, 5 * time.Minute},
		"by status alone":                   {429, nil, `{"code":"429"}`, time.Minute},
		"in the body":                       {200, http.Header{"Retry-After": {"30"}}, `{"code":429,"message":"too many requests"}`, 30 * time.Second},
		"bounded above":                     {429, http.Header{"Retry-After": {"864000"}}, ``, time.Hour},
		"bounded below":                     {429, http.Header{"Retry-After": {"0"}}, ``, time.Second},
		"a date in the past":                {429, http.Header{"Retry-After": {"Sat, 21 Nov 2020 00:10:00 GMT"}}, ``, time.Second},
		"unreadable":                        {429, http.Header{"Retry-After": {"soon"}}, ``, time.Minute},
		"negative":                          {429, http.Header{"Retry-After": {"-5"}}, ``, time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var throttling atomic.Bool
			throttling.Store(true)
			_, u := serve(t, func(w http.ResponseWriter, _ *http.Request) {
				if !throttling.Load() {
					_, _ = io.WriteString(w, good(goodOutput))
					return
				}
				for key, values := range c.header {
					w.Header()[key] = values
				}
				w.WriteHeader(c.status)
				_, _ = io.WriteString(w, c.body)
			})
			now := atomic.Pointer[time.Time]{}
			now.Store(&fetchedAt)
			var log bytes.Buffer
			client := throttledClient(t, u, func() time.Time { return *now.Load() }, &log)
			_, err := client.Enrolments(t.Context(), "990100", someone)
			wantThrottled(t, err, fetchedAt.Add(c.after))
			throttling.Store(false)

			last := fetchedAt.Add(c.after - 1)
			now.Store(&last)
			for range 1000 {
				_, err := client.Enrolments(t.Context(), "990100", someone)
				wantThrottled(t, err, fetchedAt.Add(c.after))
			}
			_, err = client.Match(t.Context(), someone)
			wantThrottled(t, err, fetchedAt.Add(c.after))
			wantThrottled(t, client.VerifyCard(t.Context(), someone, "1", "1"), fetchedAt.Add(c.after))
			_, err = client.Probe(t.Context(), "990100")
			wantThrottled(t, err, fetchedAt.Add(c.after))
			_, err = client.ClockOffset(t.Context(), "990100")
			wantThrottled(t, err, fetchedAt.Add(c.after))
			if n := u.requests(); n != 1 {
				t.Errorf("%d questions left", n)
			}
			if n := strings.Count(log.String(), "insurer_region_throttled"); n != 1 {
				t.Errorf("logged %d times", n)
			}

			end := fetchedAt.Add(c.after)
			now.Store(&end)
			if _, err := client.Enrolments(t.Context(), "990100", someone); err != nil {
				t.Errorf("after the end: %v", err)
			}
		})
	}
}

func throttledClient(t *testing.T, u *upstream, now func() time.Time, log io.Writer) *Client {
	t.Helper()
	p := profile(u.url)
	p.Retries, p.CardPassword = 3, CardPassword{Transaction: "L102", NumberField: "n", PasswordField: "p"}
	client, err := New(Profiles{"990100": p}, Options{Now: now, Log: slog.New(slog.NewTextHandler(log, nil))})
	if err != nil {
		t.Fatal(err)
	}
	return client
}

func wantThrottled(t *testing.T, err error, until time.Time) {
	t.Helper()
	var throttled *balance.ThrottledError
	if !errors.As(err, &throttled) || !throttled.Until.Equal(until) {
		t.Fatalf("error %v, %+v, want until %s", err, throttled, until)
	}
	wantError(t, err, ClassThrottled, balance.ErrThrottled, identity.ErrUpstreamUnavailable)
	if errors.Is(err, balance.ErrTimeout) {
		t.Fatal("called down")
	}
}

func FuzzRetryAfter(f *testing.F) {
	f.Add("120", "")
	f.Add("Sat, 21 Nov 2026 00:10:00 GMT", "Sat, 21 Nov 2026 00:05:00 GMT")
	f.Add("-1", "x")
	f.Fuzz(func(t *testing.T, after, date string) {
		wait := retryAfter(http.Header{"Retry-After": {after}, "Date": {date}}, fetchedAt)
		if wait < throttledAtLeast || wait > throttledAtMost {
			t.Fatalf("%s", wait)
		}
	})
}
