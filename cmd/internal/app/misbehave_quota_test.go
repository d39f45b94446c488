package app_test

import (
	"fmt"
	"testing"

	"yibao/cmd/internal/app"
	"yibao/platforms/simulator"
)

// noQuota is what a message is that waits until the user allows one.
var noQuota = fate{state: "pending", reason: "no_quota"}

// TestQuota: one allowed message is one message, with the workers running as in production. Without quota a message
// waits and goes as soon as the user allows it; a forged "allow" costs a refusal and nothing else.
func TestQuota(t *testing.T) {
	t.Parallel()
	s := openStage(t, app.RoleAll)
	for i, platform := range []string{"wechat", "alipay"} {
		t.Run(platform, func(t *testing.T) {
			t.Parallel()
			w := s.watcher(t, platform, "citizen", s.withAccount()[i])
			w.grant(t)
			w.fall(t)
			w.check(t, "allowed once", arrived, 0)
			w.told()

			w.rise(t)
			w.fall(t)
			w.check(t, "used up", noQuota, w.messages())
			w.grant(t)
			w.check(t, "allowed again", arrived, 1)
			w.told()

			w.rise(t)
			w.forge(t, "forged")
			w.forge(t, "forged") // repeated by the network: counts once
			if n := w.free(t); n != 1 {
				t.Errorf("a repeated report makes the quota %d", n)
			}
			w.fall(t)
			w.check(t, "forged", unsubscribed, w.messages())

			w.grant(t)
			w.check(t, "allowed after the forgery", arrived, 2)
			w.told()
			w.rise(t) // time passes, and nothing more comes
			if n := w.messages(); n != 3 {
				t.Errorf("%d messages of three that were allowed", n)
			}
		})
	}
}

// TestTwoReplicasTellEveryFallOnce lets three people's balances fall ten times before two servers on one store.
func TestTwoReplicasTellEveryFallOnce(t *testing.T) {
	t.Parallel()
	const falls = 10
	s := openStage(t, app.RoleAll)
	s.replica(t, app.RoleAll)
	var watchers []*watcher
	for i, platform := range []string{"wechat", "alipay", "wechat"} {
		w := s.watcher(t, platform, fmt.Sprint("citizen-", i), s.withAccount()[i])
		if err := w.p.Grant(t.Context(), falls); err != nil {
			t.Fatal(err)
		}
		watchers = append(watchers, w)
	}
	for fall := range falls {
		for _, w := range watchers {
			s.setBalance(t, w.person, below)
		}
		s.pass(untilChecked)
		for _, w := range watchers {
			w.check(t, fmt.Sprint("fall ", fall), fate{state: "accepted", messages: 1, free: falls - fall - 1}, fall)
			w.told()
		}
		for _, w := range watchers {
			s.setBalance(t, w.person, above)
		}
		for _, w := range watchers {
			w.rise(t)
		}
	}
	for _, kind := range []string{"wechat", "alipay"} {
		want := map[string]int{"wechat": 2 * falls, "alipay": falls}[kind]
		if n := len(s.world.Simulator.Inbox(simulator.InboxQuery{Kind: kind})); n != want {
			t.Errorf("%d messages by %s, want %d", n, kind, want)
		}
	}
}
