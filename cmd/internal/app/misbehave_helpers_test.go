package app_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"yibao/cmd/internal/app"
	"yibao/cmd/internal/phone"
	"yibao/cmd/internal/world"
	"yibao/config"
	"yibao/platforms/simulator"
)

// stage is the whole server in this process, before a world that can be told to misbehave. The server lives by a clock
// that the test moves, so that nothing waits for an hour to pass; the world lives by the machine's.
type stage struct {
	world    *world.World
	api      string
	app      *app.App
	ctl      *phone.Phone
	settings *config.Config
	role     app.Role
	log      *logBuffer
	ahead    atomic.Int64 // nanoseconds that the server's clock is ahead
}

// The times that tests move the clock by. Each is a little more than the setting it outlives.
const (
	untilNotFresh = time.Minute + time.Second      // balance.display_age and decision_age
	untilChecked  = 2*time.Minute + time.Second    // reminder.check_every and unknown_for
	untilResent   = time.Minute + time.Second      // linking.resend_after
	untilRetried  = 10*time.Minute + 2*time.Second // the longest pause before a message is tried again
)

// shortened are settings that keep tests short. Nothing is left out of what production does: only waits are shorter and
// limits wider.
func shortened() map[string]any {
	return map[string]any{
		"wechat.timeout": "2s", "alipay.timeout": "2s", "sms.timeout": "2s",
		"regions.990100.insurer.timeout": "2s", "regions.990200.insurer.timeout": "2s",
		"balance.display_age": "1m", "balance.decision_age": "1m", "balance.collect_every": "1h",
		"reminder.check_every": "2m", "reminder.tick": "50ms", "reminder.lease": "5m", "reminder.cooldown": "0s",
		"reminder.unknown_for": "2m", "token.ttl": "24h",
		"linking.links_per_user": 100, "linking.links_per_person": 100, "linking.starts_per_user": 1000,
		"linking.starts_per_address": 1000, "linking.sends_per_pair": 1000, "linking.sends_per_phone": 1000,
		"linking.sends_per_phone_hourly": 1000, "linking.codes_per_second": 1000,
		"limits.per_address_per_minute": 1_000_000, "limits.per_user_per_minute": 1_000_000,
	}
}

// openStage starts world and server, and at the end of the test stops both and searches the log. In role "api" the
// workers that decide and send do not run: the test makes their passes itself, one after the other.
func openStage(t *testing.T, role app.Role) *stage {
	t.Helper()
	w, err := world.Open(t.Context(), world.Options{Dir: t.TempDir(), Listen: "127.0.0.1:0", Server: "127.0.0.1:0",
		Log: slog.New(slog.DiscardHandler), Settings: shortened()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	})
	s := &stage{world: w, role: role, log: &logBuffer{}}
	t.Cleanup(func() { s.searchLog(t) })
	if s.settings, err = config.Load(w.ConfigFile, nil); err != nil {
		t.Fatal(err)
	}
	s.app, s.api = s.replica(t, role)
	s.ctl = s.phone(t, "wechat", "operator")
	return s
}

// replica starts one more server on the same store.
func (s *stage) replica(t *testing.T, role app.Role) (*app.App, string) {
	t.Helper()
	server, err := app.Open(t.Context(), app.Options{Config: s.settings, Role: role, Now: s.now,
		Log: slog.New(slog.NewTextHandler(s.log, &slog.HandlerOptions{Level: slog.LevelDebug}))})
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(errors.Join(err, server.Close()))
	}
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	ended := make(chan error, 1)
	go func() { ended <- server.Run(ctx, listener) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Errorf("the server did not stop well: %v", err)
		}
	})
	return server, "http://" + listener.Addr().String()
}

func (s *stage) now() time.Time { return time.Now().Add(time.Duration(s.ahead.Load())) }

func (s *stage) pass(d time.Duration) { s.ahead.Add(int64(d)) }

// phone is a user whose every answer is checked: none may be "internal", and every error is a problem with a code.
func (s *stage) phone(t *testing.T, platform, user string) *phone.Phone {
	p := phone.New(s.api, s.world.URL, platform, world.App, user)
	p.Trace = func(e phone.Exchange) {
		var problem struct{ Code, Message, Detail string }
		if e.Status/100 != 2 && json.Unmarshal([]byte(e.Answer), &problem) == nil && problem.Code != "" &&
			problem.Message != "" && problem.Detail != "" && problem.Code != "internal" {
			return
		}
		if e.Status/100 != 2 {
			t.Errorf("%s %s: %d %s", e.Method, e.Path, e.Status, e.Answer)
		}
	}
	return p
}

// signedIn is a phone with a token.
func (s *stage) signedIn(t *testing.T, platform, user string) *phone.Phone {
	t.Helper()
	p := s.phone(t, platform, user)
	if err := p.SignIn(t.Context()); err != nil {
		t.Fatal(err)
	}
	return p
}

// withAccount lists invented people of region A with an active personal account and a phone on file.
func (s *stage) withAccount() []phone.Person {
	var list []phone.Person
	for _, p := range s.world.Simulator.People() {
		if len(p.Enrolments) == 1 && p.Enrolments[0].Region == simulator.RegionA && p.Phone != "" && p.Enrolments[0].Account == "yes" && p.Enrolments[0].Status == "1" {
			list = append(list, personOf(p))
		}
	}
	return list
}

func personOf(p simulator.Person) phone.Person {
	return phone.Person{Name: p.Name, IDNumber: p.IDNumber, IDType: p.CertType, Phone: p.Phone, Region: p.Enrolments[0].Region}
}

const consentVersion = "demo-1"

func (s *stage) link(t *testing.T, p *phone.Phone, person phone.Person) string {
	t.Helper()
	id, err := p.Link(t.Context(), person, consentVersion)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func (s *stage) setBalance(t *testing.T, person phone.Person, fen int64) {
	t.Helper()
	if err := s.ctl.SetBalance(t.Context(), person, fmt.Sprintf("%d.%02d", fen/100, fen%100)); err != nil {
		t.Fatal(err)
	}
}

// await waits until it is so. A worker that looked a moment before something was there looks again only after its
// pause, so the clock is moved on now and then: ever more rarely, since each move gives the workers of a busy machine more
// to do.
func (s *stage) await(t *testing.T, what string, so func() bool) {
	t.Helper()
	move := 2 * time.Second
	for begun, moved := time.Now(), time.Now(); !so(); time.Sleep(50 * time.Millisecond) {
		if time.Since(begun) > 3*time.Minute {
			t.Fatalf("waited in vain until %s\n%s", what, s.log.last(3000))
		}
		if time.Since(moved) > move {
			s.pass(untilChecked)
			moved, move = time.Now(), 2*move
		}
	}
}

// codeOf is "503 platform_busy" for a refusal, "" for none.
func codeOf(t *testing.T, err error) string {
	t.Helper()
	var refused *phone.StatusError
	switch {
	case err == nil:
		return ""
	case errors.As(err, &refused):
		return fmt.Sprint(refused.Status, " ", refused.Code)
	}
	t.Fatal(err)
	return ""
}

// logBuffer keeps what the server logs.
type logBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *logBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *logBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

func (b *logBuffer) last(n int) string {
	text := b.String()
	return text[max(0, len(text)-n):]
}

// searchLog wants no panic, and nothing of a person or a secret, whatever the other side said.
func (s *stage) searchLog(t *testing.T) {
	t.Helper()
	said := s.log.String()
	never := append([]string{"panic"}, s.world.Secrets()...)
	for _, p := range s.world.Simulator.People() {
		never = append(never, p.Name, p.IDNumber)
		if p.Phone != "" {
			never = append(never, p.Phone)
		}
	}
	for _, m := range s.world.Simulator.Inbox(simulator.InboxQuery{}) {
		if m.OpenID != "" {
			never = append(never, m.OpenID)
		}
	}
	for _, text := range never {
		if strings.Contains(said, text) {
			t.Errorf("the server logged %q", text)
		}
	}
}
