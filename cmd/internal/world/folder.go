package world

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"yibao/store/embedded"
)

// ErrForeign says that a folder holds what no world put there. Nothing in it was touched.
var ErrForeign = errors.New("the folder is not a sandbox's")

// PastDone is the name of the file in which the sandbox notes that its demo users have their past.
const PastDone = "past.done"

// markName is the first file of a folder: files under the names below are then the world's own. The name alone counts, so a
// kill between the making of the file and its text does no harm.
const markName = ".yibao-sandbox"

const markText = "This folder belongs to yibao's sandbox, which writes and deletes in it.\n"

// own are the names that a world, and the sandbox around it, use in their folder, in the order in which Clear deletes
// them. After a kill in between, the world goes on with the rest or clears it again: the note of the past goes before the
// past, and the secrets before the keys that they stand for.
var own = []entry{
	{PastDone, 0}, {"store", fs.ModeDir}, {"outside", fs.ModeDir}, {"secrets.json", 0}, {"keys", fs.ModeDir},
	{"config.yaml", 0}, {"config.past.yaml", 0}, {deleted, fs.ModeDir},
	{"secrets.json" + unfinished, 0}, {"config.yaml" + unfinished, 0}, {"config.past.yaml" + unfinished, 0},
}

const (
	deleted    = "store.deleted" // the store on its way out
	unfinished = ".new"          // a file before it gets its name
)

type entry struct {
	name string
	kind fs.FileMode
}

// Claim makes the folder a world's: a missing or an empty one gets the mark, synced, before anything else is put there.
// One with the mark is taken as it is. Anything else is ErrForeign.
func Claim(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	entries, err := os.ReadDir(dir) // follows dir itself: a data folder may lie on another disk
	switch {
	case err != nil:
		return err
	case isFile(filepath.Join(dir, markName)):
		return checkEntries(dir, entries)
	case len(entries) > 0:
		return fmt.Errorf("%w: %s is not empty and has no %s", ErrForeign, dir, markName)
	}
	return writeMark(dir)
}

// checkEntries wants every entry with one of our names to be of the kind that a world makes, not a link to somewhere else.
// Other entries may lie beside them.
func checkEntries(dir string, entries []fs.DirEntry) error {
	for _, e := range entries {
		at := slices.IndexFunc(own, func(o entry) bool { return o.name == e.Name() })
		if at >= 0 && e.Type() != own[at].kind {
			return fmt.Errorf("%w: %q in %s is not what a sandbox makes under that name", ErrForeign, e.Name(), dir)
		}
	}
	return nil
}

func isFile(path string) bool {
	info, err := os.Lstat(path)
	return err == nil && info.Mode().IsRegular()
}

func writeMark(dir string) error {
	file, err := os.OpenFile(filepath.Join(dir, markName), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return nil // another sandbox makes it at this moment; the store's lock decides between the two
	}
	if err != nil {
		return err
	}
	_, err = file.WriteString(markText)
	if err = errors.Join(err, file.Sync(), file.Close()); err != nil {
		return err
	}
	if folder, err := os.Open(dir); err == nil {
		_ = folder.Sync() // not every system can sync a folder; there it is left
		_ = folder.Close()
	}
	return nil
}

// Clear deletes what a world and the sandbox put into the folder, and nothing else: a missing folder is no error, a
// foreign one is ErrForeign, one that a running world has open is embedded.ErrInUse. The folder and its mark stay.
func Clear(dir string) error {
	if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err := Claim(dir); err != nil {
		return err
	}
	at := func(name string) string { return filepath.Join(dir, name) }
	if _, err := embedded.Holds(at("store")); err != nil {
		return err
	}
	if err := errors.Join(os.RemoveAll(at(PastDone)), os.RemoveAll(at(deleted))); err != nil {
		return err
	}
	// Half a store is no store: it goes by its name at once, then bit by bit.
	if err := os.Rename(at("store"), at(deleted)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	for _, e := range own {
		if err := os.RemoveAll(at(e.name)); err != nil { // of a link, the link alone
			return err
		}
	}
	return nil
}

// replace writes a file whole or not at all, and never through a link that has its name.
func replace(path string, text []byte) error {
	if err := os.Remove(path + unfinished); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	file, err := os.OpenFile(path+unfinished, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = file.Write(text)
	if err = errors.Join(err, file.Close()); err != nil {
		return err
	}
	return os.Rename(path+unfinished, path)
}
