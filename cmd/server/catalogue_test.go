package main

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"

	"yibao/cmd/internal/world"
	"yibao/platforms/simulator"
)

// TestTheImportSaysHowFarItIs: a line for the end of each catalogue where the output is no terminal; the second time changes
// alone are asked for and nothing is written; a region that there is none of is named.
func TestTheImportSaysHowFarItIs(t *testing.T) {
	t.Parallel()
	w, err := world.Open(t.Context(), world.Options{Dir: t.TempDir(), Listen: "127.0.0.1:0", Server: "127.0.0.1:0", Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	})
	for _, c := range []struct {
		region, says string
		code         int
	}{
		{simulator.RegionB, "institutions: 36 read, 36 new or changed, complete\ndrugs: 245 read, 245 new or changed, complete\n", exitOK},
		{simulator.RegionB, "(changes since the last import), complete\n", exitOK},
		{"000000", "--region 000000 is no region of the configuration", exitFailed},
	} {
		var out, errs bytes.Buffer
		code := run(t.Context(), []string{"catalogue", "import", "--config", w.ConfigFile, "--region", c.region}, nil, &out, &errs)
		if code != c.code || !strings.Contains(out.String()+errs.String(), c.says) {
			t.Errorf("%s: %d\n%s\n%s", c.region, code, out.String(), errs.String())
		}
	}
}
