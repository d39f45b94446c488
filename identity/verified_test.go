package identity

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func callerOf(user string, expires time.Time) *Caller {
	return &Caller{UserID: user, ExpiresAt: expires}
}

// TestClockSetBack: what was polled before does not count as fresh for as long as the clock was set back by.
func TestClockSetBack(t *testing.T) {
	t.Parallel()
	s := &Sessions{cfg: SessionsConfig{StaleAfter: 30 * time.Second}}
	s.polled.Store(testNow.UnixNano())
	for after, want := range map[time.Duration]bool{
		0: true, 30 * time.Second: true, 31 * time.Second: false, -time.Second: false, -time.Hour: false,
	} {
		if got := s.fresh(testNow.Add(after)); got != want {
			t.Errorf("%v after the poll: %t", after, got)
		}
	}
}

func TestVerifiedExpires(t *testing.T) {
	t.Parallel()
	v := newVerified(4)
	v.add("t", callerOf("u", testNow), 4, testNow)
	if _, ok := v.get("t", testNow.UnixNano()-1); !ok {
		t.Error("gone too early")
	}
	if _, ok := v.get("t", testNow.UnixNano()); ok {
		t.Error("there at its expiry")
	}
}

func TestVerifiedKeepsWhatIsUsed(t *testing.T) {
	t.Parallel()
	v := newVerified(3)
	later := testNow.Add(time.Hour)
	for i := range 3 {
		v.add(fmt.Sprint("t", i), callerOf(fmt.Sprint("u", i), later), 3, testNow)
	}
	v.get("t0", 0)
	v.add("t3", callerOf("u3", later), 3, testNow)
	if _, ok := v.get("t0", 0); !ok {
		t.Error("the used entry went")
	}
	if _, ok := v.get("t1", 0); ok {
		t.Error("the unused entry stayed")
	}
}

func TestVerifiedHotUserStaysOut(t *testing.T) {
	t.Parallel()
	v := newVerified(4)
	later := testNow.Add(time.Hour)
	v.add("t", callerOf("u", later), 4, testNow)
	v.forget(testNow, "u")
	if _, ok := v.get("t", 0); ok {
		t.Error("still there after forget")
	}
	v.add("t", callerOf("u", later), 4, testNow.Add(hotFor-1))
	if _, ok := v.get("t", 0); ok {
		t.Error("cached while hot")
	}
	v.add("t", callerOf("u", later), 4, testNow.Add(hotFor))
	if _, ok := v.get("t", 0); !ok {
		t.Error("not cached after the hot time")
	}
	v.forget(testNow.Add(3*hotFor), "other")
	if len(v.hot) != 1 {
		t.Errorf("%d hot users remembered, want 1", len(v.hot))
	}
}

// TestVerifiedModel checks the indexes against each other under any order of calls.
func TestVerifiedModel(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		size := rapid.IntRange(1, 5).Draw(t, "size")
		v := newVerified(size)
		now := testNow
		key := rapid.IntRange(0, 9)
		t.Repeat(map[string]func(*rapid.T){
			"add": func(t *rapid.T) {
				i := key.Draw(t, "token")
				v.add(fmt.Sprint("t", i), callerOf(fmt.Sprint("u", i%3), now.Add(time.Hour)), size, now)
			},
			"get":    func(t *rapid.T) { v.get(fmt.Sprint("t", key.Draw(t, "token")), 0) },
			"forget": func(t *rapid.T) { v.forget(now, fmt.Sprint("u", key.Draw(t, "user")%3)) },
			"later":  func(*rapid.T) { now = now.Add(hotFor) },
			"clear":  func(*rapid.T) { v.clear() },
			"": func(t *rapid.T) {
				users, placed := 0, 0
				for _, set := range v.byUser {
					users += len(set)
				}
				for i, e := range v.ring {
					if e != nil {
						placed++
						if e.place != i || v.byToken[e.token] != e {
							t.Fatal("an entry is not where it says")
						}
					}
				}
				if n := len(v.byToken); n > size || n != users || n != placed || len(v.ring)-len(v.free) != n {
					t.Fatalf("tokens %d users %d placed %d size %d", n, users, placed, size)
				}
			},
		})
	})
}

func TestVerifiedConcurrently(t *testing.T) {
	t.Parallel()
	v := newVerified(8)
	var wg sync.WaitGroup
	for w := range 4 {
		wg.Go(func() {
			for i := range 500 {
				token := fmt.Sprint("t", (i+w)%16)
				v.add(token, callerOf(fmt.Sprint("u", i%5), testNow.Add(time.Hour)), 8, testNow)
				v.get(token, 0)
				if i%50 == 0 {
					v.forget(testNow.Add(-2*hotFor), fmt.Sprint("u", i%5))
				}
			}
		})
	}
	wg.Wait()
}
