package handlers

import (
	"time"

	"github.com/danielgtaylor/huma/v2"

	"yibao/balance"
)

// Shapes that every answer shares. Huma wants out and reply.
type (
	// none is the input of a route without any.
	none struct{}
	// LinkID, AttemptID and SessionID are the input of a route about one thing. (Exported because Huma passes over
	// embedded types that are not.)
	LinkID struct {
		ID string `path:"id" maxLength:"128" example:"K3ZTQ7XNB5WRJ2M6VDYAHP4ELC"`
	}
	AttemptID struct {
		ID string `path:"id" maxLength:"128" example:"K3ZTQ7XNB5WRJ2M6VDYAHP4ELC"`
	}
	SessionID struct {
		ID string `path:"id" maxLength:"128" example:"current"`
	}
	out[T any] struct{ Body T }
	// reply is an out with a status of its own.
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

// moment is a time as answers show it: RFC 3339, Beijing time, whole seconds. It is text already because encoding/json
// takes several times as long over a time.Time.
type moment string

// Schema says that a moment is a date-time.
func (moment) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Type: huma.TypeString, Format: "date-time", Examples: []any{"2026-11-21T08:00:00+08:00"}}
}

// stamp shows a time. An unknown time is "", which answers leave out.
func stamp(t time.Time) moment {
	if t.IsZero() {
		return ""
	}
	return moment(t.In(balance.Shanghai).Format(time.RFC3339))
}

// secondsLeft rounds up, so that a new attempt shows its whole length, and never goes below 0.
func secondsLeft(until, now time.Time) int {
	return max(int((until.Sub(now)+time.Second-1)/time.Second), 0)
}
