package app_test

import (
	"context"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"yibao/cmd/internal/app"
	"yibao/config/setting"
	"yibao/store"
	"yibao/store/storetest"
)

// behind starts one more server, which reaches the store through a network of the test. So do others from now on.
func (s *stage) behind(t *testing.T) (*app.App, string, *storetest.Network) {
	t.Helper()
	network, uri := storetest.NewNetwork(t, s.settings.MongoDB.URI.Reveal())
	settings := *s.settings
	settings.MongoDB.URI, settings.MongoDB.Timeout = setting.Secret(uri), 2*time.Second
	s.settings = &settings
	server, api := s.replica(t, app.RoleAPI)
	return server, api, network
}

// TestStoreHangs freezes the store of a running server. A request that needs it is refused with a time to come again, and the server
// is not ready; a balance in memory is shown, marked stale. After the thaw all is well by itself.
func TestStoreHangs(t *testing.T) {
	t.Parallel()
	s := openStage(t, app.RoleAPI)
	w := s.watcher(t, "wechat", "citizen", s.withAccount()[0])
	s.forgetChanges(t)
	server, api, network := s.behind(t)
	if err := server.Sessions.Poll(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.p.API = api
	shown := func() string {
		t.Helper()
		var balance struct{ Meta struct{ Freshness string } }
		if err := w.p.Call(t.Context(), http.MethodGet, "/v1/insured/"+w.id+"/balance", nil, &balance); err != nil {
			t.Fatal(err)
		}
		return balance.Meta.Freshness
	}
	if got := shown(); got != "fresh" {
		t.Fatal(got)
	}
	reminder := func() (code, again string) {
		t.Helper()
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, api+"/v1/insured/"+w.id+"/reminder", nil)
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Authorization", "Bearer "+w.p.Token)
		answer, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		_ = answer.Body.Close()
		err = w.p.Call(t.Context(), http.MethodGet, "/v1/insured/"+w.id+"/reminder", nil, nil)
		return codeOf(t, err), answer.Header.Get("Retry-After")
	}
	network.Freeze()
	if got := shown(); got != "fresh" {
		t.Error("a fresh figure is in memory:", got)
	}
	s.pass(untilNotFresh)
	if got := shown(); got != "stale" {
		t.Error("an older figure is in memory:", got)
	}
	if code, again := reminder(); code != "503 store_unavailable" || again != "5" {
		t.Errorf("reminder: %q, again after %q", code, again)
	}
	if got := get(t, api+"/readyz"); got != 503 {
		t.Error("ready:", got)
	}
	if !strings.Contains(s.log.String(), "store_breaker state=open") {
		t.Error("the breaker is not open")
	}
	network.Thaw()
	s.await(t, "the store answers again", func() bool {
		code, _ := reminder()
		return code == "" && get(t, api+"/readyz") == 200
	})
}

// forgetChanges lets replicas that start now cache every user at once.
func (s *stage) forgetChanges(t *testing.T) {
	t.Helper()
	db, err := store.Connect(store.Options{URI: s.settings.MongoDB.URI.Reveal(), Database: s.settings.MongoDB.Database})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close(context.WithoutCancel(t.Context())) }()
	if _, err := db.Delete(t.Context(), "changes", bson.D{{Key: "_id", Value: bson.D{{Key: "$gte", Value: ""}}}}); err != nil {
		t.Fatal(err)
	}
}

// TestClockDiffersFromTheStores: such a server says so and is not ready, until the clocks agree again.
func TestClockDiffersFromTheStores(t *testing.T) {
	t.Parallel()
	s := openStage(t, app.RoleAPI)
	_, api, network := s.behind(t)
	for _, step := range []struct {
		ahead time.Duration
		want  int
	}{{0, 200}, {150 * time.Second, 503}, {-20 * time.Second, 200}, {-31 * time.Second, 503}, {0, 200}} {
		network.SetAhead(step.ahead)
		s.await(t, "/readyz tells the clock's state", func() bool { return get(t, api+"/readyz") == step.want })
	}
	network.SetAhead(150 * time.Second)
	for _, probe := range app.RunProbes(t.Context(), s.settings, nil, slog.New(slog.DiscardHandler)) {
		if probe.Name == "mongodb" && probe.Word != app.WordHint && (probe.Err == nil || !strings.Contains(probe.Err.Error(), "NTP")) {
			t.Error("check says nothing of it:", probe.Err)
		}
	}
	network.SetAhead(0)
	if log := s.log.String(); !strings.Contains(log, "msg=store_clock_differs ahead=-2m30s bound=30s") ||
		!strings.Contains(log, "msg=store_clock_agrees") {
		t.Error("the log does not tell:", s.log.last(2000))
	}
}

// TestRemindersAfterAClockRanAhead: the clock of the only worker runs 20 hours ahead for a while, in which it checks one
// reminder, and puts a message of another off. Once it is right again, both people are told as soon as they would have been.
func TestRemindersAfterAClockRanAhead(t *testing.T) {
	t.Parallel()
	s := openStage(t, app.RoleAPI)
	people := s.withAccount()
	checked, waiting := s.watcher(t, "wechat", "checked", people[0]), s.watcher(t, "alipay", "waiting", people[1])
	checked.grant(t)
	waiting.grant(t)
	s.misbehave(t, "alipay.send", "40005", 1) // slow down: the message is tried again later
	const jump = 20 * time.Hour               // token.ttl is longer
	s.pass(jump)
	waiting.fall(t)
	waiting.check(t, "during the jump", putOff, 0)
	s.pass(-jump)

	if _, err := s.app.Store.Mend(t.Context()); err != nil {
		t.Fatal(err)
	}
	checked.fall(t) // a check's interval later
	checked.check(t, "checked during the jump", arrived, 0)
	s.pass(5 * time.Minute)
	waiting.work(t)
	waiting.check(t, "put off during the jump", arrived, 0)
}
