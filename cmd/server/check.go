package main

import (
	"context"
	"errors"
	"fmt"

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
	if _, err := fmt.Fprintln(term.stdout, "ok    configuration: no problem found"); err != nil {
		return err
	}
	failed := false
	for _, one := range app.RunProbes(ctx, settings, newLog(settings, term.stderr)) {
		line := fmt.Sprintf("ok    %s: %s", one.Name, one.Note)
		if one.Err != nil {
			failed = true
			line = fmt.Sprintf("FAIL  %s: %v", one.Name, one.Err)
		}
		if _, err := fmt.Fprintln(term.stdout, line); err != nil {
			return err
		}
	}
	if failed {
		return errors.New("some checks failed")
	}
	return nil
}
