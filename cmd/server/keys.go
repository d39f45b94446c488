package main

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"yibao/store"
)

// keysCommand groups what makes keys.
type keysCommand struct {
	New keysNewCommand `cmd:"" help:"Make the four key files and the token key in a folder. Existing files are never overwritten."`
}

// keysNewCommand makes a set of keys.
type keysNewCommand struct {
	Dir string `help:"The folder for the files." required:"" type:"path"`
}

// Run makes the files. Keep them apart from each other and from backups of the database.
func (k *keysNewCommand) Run(term *terminal) error {
	if err := os.MkdirAll(k.Dir, 0o700); err != nil {
		return err
	}
	if err := store.NewKeyFiles(k.Dir); err != nil {
		return err
	}
	path := filepath.Join(k.Dir, "token.key")
	if err := newTokenKey(path); err != nil {
		return err
	}
	_, err := fmt.Fprintf(term.stdout, "made seal.json, lookup.json, proof.json, code.json and token.key in %s\n"+
		"Without the four .json files the database cannot be used again: keep copies where no database backup lies.\n"+
		"A lost token.key only signs everybody out.\n", k.Dir)
	return err
}

// newTokenKey writes 52 random characters, about 256 bits. O_EXCL refuses to overwrite; a kill in between leaves a short
// file, which the configuration check refuses.
func newTokenKey(path string) error {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s exists already", path)
	}
	if err != nil {
		return err
	}
	_, err = file.WriteString(rand.Text() + rand.Text() + "\n")
	return errors.Join(err, file.Sync(), file.Close())
}
