package app

import (
	"log/slog"
	"testing"
	"time"

	"yibao/config"
)

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
	if a.Outside, err = newOutside(&c, slog.New(slog.DiscardHandler), time.Now); err != nil {
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
