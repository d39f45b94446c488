package app_test

import (
	"encoding/json"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// layers says what each top-level folder may import of this module, tests included. cmd may import everything. "setting"
// is the package config/setting, which every section of the configuration is made of.
var layers = map[string][]string{
	"setting":   {},
	"identity":  {"identity", "setting"},
	"balance":   {"balance", "identity", "setting"},
	"reminder":  {"reminder", "balance", "identity", "setting"},
	"config":    {"config", "setting", "identity", "balance", "reminder", "platforms"},
	"handlers":  {"handlers", "identity", "balance", "reminder"},
	"store":     {"store", "identity", "balance", "reminder"},
	"platforms": {"platforms", "identity", "balance", "reminder", "setting"},
}

var domains = []string{"identity", "balance", "reminder"}

// storeForTests is what the domains' tests outside their package (x_test) may import, too: they run on the real store
// above a database in memory. Package storetest would link the embedded server.
var storeForTests = []string{"yibao/store", "yibao/store/memory"}

// TestArrowsRunOneWay fails on an import that the layout forbids.
func TestArrowsRunOneWay(t *testing.T) {
	out, err := exec.Command("go", "list", "-json=ImportPath,Imports,TestImports,XTestImports", "yibao/...").Output()
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for decoder := json.NewDecoder(strings.NewReader(string(out))); decoder.More(); {
		var p struct {
			ImportPath                         string
			Imports, TestImports, XTestImports []string
		}
		if err := decoder.Decode(&p); err != nil {
			t.Fatal(err)
		}
		from := folder(p.ImportPath)
		seen[from] = true
		outside := slices.DeleteFunc(p.XTestImports, func(path string) bool {
			return slices.Contains(domains, from) && slices.Contains(storeForTests, path)
		})
		for _, path := range slices.Concat(p.Imports, p.TestImports, outside) {
			if to := folder(path); to != "" && from != "cmd" && !slices.Contains(layers[from], to) {
				t.Errorf("%s imports %s", p.ImportPath, path)
			}
		}
	}
	for name := range layers {
		if !seen[name] {
			t.Errorf("no package in %s was looked at", name)
		}
	}
}

// TestOnlyTheSandboxAndTestsUseTheEmbeddedServer keeps the trying and testing apart from production.
func TestOnlyTheSandboxAndTestsUseTheEmbeddedServer(t *testing.T) {
	out, err := exec.Command("go", "list", "-deps", "yibao/cmd/server").Output()
	if err != nil {
		t.Fatal(err)
	}
	for _, bad := range []string{"FerretDB", "modernc.org/sqlite", "yibao/store/embedded",
		"yibao/store/memory", "yibao/store/storetest", "yibao/platforms/simulator",
		"gofiber/fiber/v3", "yibao/cmd/internal/world"} {
		if strings.Contains(string(out), bad) {
			t.Errorf("cmd/server links %s", bad)
		}
	}
	if !strings.Contains(string(out), "github.com/gofiber/fiber/v2") {
		t.Error("the list of what cmd/server links is not right")
	}
}

// folder is the layer of a package of this module, "" for any other.
func folder(path string) string {
	rest, ours := strings.CutPrefix(path, "yibao/")
	if !ours {
		return ""
	}
	if rest == "config/setting" {
		return "setting"
	}
	top, _, _ := strings.Cut(rest, "/")
	return top
}
