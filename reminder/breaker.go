package reminder

import (
	"log/slog"
	"strings"
	"sync"
	"time"

	"yibao/identity"
)

// A platform that takes requests and loses its answers would make every message that is due unknown, and an unknown one
// is never sent again. So after a few of them in a row the app is left alone: its messages are put off before anything
// of theirs is written, and one at a time is let through to see whether there are answers again. Each try that gets none
// makes the pause longer, since each is a message lost. The injected clock rules, which is why this is no library's
// breaker.
const (
	mostLost     = 5 // unknown outcomes in a row
	firstPause   = 30 * time.Second
	longestPause = 15 * time.Minute
)

// breakers has one breaker for each app that was sent through. They are this process' own: another replica finds out for
// itself, at the price of a few more unknown messages.
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
	lost  int       // unknown outcomes in a row; from mostLost on it is open
	until time.Time // while it is open, nothing is let through before
	trial string    // the delivery that was let through
}

func newBreakers(log *slog.Logger) *breakers {
	return &breakers{log: log, apps: map[appKey]*breaker{}}
}

// of returns the breaker of the delivery's app; mu is held.
func (b *breakers) of(d *Delivery) *breaker {
	key := appKey{d.Platform, d.App}
	if b.apps[key] == nil {
		b.apps[key] = &breaker{}
	}
	return b.apps[key]
}

// enter lets a delivery through, or says until when to put it off. What was let through must leave.
func (b *breakers) enter(d *Delivery, now time.Time) (until time.Time, ok bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	app := b.of(d)
	switch {
	case app.lost < mostLost:
		return time.Time{}, true
	case now.Before(app.until):
		return app.until, false
	case app.trial != "": // the others wait for what comes of it, however long that takes
		return now.Add(firstPause), false
	}
	app.trial = d.ID
	return time.Time{}, true
}

// learn notes what came of a send. An acceptance or a refusal is a sign of life. A retry is none, nor a refusal of our
// own: nothing may have left.
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
	case open && app.trial != d.ID: // was on its way when the breaker opened: that is one outage, not two
	default:
		app.lost++
		app.trial, app.until = "", now.Add(pause(app.lost))
		if app.lost == mostLost {
			b.changed(d, "open")
		}
	}
}

// leave ends a delivery's turn. Of a trial that has taught nothing the next one takes the place at once.
func (b *breakers) leave(d *Delivery) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if app := b.of(d); app.trial == d.ID {
		app.trial, app.until = "", time.Time{}
	}
}

func (b *breakers) changed(d *Delivery, state string) {
	b.log.Warn("reminder platform breaker", "platform", d.Platform, "app", d.App, "state", state)
}

// pause is how long an app is left alone after so many unknown outcomes: 30 s, twice as long with each try, up to 15 min.
func pause(lost int) time.Duration {
	return min(firstPause<<min(max(lost-mostLost, 0), 5), longestPause)
}
