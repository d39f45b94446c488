package app

import (
	"log"
	"log/slog"
	"os"
	"strings"
	"sync/atomic"
	"time"

	fiberlog "github.com/gofiber/fiber/v2/log"
	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/time/rate"
)

// withheldLines counts the lines that libraries of this process wanted to print.
var withheldLines atomic.Int64

// withheld takes the place of standard error for a library that has a logger of its own. Such a line can hold up to 4 KB of
// an upstream's answer, as net/http's on bytes that no question asked for, and so names and numbers of people.
type withheld struct {
	log     *slog.Logger
	library string
	say     rate.Sometimes // an upstream must not fill the log
}

// Write drops the line.
func (w *withheld) Write(line []byte) (int, error) {
	lines := withheldLines.Add(1)
	w.say.Do(func() { w.log.Warn("library_output_withheld", "library", w.library, "lines", lines) })
	return len(line), nil
}

// SilenceLibraries drops the lines that libraries print past the log. They are counted, and the log says so once a minute, in an
// event without their text. It is for the whole process. These print:
//
//   - the standard logger: net/http, and the SDK of WeChat; slog's default goes there, too
//   - Fiber's logger. (Fiber gives fasthttp, which has one as well, a logger that says nothing.)
//   - MongoDB's driver, whole documents, where these variables of the environment say so; they are taken away
//
// huma has two lines for standard error, on an answer that could not be written and on a type without a schema link, without
// personal data. The other modules that cmd/server links print nothing.
func SilenceLibraries(to *slog.Logger) {
	log.SetOutput(newWithheld(to, "log"))
	fiberlog.SetOutput(newWithheld(to, "fiber"))
	for _, variable := range os.Environ() {
		if name, _, _ := strings.Cut(variable, "="); strings.HasPrefix(name, "MONGODB_LOG_") && os.Unsetenv(name) == nil {
			to.Warn("library_log_setting_ignored", "variable", name)
		}
	}
}

func newWithheld(to *slog.Logger, library string) *withheld {
	return &withheld{log: to, library: library, say: rate.Sometimes{First: 1, Interval: time.Minute}}
}

func countWithheld(registry *prometheus.Registry) {
	registry.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{
		Name: "yibao_library_lines_withheld_total", Help: "Lines that libraries wanted to print past the log.",
	}, func() float64 { return float64(withheldLines.Load()) }))
}
