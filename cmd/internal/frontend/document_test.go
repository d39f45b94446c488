package frontend

import "testing"

// TestLintersFindNothingInTheDocument holds the document, which a test of handlers compares with the one that is served,
// against Redocly's recommended rules and Spectral's spectral:oas. None is turned off, and warnings and hints count.
func TestLintersFindNothingInTheDocument(t *testing.T) {
	t.Parallel()
	for _, linter := range []string{"redocly", "spectral"} {
		t.Run(linter, func(t *testing.T) {
			t.Parallel()
			packages := Node(t, ".").With("REDOCLY_TELEMETRY=off", "REDOCLY_SUPPRESS_UPDATE_NOTICE=true")
			document := packages.File(t, "../../../handlers/testdata/openapi.json")
			packages.File(t, linter+".yaml")
			if status, said := packages.Run(t, linter, document); status != 0 {
				t.Error(said)
			}
		})
	}
}
