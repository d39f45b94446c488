package app

import (
	"log/slog"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"yibao/config"
)

// TestUnreadablePhonesAreCounted: the operator's counter says in which region, and nothing else.
func TestUnreadablePhonesAreCounted(t *testing.T) {
	t.Parallel()
	registry := prometheus.NewRegistry()
	count := countUnreadablePhones(registry)
	count("990100")
	count("990100")
	families, err := registry.Gather()
	if err != nil || len(families) != 1 || families[0].GetName() != "yibao_insurer_phone_unreadable_total" {
		t.Fatalf("%v, %v", families, err)
	}
	one := families[0].GetMetric()[0]
	if labels := one.GetLabel(); one.GetCounter().GetValue() != 2 || len(labels) != 1 || labels[0].GetValue() != "990100" {
		t.Errorf("got %v", one)
	}
}

// TestForgedDocumentsAreCounted: the operator's metrics tell documents whose mark does not fit.
func TestForgedDocumentsAreCounted(t *testing.T) {
	t.Parallel()
	registry := prometheus.NewRegistry()
	countForged(registry, func() int64 { return 3 })
	families, err := registry.Gather()
	if err != nil || len(families) != 1 || families[0].GetName() != "yibao_store_documents_forged_total" ||
		families[0].GetMetric()[0].GetCounter().GetValue() != 3 {
		t.Fatalf("%v, %v", families, err)
	}
}

// TestServerSettingsReachTheAPI: no setting of the HTTP side is read and then forgotten.
func TestServerSettingsReachTheAPI(t *testing.T) {
	t.Parallel()
	c := config.Default()
	c.Server.ReadTimeout, c.Server.RequestTimeout = time.Second, 2*time.Second
	c.Server.WriteTimeout, c.Server.IdleTimeout = 3*time.Second, 4*time.Second
	c.Server.HSTS = true
	c.Limits.Connections, c.Limits.ConnectionsPerAddress = 5, 4
	c.Server.TrustedProxies = []string{"192.0.2.0/24"}
	a := &App{opts: Options{Config: &c, Now: time.Now}}
	var err error
	if a.Outside, err = newOutside(&c, slog.New(slog.DiscardHandler), time.Now, nil); err != nil {
		t.Fatal(err)
	}
	o := a.HandlerOptions()
	if o.ReadTimeout != time.Second || o.Deadline != 2*time.Second || o.WriteTimeout != 3*time.Second || o.IdleTimeout != 4*time.Second {
		t.Errorf("read %v, work %v, write %v, idle %v", o.ReadTimeout, o.Deadline, o.WriteTimeout, o.IdleTimeout)
	}
	if len(o.TrustedProxies) != 1 || !o.HSTS {
		t.Error("trusted proxies:", o.TrustedProxies, "HSTS:", o.HSTS)
	}
	if o.Limits.Connections != 5 || o.Limits.ConnectionsPerAddress != 4 {
		t.Errorf("connections: %+v", o.Limits)
	}
	if burst := o.Limits.PerAddress.Burst; burst != c.Limits.PerAddress/4 {
		t.Error("burst:", burst)
	}
}
