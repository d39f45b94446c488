package setting

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"unicode/utf8"
)

// maxFile bounds a file that the configuration names; keys are a few KB.
const maxFile = 64 << 10

// ReadFile reads a text that the configuration names. Its error names the file and the cause in one sentence.
//
// A device or a pipe could be read for ever, so it takes regular files alone. A byte order mark is an error: it would
// become a part of the value.
func ReadFile(path string) ([]byte, error) {
	full, err := filepath.Abs(path)
	if err != nil {
		full = path
	}
	info, err := os.Stat(full)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("there is no file %s", full)
	case errors.Is(err, fs.ErrPermission):
		return nil, fmt.Errorf("this user may not look into the folder of %s", full)
	case err != nil:
		return nil, fmt.Errorf("%s cannot be read", full)
	case info.IsDir():
		return nil, fmt.Errorf("%s is a folder", full)
	case !info.Mode().IsRegular() || info.Size() > maxFile:
		return nil, fmt.Errorf("%s is no file of at most 64 KB", full)
	}
	text, err := os.ReadFile(full)
	switch {
	case errors.Is(err, fs.ErrPermission):
		return nil, fmt.Errorf("this user may not read %s", full)
	case err != nil:
		return nil, fmt.Errorf("%s cannot be read", full)
	}
	return text, wrap(full, CheckText(text))
}

// ReadSecret is ReadFile for a file that holds a secret. It refuses one that everybody on the machine may read or write; a
// group may, as secrets mounted into a container are often owned so.
func ReadSecret(path string) ([]byte, error) {
	text, err := ReadFile(path)
	if err != nil {
		return nil, err
	}
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("%s cannot be read", path)
	}
	if OpenToAll(info) {
		if full, err := filepath.Abs(path); err == nil {
			path = full
		}
		return nil, fmt.Errorf("%s is open to everybody on this machine (mode %04o): chmod 600 it", path, info.Mode().Perm())
	}
	return text, nil
}

// OpenToAll says whether everybody on the machine may read or write the file. Windows has no such modes.
func OpenToAll(info fs.FileInfo) bool {
	return info.Mode().Perm()&0o007 != 0 && runtime.GOOS != "windows"
}

func wrap(path string, err error) error {
	if err != nil {
		return fmt.Errorf("%s %w", path, err)
	}
	return nil
}

// CheckText refuses a text that is not plain UTF-8, as editors of Windows save it.
func CheckText(text []byte) error {
	switch {
	case bytes.HasPrefix(text, []byte("\xff\xfe")), bytes.HasPrefix(text, []byte("\xfe\xff")):
		return errors.New("is UTF-16: save it as UTF-8 without a byte order mark (BOM)")
	case bytes.HasPrefix(text, []byte("\ufeff")):
		return errors.New("begins with a byte order mark (BOM): save it as UTF-8 without one")
	case !utf8.Valid(text):
		return errors.New("is not UTF-8: save it as UTF-8")
	}
	return nil
}
