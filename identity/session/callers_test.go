package session

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"yibao/identity"
)

func callerOf(user string, expires time.Time) *identity.Caller {
	return &identity.Caller{UserID: user, ExpiresAt: expires}
}

// TestClockSetBack: what was polled before does not count as fresh for as long as the clock was set back by.
func TestClockSetBack(t *testing.T) {
	t.Parallel()
	s := &Service{}
	s.polled.Store(testNow.UnixNano())
	for after, want := range map[time.Duration]bool{
		0: true, 30 * time.Second: true, 31 * time.Second: false, -time.Second: false, -time.Hour: false,
	} {
		if got := s.fresh(testNow.Add(after)); got != want {
			t.Errorf("%v after the poll: %t", after, got)
		}
	}
}

func TestCallersExpires(t *testing.T) {
	t.Parallel()
	v := newCallers(4)
	v.add("t", callerOf("u", testNow), testNow)
	if _, ok := v.get("t", testNow.Add(-1)); !ok {
		t.Error("gone too early")
	}
	if _, ok := v.get("t", testNow); ok {
		t.Error("there at its expiry")
	}
}

func TestCallersKeepsWhatIsUsed(t *testing.T) {
	t.Parallel()
	v := newCallers(3)
	later := testNow.Add(time.Hour)
	for i := range 3 {
		v.add(fmt.Sprint("t", i), callerOf(fmt.Sprint("u", i), later), testNow)
	}
	v.get("t0", testNow)
	v.add("t3", callerOf("u3", later), testNow)
	if _, ok := v.get("t0", testNow); !ok {
		t.Error("the used entry went")
	}
	if _, ok := v.get("t1", testNow); ok {
		t.Error("the unused entry stayed")
	}
}

func TestCallersHotUserStaysOut(t *testing.T) {
	t.Parallel()
	v := newCallers(4)
	later := testNow.Add(time.Hour)
	v.add("t", callerOf("u", later), testNow)
	v.forget(testNow, "u")
	if _, ok := v.get("t", testNow); ok {
		t.Error("still there after forget")
	}
	v.add("t", callerOf("u", later), testNow.Add(hotFor-1))
	if _, ok := v.get("t", testNow); ok {
		t.Error("cached while hot")
	}
	v.add("t", callerOf("u", later), testNow.Add(hotFor))
	if _, ok := v.get("t", testNow); !ok {
		t.Error("not cached after the hot time")
	}
	v.forget(testNow.Add(3*hotFor), "other")
	if len(v.hot) != 1 {
		t.Errorf("%d hot users remembered, want 1", len(v.hot))
	}
}

// TestCallersModel checks the indexes against each other under any order of calls.
func TestCallersModel(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		size := rapid.IntRange(1, 5).Draw(t, "size")
		v := newCallers(size)
		now := testNow
		key := rapid.IntRange(0, 9)
		t.Repeat(map[string]func(*rapid.T){
			"add": func(t *rapid.T) {
				i := key.Draw(t, "token")
				v.add(fmt.Sprint("t", i), callerOf(fmt.Sprint("u", i%3), now.Add(time.Hour)), now)
			},
			"get":    func(t *rapid.T) { v.get(fmt.Sprint("t", key.Draw(t, "token")), now) },
			"forget": func(t *rapid.T) { v.forget(now, fmt.Sprint("u", key.Draw(t, "user")%3)) },
			"later":  func(*rapid.T) { now = now.Add(hotFor) },
			"clear":  func(*rapid.T) { v.clear() },
			"": func(t *rapid.T) {
				users := 0
				for user, tokens := range v.byUser {
					for token := range tokens {
						users++
						if caller, ok := v.byToken.Peek(token); !ok || caller.UserID != user {
							t.Fatal("a token is listed for another user, or is gone")
						}
					}
				}
				if n := v.byToken.Len(); n > size || n != users {
					t.Fatalf("tokens %d users %d size %d", n, users, size)
				}
			},
		})
	})
}

func TestCallersConcurrently(t *testing.T) {
	t.Parallel()
	v := newCallers(8)
	var wg sync.WaitGroup
	for w := range 4 {
		wg.Go(func() {
			for i := range 500 {
				token := fmt.Sprint("t", (i+w)%16)
				v.add(token, callerOf(fmt.Sprint("u", i%5), testNow.Add(time.Hour)), testNow)
				v.get(token, testNow)
				if i%50 == 0 {
					v.forget(testNow.Add(-2*hotFor), fmt.Sprint("u", i%5))
				}
			}
		})
	}
	wg.Wait()
}
