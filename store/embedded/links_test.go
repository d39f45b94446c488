package embedded_test

import (
	"os/exec"
	"strings"
	"testing"
)

// TestServerLinksNoEngine: the production program must not carry the engine, nor a second web framework.
func TestServerLinksNoEngine(t *testing.T) {
	t.Parallel()
	out, err := exec.Command("go", "list", "-deps", "yibao/cmd/server").Output()
	if err != nil {
		t.Fatal("go list:", err)
	}
	for dep := range strings.SplitSeq(string(out), "\n") {
		for _, not := range []string{
			"github.com/FerretDB/", "modernc.org/sqlite", "yibao/store/embedded", "yibao/store/storetest",
			"github.com/gofiber/fiber/v3",
		} {
			if strings.HasPrefix(dep+"/", not+"/") || strings.HasPrefix(dep, not) {
				t.Error("cmd/server links", dep)
			}
		}
	}
}
