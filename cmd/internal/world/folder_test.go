package world

import (
	"errors"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"yibao/store/embedded"
)

// put makes files, and folders where the text is "/".
func put(t *testing.T, dir string, files map[string]string) {
	t.Helper()
	for name, text := range files {
		path := filepath.Join(dir, name)
		err := os.MkdirAll(filepath.Dir(path), 0o700)
		if text == "/" {
			err = errors.Join(err, os.MkdirAll(path, 0o700))
		} else {
			err = errors.Join(err, os.WriteFile(path, []byte(text), 0o600))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// content reads every file of a folder, by its path in it.
func content(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	if err := filepath.WalkDir(dir, func(path string, e os.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		name, _ := filepath.Rel(dir, path)
		files[name] = string(text)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return files
}

// some is what a world without its mark has in its folder.
func some() map[string]string {
	return map[string]string{"store/lock": "sandbox (pid 1)\n", "store/yibao.sqlite": "data", "secrets.json": "{}", "past.done": "",
		"keys/seal.json": "{}", "outside/journal": "", "config.yaml": "a: b", "config.past.yaml": "a: b", "secrets.json.new": "{"}
}

func with(files map[string]string, name, text string) map[string]string {
	files = maps.Clone(files)
	files[name] = text
	return files
}

func TestAForeignFolderIsRefusedAndLeftAlone(t *testing.T) {
	t.Parallel()
	for name, files := range map[string]map[string]string{
		"somebody's project":         {"config.yaml": "mine", "main.go": "package main"},
		"this checkout":              {"store/embedded/lock.go": "package embedded", "config/load.go": "", "README.md": ""},
		"known names, no store":      {"config.yaml": "mine", "keys/id_rsa": "mine"},
		"a world without its mark":   some(),
		"a folder named like a file": with(map[string]string{"store/lock": ""}, "config.yaml", "/"),
		"a folder named like ours":   {markName: "/", "config.yaml": "mine"},
	} {
		dir := t.TempDir()
		put(t, dir, files)
		before := content(t, dir)
		if _, err := Open(t.Context(), Options{Dir: dir, Listen: "127.0.0.1:0", Log: slog.New(slog.DiscardHandler)}); !errors.Is(err, ErrForeign) {
			t.Errorf("%s was opened: %v", name, err)
		}
		if err := Clear(dir); !errors.Is(err, ErrForeign) {
			t.Errorf("%s was cleared: %v", name, err)
		}
		if after := content(t, dir); !maps.Equal(before, after) {
			t.Errorf("%s was changed to %q", name, slices.Sorted(maps.Keys(after)))
		}
	}
}

func TestAnOwnFolderIsTaken(t *testing.T) {
	t.Parallel()
	for name, files := range map[string]map[string]string{
		"empty":                        {},
		"killed after the mark's name": {markName: ""},
		"killed with the first file":   {markName: markText, "store/lock": ""},
		"a world's":                    with(some(), markName, markText),
		"with somebody's notes":        with(with(some(), markName, markText), "notes.txt", "mine"),
	} {
		dir := t.TempDir()
		put(t, dir, files)
		if err := Claim(dir); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if !isFile(filepath.Join(dir, markName)) {
			t.Errorf("%s has no mark", name)
		}
	}
	if err := Claim(filepath.Join(t.TempDir(), "new", "folder")); err != nil {
		t.Error(err)
	}
}

func TestClearDeletesTheOwnEntriesOnly(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	put(t, dir, with(some(), markName, markText))
	put(t, dir, map[string]string{"notes.txt": "mine", "photos/1.jpg": "mine", "store.deleted/half": "gone"})
	if err := Clear(dir); err != nil {
		t.Fatal(err)
	}
	want := map[string]string{markName: markText, "notes.txt": "mine", "photos/1.jpg": "mine"}
	if got := content(t, dir); !maps.Equal(got, want) {
		t.Errorf("left are %q", got)
	}
	if err := Clear(dir); err != nil {
		t.Error("nothing to clear is no error:", err)
	}
}

func TestClearMakesNoFolder(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "missing")
	if err := Clear(dir); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(dir); !os.IsNotExist(err) {
		t.Error("the folder is there now")
	}
}

// TestLinksLeadNowhere puts links under our names into a folder of ours: what they lead to stays as it is.
func TestLinksLeadNowhere(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"config.yaml", "config.yaml.new", "store", "keys", "past.done"} {
		dir, elsewhere := t.TempDir(), t.TempDir()
		put(t, elsewhere, map[string]string{"lock": "mine"})
		put(t, dir, map[string]string{markName: ""})
		target := elsewhere
		if filepath.Ext(name) != "" {
			target = filepath.Join(elsewhere, "lock")
		}
		if err := os.Symlink(target, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(Claim(dir), Clear(dir)); !errors.Is(err, ErrForeign) {
			t.Errorf("%s as a link was taken: %v", name, err)
		}
		if got := content(t, elsewhere)["lock"]; got != "mine" {
			t.Errorf("what %s leads to is now %q", name, got)
		}
	}
}

func TestReplaceFollowsNoLink(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	put(t, dir, map[string]string{"mine": "mine"})
	path := filepath.Join(dir, "config.yaml")
	for _, name := range []string{path, path + unfinished} {
		if err := os.Symlink(filepath.Join(dir, "mine"), name); err != nil {
			t.Fatal(err)
		}
	}
	if err := replace(path, []byte("ours")); err != nil {
		t.Fatal(err)
	}
	if got := content(t, dir); got["mine"] != "mine" || got["config.yaml"] != "ours" || len(got) != 2 {
		t.Errorf("got %q", got)
	}
}

// TestAWorldUsesKnownNamesOnly opens a world twice: Clear would leave a file of a name that it does not know.
func TestAWorldUsesKnownNamesOnly(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for range 2 {
		w, err := Open(t.Context(), Options{Dir: dir, Listen: "127.0.0.1:0", Server: "127.0.0.1:1", Log: slog.New(slog.DiscardHandler)})
		if err != nil {
			t.Fatal(err)
		}
		if err := Clear(dir); !errors.Is(err, embedded.ErrInUse) {
			t.Errorf("a running world was cleared: %v", err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if err := Clear(dir); err != nil {
		t.Fatal(err)
	}
	if left := content(t, dir); len(left) != 1 {
		t.Errorf("left are %q", slices.Sorted(maps.Keys(left)))
	}
}
