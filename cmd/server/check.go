package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"

	"yibao/cmd/internal/app"
)

// checkCommand tells whether the server would work.
type checkCommand struct {
	Config string `help:"The configuration file; without it, only the environment is read." type:"path"`
}

// Run prints every problem of the configuration, or a line for each thing that was tried.
func (c *checkCommand) Run(ctx context.Context, term *terminal) error {
	settings, err := loadConfig(c.Config, term)
	if err != nil {
		return err
	}
	log := slog.New(slog.DiscardHandler) // the lines below tell what came of it
	if settings.Log.Level == "debug" {
		log = newLog(settings, term.stderr)
	}
	// Key pairs and templates are told apart from the rest below, by those who use them.
	probes := []app.Probe{{Name: "configuration", Note: "read; every key is known and of the right type"}}
	probes = append(probes, app.RunProbes(ctx, settings, log)...)
	failed := false
	for _, one := range probes {
		failed = failed || one.Err != nil
		if _, err := fmt.Fprintln(term.stdout, line(one)); err != nil {
			return err
		}
	}
	if failed {
		return errors.New("some checks failed")
	}
	return nil
}

// line begins with a word in a column of its own; further lines of an error are indented.
func line(p app.Probe) string {
	if p.Err != nil {
		return "FAIL  " + p.Name + ": " + strings.ReplaceAll(p.Err.Error(), "\n", "\n      ")
	}
	return fmt.Sprintf("%-5s %s: %s", cmp.Or(p.Word, "ok"), p.Name, p.Note)
}
