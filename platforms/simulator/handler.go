package simulator

import (
	"net/http"
	"time"
)

// server is one handler before a world.
type server struct {
	world   *World
	options Options
	now     func() time.Time
	apps    []app
	regions map[string]Region
}

// app is what the control API knows of an app.
type app struct {
	platform, name, id string
	has                func(template string) bool
}

func (s *server) add(platform, name, id string, has func(string) bool) {
	s.apps = append(s.apps, app{platform, name, id, has})
}

// app finds an app by id or name; without either, the platform's first.
func (s *server) app(platform, wanted string) (app, error) {
	for _, a := range s.apps {
		if a.platform == platform && (wanted == "" || wanted == a.id || wanted == a.name) {
			return a, nil
		}
	}
	return app{}, errNoApp
}

// Handler mounts the servers and the control API, which controlHelp describes. Codes and balances can also be asked for by
// query parameters. A fault's times below zero means until cleared; 0 or none means once. Options that Check refuses make
// it panic: they are the program's own.
func Handler(world *World, options Options) http.Handler {
	if err := options.Check(); err != nil {
		panic(err)
	}
	s := newServer(world, options)
	mux := http.NewServeMux()
	for _, p := range platforms {
		p.mount(s, mux)
	}
	mux.Handle("/insurer/{region}", s.endpoint(insurerTarget, s.insurer))
	mux.Handle("/insurer/{region}/{infno}", s.endpoint(insurerTarget, s.insurer))
	mux.Handle("/sms/send", s.endpoint(target(targetSMS), s.sms))
	s.control(mux)
	return mux
}

func newServer(world *World, options Options) *server {
	s := &server{
		world: world, options: options, now: options.Now, regions: map[string]Region{},
	}
	if s.now == nil {
		s.now = world.now
	}
	for _, region := range options.Regions {
		s.regions[region.Code] = region
	}
	return s
}
