// Package frontend runs, for tests, what a front end is made of: Node.js with npm packages, and Chromium. The packages of
// its own folder are the chart libraries and the linters that its tests use.
package frontend

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// requiredBy names the environment variable that CI sets: what is missing then fails a test instead of skipping it.
const requiredBy = "FRONTEND_REQUIRED"

// patience bounds one program. None needs a tenth of it, except on a machine that does a lot besides.
const patience = 5 * time.Minute

// Packages is a folder in which `npm ci` was run.
type Packages struct {
	dir string
	env []string
}

// Node returns the packages of a folder. Without Node.js, or before `npm ci`, it skips the test, or fails it in CI.
func Node(t *testing.T, dir string) Packages {
	t.Helper()
	if _, err := exec.LookPath("npm"); err != nil {
		missing(t, "Node.js with npm is not installed")
	}
	if _, err := os.Stat(filepath.Join(dir, "node_modules", ".package-lock.json")); err != nil {
		missing(t, "the npm packages of "+dir+" are not installed: make npm")
	}
	return Packages{dir: dir}
}

// With returns the same packages, run with more environment variables: "NAME=value".
func (p Packages) With(env ...string) Packages {
	p.env = append(p.env[:len(p.env):len(p.env)], env...)
	return p
}

// Run runs a script of package.json. It returns the exit status, and what the script printed on both outputs.
func (p Packages) Run(t *testing.T, script string, args ...string) (status int, said string) {
	t.Helper()
	command, cancel := bounded(t, "npm", append([]string{"run", "--silent", script, "--"}, args...)...)
	defer cancel()
	command.Dir = p.dir
	command.Env = append(append(os.Environ(), "npm_config_update_notifier=false"), p.env...)
	out, err := command.CombinedOutput()
	if command.ProcessState == nil {
		t.Fatalf("npm did not start: %v", err)
	}
	return command.ProcessState.ExitCode(), string(out)
}

// File returns the absolute path of a file that a program is to read, named from the folder of the packages. A look at it
// tells Go's cache of test results that the test depends on it.
func (p Packages) File(t *testing.T, name string) string {
	t.Helper()
	path, err := filepath.Abs(filepath.Join(p.dir, name))
	if err == nil {
		_, err = os.Stat(path)
	}
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// Chromium is a browser without a window.
type Chromium struct{ program string }

// Browser finds Chromium. Without it, it skips the test, or fails it in CI.
func Browser(t *testing.T) Chromium {
	t.Helper()
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if program, err := exec.LookPath(name); err == nil {
			return Chromium{program}
		}
	}
	missing(t, "Chromium is not installed")
	return Chromium{}
}

// Page opens an HTML file and returns the page as its scripts have left it, with all that they wait for done. Pages may
// read other files, and nothing from the network.
func (c Chromium) Page(t *testing.T, file string) string {
	t.Helper()
	return c.run(t, "--dump-dom", "file://"+file)
}

// Picture writes what the file shows as PNG, in a window of so many pixels of a screen with two dots to the pixel.
func (c Chromium) Picture(t *testing.T, file, png, size string) {
	t.Helper()
	c.run(t, "--screenshot="+png, "--window-size="+size, "--force-device-scale-factor=2", "file://"+file)
}

// run starts the browser with a profile of its own. The sandbox of Chromium needs rights that CI may not have; the pages
// are our own. Time in the page is virtual: a second that nothing happens in takes none.
func (c Chromium) run(t *testing.T, args ...string) string {
	t.Helper()
	profile, err := os.MkdirTemp("", "chromium")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = os.RemoveAll(profile) }() // its last process may still write: what that leaves is no failure
	command, cancel := bounded(t, c.program, append([]string{"--headless", "--no-sandbox", "--disable-gpu", "--disable-quic",
		"--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--hide-scrollbars",
		"--disable-dev-shm-usage", "--allow-file-access-from-files", "--virtual-time-budget=10000", "--user-data-dir=" + profile}, args...)...)
	defer cancel()
	var said strings.Builder
	command.Stderr = &said
	out, err := command.Output()
	if err != nil {
		t.Fatalf("Chromium: %v\n%s", err, said.String())
	}
	return string(out)
}

// bounded is a command that ends with the test.
func bounded(t *testing.T, program string, args ...string) (*exec.Cmd, context.CancelFunc) {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	command := exec.CommandContext(ctx, program, args...)
	command.WaitDelay = 5 * time.Second
	return command, cancel
}

func missing(t *testing.T, what string) {
	t.Helper()
	if os.Getenv(requiredBy) != "" {
		t.Fatalf("%s, and %s is set", what, requiredBy)
	}
	t.Skip(what)
}
