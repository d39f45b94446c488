package reminder

import (
	"log/slog"
	"strings"
	"sync"
	"time"

	"yibao/identity"
)

// If a platform takes requests and loses its answers, every due message becomes unknown and is never sent again. So after
// five unknown outcomes in a row the app's breaker opens: its deliveries are postponed before any write, and one at a time
// is sent as a trial. Each failed trial doubles the pause, since each costs a message.
//
// This is not failsafe-go's breaker, which package balance uses for regions, because that one cannot: use the injected
// clock; give a trial's permit back without a result, as a retry needs; ignore a late result from before it opened; or
// lengthen the pause with each failed trial outside of an execution.
const (
	mostLost     = 5 // unknown outcomes in a row
	firstPause   = 30 * time.Second
	longestPause = 15 * time.Minute
)

// breakers holds one breaker for each app. They belong to this process. Another replica needs its own unknown outcomes, a
// few more lost messages.
type breakers struct {
	log  *slog.Logger
	mu   sync.Mutex
	apps map[appKey]*breaker
}

type appKey struct {
	platform identity.Platform
	app      string
}

type breaker struct {
	lost  int       // unknown outcomes in a row; open from mostLost on
	until time.Time // no trial before, while it is open
	trial string    // the delivery under trial
}

func newBreakers(log *slog.Logger) *breakers {
	return &breakers{log: log, apps: map[appKey]*breaker{}}
}

// of returns the breaker of the delivery's app. The caller holds mu.
func (b *breakers) of(d *Delivery) *breaker {
	key := appKey{d.Platform, d.App}
	if b.apps[key] == nil {
		b.apps[key] = &breaker{}
	}
	return b.apps[key]
}

// enter lets a delivery pass, or returns the time until which to postpone it. A delivery that passed must leave.
func (b *breakers) enter(d *Delivery, now time.Time) (until time.Time, ok bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	app := b.of(d)
	switch {
	case app.lost < mostLost:
		return time.Time{}, true
	case now.Before(app.until) && !app.until.After(now.Add(longestPause)): // farther ahead: by a clock that ran ahead
		return app.until, false
	case app.trial != "": // the others wait for its result, however long it takes
		return now.Add(firstPause), false
	}
	app.trial = d.ID
	return time.Time{}, true
}

// learn notes the outcome of a send. The platform's acceptance or refusal closes the breaker. A retry and our own refusal
// show nothing: perhaps no request left.
func (b *breakers) learn(d *Delivery, outcome Outcome, now time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	app := b.of(d)
	open := app.lost >= mostLost
	switch {
	case outcome.Kind == OutcomeRetry, strings.HasPrefix(outcome.Code, localCode):
	case outcome.Kind == OutcomeAccepted, outcome.Kind == OutcomePermanent:
		*app = breaker{}
		if open {
			b.changed(d, "closed")
		}
	case open && app.trial != d.ID: // sent before the breaker opened: the same outage
	default:
		app.lost++
		app.trial, app.until = "", now.Add(pause(app.lost))
		if app.lost == mostLost {
			b.changed(d, "open")
		}
	}
}

// leave ends a delivery's passage. An inconclusive trial frees its place immediately.
func (b *breakers) leave(d *Delivery) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if app := b.of(d); app.trial == d.ID {
		app.trial, app.until = "", time.Time{}
	}
}

func (b *breakers) changed(d *Delivery, state string) {
	b.log.Warn("reminder_platform_breaker", "platform", d.Platform, "app", d.App, "state", state)
}

// pause is the time before the next trial: 30 s, twice as long after each failed trial, up to 15 min.
func pause(lost int) time.Duration {
	return min(firstPause<<min(max(lost-mostLost, 0), 5), longestPause)
}
