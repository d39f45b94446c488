package insurer

import (
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"yibao/platforms/internal/lenient"
)

// How long a region is left alone that asked for fewer questions: as long as its Retry-After says, within bounds.
const (
	throttledFor     = time.Minute // without a Retry-After that can be read
	throttledAtLeast = time.Second
	throttledAtMost  = time.Hour
)

// throttle remembers until when a region is not to be asked. It is this process's own: each process learns of it by one
// round of questions.
type throttle struct {
	mu    sync.Mutex
	until time.Time
}

// extend moves the end, never back: answers to questions that were under way come in any order.
func (t *throttle) extend(until time.Time) (end time.Time, began bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if until.After(t.until) {
		t.until, began = until, true
	}
	return t.until, began
}

// end is when the region may be asked again; false if it may be now.
func (t *throttle) end(now time.Time) (time.Time, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.until, now.Before(t.until)
}

// retryAfter reads the header (RFC 9110, 10.2.3): seconds, or a date, which is measured against the answer's own Date where
// there is one, as the two clocks may differ.
func retryAfter(header http.Header, now time.Time) time.Duration {
	text := strings.TrimSpace(header.Get("Retry-After"))
	wait := throttledFor
	if seconds, err := strconv.ParseUint(text, 10, 31); err == nil {
		wait = time.Duration(seconds) * time.Second
	} else if at, err := http.ParseTime(text); err == nil {
		if date, err := http.ParseTime(header.Get("Date")); err == nil {
			now = date
		}
		wait = at.Sub(now)
	}
	return min(max(wait, throttledAtLeast), throttledAtMost)
}

// saysThrottled says whether a body's own code is that of HTTP for too many requests.
func saysThrottled(f fields) bool {
	return lenient.Whole(f.firstText("infcode", "code")) == strconv.Itoa(http.StatusTooManyRequests)
}
