package app

import (
	"bytes"
	"log"
	"log/slog"
	"os"
	"strings"
	"testing"

	fiberlog "github.com/gofiber/fiber/v2/log"
)

// TestLibrariesAreSilenced: what a library prints is counted, and said without its text once, however often it prints.
func TestLibrariesAreSilenced(t *testing.T) {
	t.Setenv("MONGODB_LOG_COMMAND", "debug")
	before := withheldLines.Load()
	var out bytes.Buffer
	SilenceLibraries(slog.New(slog.NewTextHandler(&out, nil)))
	defer SilenceLibraries(slog.New(slog.DiscardHandler))
	for range 3 {
		log.Print("hunter2")
		slog.Warn("hunter2")
		fiberlog.Error("hunter2")
	}
	text := out.String()
	if strings.Contains(text, "hunter2") || withheldLines.Load()-before != 9 {
		t.Errorf("%d lines counted: %s", withheldLines.Load()-before, text)
	}
	for says, times := range map[string]int{"library_output_withheld library=log": 1, "library_output_withheld library=fiber": 1,
		"library_log_setting_ignored variable=MONGODB_LOG_COMMAND": 1} {
		if n := strings.Count(text, says); n != times {
			t.Errorf("%q is said %d times: %s", says, n, text)
		}
	}
	if value, there := os.LookupEnv("MONGODB_LOG_COMMAND"); there {
		t.Errorf("the driver would still log: %q", value)
	}
}
