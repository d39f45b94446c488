package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"yibao/cmd/internal/app"
	"yibao/config"
	"yibao/config/setting"
)

// serveCommand runs the server.
type serveCommand struct {
	Config string   `help:"The configuration file; without it, only the environment is read." type:"path"`
	Role   app.Role `help:"Which half to run: api, worker or all." enum:"api,worker,all" default:"all"`
}

// Run serves until ctx ends.
func (s *serveCommand) Run(ctx context.Context, term *terminal) error {
	settings, err := loadConfig(s.Config, term)
	if err != nil {
		return err
	}
	log := newLog(settings.Log, term.stderr)
	app.SilenceLibraries(log)
	server, err := app.Open(ctx, app.Options{Config: settings, Role: s.Role, Log: log})
	if err != nil {
		return err
	}
	listener, err := server.Listen()
	if err != nil {
		return errors.Join(err, server.Close())
	}
	address := "none"
	if listener != nil {
		address = listener.Addr().String()
	}
	loud := settings.Log
	loud.Level = "info" // where it is must be told at every level
	newLog(loud, term.stderr).Info("serving", "address", address, "role", string(s.Role))
	if err := server.Run(ctx, listener); err != nil {
		return err
	}
	log.Info("stopped")
	return nil
}

// loadConfig is config.Load, with a reminder where no file was named.
func loadConfig(path string, term *terminal) (*config.Config, error) {
	settings, err := config.Load(path, term.environ)
	if err != nil && path == "" {
		return nil, fmt.Errorf("no --config FILE was given, so only the environment was read: %w", err)
	}
	return settings, err
}

func fail(stderr io.Writer, err error) {
	_, _ = fmt.Fprintln(stderr, "server:", err) // nowhere left to report to
}

// exitStatus tells a configuration that cannot be used from everything else.
func exitStatus(err error) int {
	var problems setting.Problems
	if errors.As(err, &problems) || errors.Is(err, errUnusable) {
		return exitUsage
	}
	return exitFailed
}
