package handlers

import (
	"time"

	"yibao/balance"
)

// Shapes that every answer shares: out and reply are how Huma wants them.
type (
	// none is the input of a route without any.
	none struct{}
	// byID is the input of a route about one thing.
	byID struct {
		ID string `path:"id" maxLength:"128" doc:"编号" example:"K3ZTQ7XNB5WRJ2M6VDYAHP4ELC"`
	}
	out[T any] struct{ Body T }
	// reply is out where the status depends on the outcome.
	reply[T any] struct {
		Status int
		Body   T
	}
)

func answer[T any](body T) *out[T] { return &out[T]{Body: body} }

// each maps a list; the result is never nil, so that JSON says [] and not null.
func each[A, B any](list []A, view func(A) B) []B {
	views := make([]B, len(list))
	for i, item := range list {
		views[i] = view(item)
	}
	return views
}

// stamp is a time as answers show it: Beijing time, whole seconds.
func stamp(t time.Time) time.Time { return t.In(balance.Shanghai).Truncate(time.Second) }

// stampOrNil leaves out times that are not known.
func stampOrNil(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	shown := stamp(t)
	return &shown
}

// secondsLeft rounds up, so that what was made this instant shows its whole length, and never below 0.
func secondsLeft(until, now time.Time) int {
	return max(int((until.Sub(now)+time.Second-1)/time.Second), 0)
}
