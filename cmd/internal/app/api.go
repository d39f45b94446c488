package app

import (
	"github.com/prometheus/client_golang/prometheus"

	"yibao/handlers"
	"yibao/handlers/web"
	"yibao/identity"
)

// HandlerOptions is what the HTTP side is built of, without metrics; a benchmark builds its yardstick of the same.
func (a *App) HandlerOptions() handlers.Options { return a.handlerOptions(nil) }

func (a *App) handlerOptions(metrics *prometheus.Registry) handlers.Options {
	c := a.opts.Config
	return handlers.Options{
		Sessions: a.Sessions, Linking: a.Linking, Balances: a.Balances, Records: a.Records, RowCharts: a.Records, Reminders: a.Reminders, Catalogue: a.Catalogue,
		Regions: a.Outside.Regions,
		Consent: identity.ConsentText(c.Consent),
		Options: web.Options{
			Ready: a.Store.Ready, Draining: a.draining.Load,
			Limits: web.Limits{
				PerAddress: perMinute(c.Limits.PerAddress), PerUser: perMinute(c.Limits.PerUser),
				Connections: c.Limits.Connections, ConnectionsPerAddress: c.Limits.ConnectionsPerAddress,
			},
			TrustedProxies: c.Server.TrustedProxies, Deadline: c.Server.RequestTimeout, ReadTimeout: c.Server.ReadTimeout,
			WriteTimeout: c.Server.WriteTimeout, IdleTimeout: c.Server.IdleTimeout, HSTS: c.Server.HSTS,
			Metrics: metrics, Log: a.opts.Log, Now: a.opts.Now,
		},
	}
}

// perMinute turns requests a minute into a rate with a burst of a quarter of it.
func perMinute(n int) web.Rate {
	return web.Rate{PerSecond: float64(n) / 60, Burst: max(n/4, 1)}
}
