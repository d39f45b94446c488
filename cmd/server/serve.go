package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"yibao/cmd/internal/app"
	"yibao/config"
)

// serveCommand runs the server.
type serveCommand struct {
	Config string   `help:"The configuration file; without it, only the environment is read." type:"path"`
	Role   app.Role `help:"Which half to run: api, worker or all." enum:"api,worker,all" default:"all"`
}

// Run serves until ctx ends.
func (s *serveCommand) Run(ctx context.Context, term *terminal) error {
	settings, err := config.Load(s.Config, term.environ)
	if err != nil {
		return err
	}
	log := newLog(settings, term.stderr)
	server, err := app.Open(ctx, app.Options{Config: settings, Role: s.Role, Log: log})
	if err != nil {
		return err
	}
	listener, err := server.Listen()
	if err != nil {
		return errors.Join(err, server.Close())
	}
	if listener != nil {
		log.Info("serving", "address", listener.Addr().String(), "role", string(s.Role))
	}
	return server.Run(ctx, listener)
}

func fail(stderr io.Writer, err error) {
	_, _ = fmt.Fprintln(stderr, "server:", err) // nowhere left to report to
}

// exitStatus tells a configuration that cannot be used from everything else.
func exitStatus(err error) int {
	var problems config.Problems
	if errors.As(err, &problems) {
		return exitUsage
	}
	return exitFailed
}
