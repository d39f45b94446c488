package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"

	"yibao/cmd/internal/app"
	"yibao/config"
	"yibao/config/setting"
)

// checkCommand tells whether the server would work.
type checkCommand struct {
	Config string `help:"The configuration file; without it, only the environment is read." type:"path"`
}

// errUnusable ends a check of a configuration that cannot be used. Its problems have been told.
var errUnusable = errors.New("the configuration cannot be used")

// Run prints a line for each problem of the configuration and each hint, then one for each thing that was tried.
func (c *checkCommand) Run(ctx context.Context, term *terminal) error {
	settings, problems, err := config.Read(c.Config, term.environ)
	if err != nil {
		return err
	}
	var probes []app.Probe
	unusable := problems.Err() != nil
	if !unusable {
		probes = []app.Probe{{Name: "configuration", Note: "read; every key is known, and every value can be used"}}
	}
	probes = append(probes, told(problems)...)
	if settings != nil {
		log := slog.New(slog.DiscardHandler) // the lines below tell the results
		if settings.Log.Level == "debug" {
			log = newLog(settings.Log, term.stderr)
		}
		app.SilenceLibraries(log)
		probes = append(probes, app.RunProbes(ctx, settings, problems, log)...)
	}
	failed := false
	for _, one := range probes {
		failed = failed || one.Err != nil
		if _, err := fmt.Fprintln(term.stdout, line(one)); err != nil {
			return err
		}
	}
	switch {
	case unusable && c.Config == "":
		return fmt.Errorf("%w; no --config FILE was given, so only the environment was read", errUnusable)
	case unusable:
		return errUnusable
	case failed:
		return errors.New("some checks failed")
	}
	return nil
}

// told makes lines of problems and hints.
func told(problems setting.Problems) (lines []app.Probe) {
	for _, p := range problems {
		if p.Hint {
			lines = append(lines, app.Probe{Name: p.Key, Word: app.WordHint, Note: strings.TrimPrefix(p.String(), p.Key+": ") + "\n" + p.Mend})
		} else {
			lines = append(lines, app.Probe{Name: p.Key, Err: errors.New(strings.TrimPrefix(p.String(), p.Key+": ") + "\n" + p.Mend)})
		}
	}
	return lines
}

// line begins with a word in a column of its own; further lines are indented.
func line(p app.Probe) string {
	word, text := cmp.Or(p.Word, "ok"), p.Note
	if p.Err != nil {
		word, text = "FAIL", p.Err.Error()
	}
	return fmt.Sprintf("%-5s %s: %s", word, p.Name, strings.ReplaceAll(text, "\n", "\n      "))
}
