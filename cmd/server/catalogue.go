package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"

	"yibao/balance"
	"yibao/balance/catalogue"
	"yibao/cmd/internal/app"
)

// catalogueCommand holds the commands about catalogues.
type catalogueCommand struct {
	Import importCommand `cmd:"" help:"Bring a region's designated institutions and covered drugs into the database: all the first time, then what has changed. It may be stopped at any point and goes on where it was when it is run again."`
}

// importCommand imports the catalogues of one region. It runs beside a server, by a timer.
type importCommand struct {
	Config string `help:"The configuration file; without it, only the environment is read." type:"path"`
	Region string `help:"The region's six-digit code." required:""`
	Full   bool   `help:"Ask for everything, not for changes alone."`
}

// Run imports until the end, or until ctx ends.
func (c *importCommand) Run(ctx context.Context, t *terminal) error {
	settings, err := loadConfig(c.Config, t)
	if err != nil {
		return err
	}
	log := newLog(settings.Log, t.stderr)
	app.SilenceLibraries(log)
	bars := &bars{out: t.stdout}
	err = app.ImportCatalogues(ctx, settings, log, c.Region, c.Full, bars.told)
	switch {
	case errors.Is(err, catalogue.ErrRegion):
		return fmt.Errorf("--region %s is no region of the configuration", c.Region)
	case errors.Is(err, balance.ErrUnsupported):
		return fmt.Errorf("regions.%s.catalogue has no transaction, so there is nothing to import", c.Region)
	case err != nil:
		return fmt.Errorf("stopped, and goes on when it is run again: %w", err)
	}
	return nil
}

// bars shows how far an import is: a bar on a terminal, elsewhere a line for each ten thousand rows and for the end.
type bars struct {
	out   io.Writer
	bar   *progressbar.ProgressBar
	kind  catalogue.Kind
	lines int
}

const rowsPerLine = 10_000

func (b *bars) told(p catalogue.Progress) {
	if file, ok := b.out.(*os.File); ok && term.IsTerminal(int(file.Fd())) {
		b.draw(p)
	}
	if b.kind != p.Kind {
		b.kind, b.lines = p.Kind, 0
	}
	if !p.Done && (b.bar != nil || p.Read/rowsPerLine == b.lines) {
		return
	}
	b.lines = p.Read / rowsPerLine
	_, _ = fmt.Fprintln(b.out, progressLine(p)) // nowhere left to report to
}

func (b *bars) draw(p catalogue.Progress) {
	if b.bar == nil || b.kind != p.Kind {
		total := -1 // a spinner, where nobody knows how many there are
		if p.Total > 0 {
			total = p.Total
		}
		b.bar = progressbar.NewOptions(total, progressbar.OptionSetWriter(b.out), progressbar.OptionSetDescription(string(p.Kind)),
			progressbar.OptionShowCount(), progressbar.OptionShowIts(), progressbar.OptionSetItsString("rows"), progressbar.OptionClearOnFinish())
	}
	_ = b.bar.Set(p.Read) // a bar that cannot be drawn stops no import
	if p.Done {
		_ = b.bar.Finish()
	}
}

func progressLine(p catalogue.Progress) string {
	text := fmt.Sprintf("%s: %d read", p.Kind, p.Read)
	if p.Total > 0 && !p.Done {
		text += fmt.Sprintf(" of %d", p.Total)
	}
	text += fmt.Sprintf(", %d new or changed", p.Written)
	if p.Bad > 0 {
		text += fmt.Sprintf(", %d could not be read", p.Bad)
	}
	if p.Changes {
		text += " (changes since the last import)"
	}
	if p.Resumed {
		text += " (gone on after an interruption)"
	}
	if p.Done {
		text += ", complete"
	}
	return text
}
