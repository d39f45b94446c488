package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"yibao/cmd/internal/frontend"
)

const exampleFolder = "../../clients/typescript/example"

// TestTheExampleDoesTheWholeJob makes types of the document that the sandbox serves, compiles the example against them,
// and lets it sign in, link, look, set a reminder and see the message that a fall of the balance brings.
func TestTheExampleDoesTheWholeJob(t *testing.T) {
	t.Parallel()
	example := exampleIn(t, t.TempDir())
	s, stop := begin(t, flags{data: t.TempDir(), listen: "127.0.0.1:0", outside: "127.0.0.1:0"})
	defer stop()
	example = example.With("API="+s.api, "WORLD="+s.world.URL)
	said := ""
	for _, script := range [][]string{{"types", s.api + "/openapi.json"}, {"build"}, {"start"}} {
		status := 0
		if status, said = example.Run(t, script[0], script[1:]...); status != 0 {
			t.Fatalf("npm run %s ended with %d:\n%s", script[0], status, said)
		}
	}
	for text, want := range map[string]int{"signed in until": 2, "职工医保 正常参保: ¥500.00": 1, "验证码不正确": 1,
		"提醒金额：¥100.00": 1, "已发送": 1, "职工医保 正常参保: ¥56.78": 1} {
		if n := strings.Count(said, text); n != want {
			t.Errorf("%q is said %d times, want %d", text, n, want)
		}
	}
	t.Log("\n" + said)
}

// exampleIn copies the example, without what others made of it there, and borrows its npm packages.
func exampleIn(t *testing.T, dir string) frontend.Packages {
	t.Helper()
	frontend.Node(t, exampleFolder)
	for _, name := range []string{"main.ts", "package.json", "tsconfig.json"} {
		text, err := os.ReadFile(filepath.Join(exampleFolder, name))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	packages, err := filepath.Abs(filepath.Join(exampleFolder, "node_modules"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(packages, filepath.Join(dir, "node_modules")); err != nil {
		t.Fatal(err)
	}
	return frontend.Node(t, dir)
}

// TestTheExampleGuessesNothing: it takes every shape from the document. A cast, an any, a suppressed error or an untyped
// answer would hide what the document lacks.
func TestTheExampleGuessesNothing(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join(exampleFolder, "main.ts"))
	if err != nil {
		t.Fatal(err)
	}
	code := regexp.MustCompile(`(?s)/\*.*?\*/|//[^\n]*`).ReplaceAllString(string(text), "")
	if found := regexp.MustCompile(`\bas\b|\bany\b|\bunknown\b|@ts-|\.json\(|JSON\.parse|\w!|<\w+>\w+`).FindAllString(code, -1); found != nil {
		t.Errorf("the example has %q", found)
	}
	if lines := strings.Count(string(text), "\n"); lines > 150 {
		t.Errorf("the example has %d lines: what must be done to need them?", lines)
	}
}
