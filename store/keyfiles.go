package store

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/insecurecleartextkeyset"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/prf"
	tinkpb "github.com/tink-crypto/tink-go/v2/proto/tink_go_proto"
)

// keysets lists the four keysets in the order that newKeyring expects.
var keysets = []struct {
	name     string
	template func() *tinkpb.KeyTemplate
}{
	{"seal", aead.AES256GCMKeyTemplate},
	{"lookup", prf.HMACSHA256PRFKeyTemplate},
	{"proof", prf.HMACSHA256PRFKeyTemplate},
	{"code", prf.HMACSHA256PRFKeyTemplate},
}

// KeyFiles are the paths of the four keyset files, each Tink's JSON in clear text.
type KeyFiles struct {
	Seal, Lookup, Proof, Code string
}

// In returns the files as NewKeyFiles names them in a folder.
func (KeyFiles) In(dir string) KeyFiles {
	name := func(i int) string { return filepath.Join(dir, keysets[i].name+".json") }
	return KeyFiles{Seal: name(0), Lookup: name(1), Proof: name(2), Code: name(3)}
}

func (f KeyFiles) paths() []string { return []string{f.Seal, f.Lookup, f.Proof, f.Code} }

// LoadKeyring reads the four files and reports all that is wrong with them together. A file that everybody on the
// machine may read is refused; a group may, as secrets mounted into a container are often owned so.
func LoadKeyring(files KeyFiles) (*Keyring, error) {
	handles := make([]*keyset.Handle, len(keysets))
	var problems []error
	for i, path := range files.paths() {
		handle, err := readKeyset(path)
		if err != nil {
			problems = append(problems, fmt.Errorf("store: %s key: %w", keysets[i].name, err))
		}
		handles[i] = handle
	}
	if len(problems) > 0 {
		return nil, errors.Join(problems...)
	}
	return newKeyring(handles)
}

func readKeyset(path string) (*keyset.Handle, error) {
	if path == "" {
		return nil, errors.New("no file given")
	}
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if info.Mode().Perm()&0o007 != 0 && runtime.GOOS != "windows" { // which has no such modes
		return nil, fmt.Errorf("%s has mode %04o and is open to everybody: chmod 600 it", path, info.Mode().Perm())
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	handle, err := insecurecleartextkeyset.Read(keyset.NewJSONReader(bytes.NewReader(text)))
	if err != nil {
		return nil, fmt.Errorf("%s is not a Tink keyset in JSON", path) // Tink's text may quote the file
	}
	return handle, nil
}

// NewKeyFiles makes four new keysets in the folder, mode 0600. It overwrites nothing: when one of the files is there
// already, no file is written. Killed half way it leaves whole files only, and perhaps a hidden one that holds a key never
// used; the next run then refuses and names what is there.
func NewKeyFiles(dir string) error {
	paths := KeyFiles{}.In(dir).paths()
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("store: keys: %w", err)
	}
	for _, path := range paths {
		if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("store: keys: %s is there already; keys are never overwritten", path)
		}
	}
	for i, k := range keysets {
		if err := newKeyFile(paths[i], k.template()); err != nil {
			return fmt.Errorf("store: keys: %w", err)
		}
	}
	return syncDir(dir)
}

// newKeyFile writes a keyset under another name first. Link, unlike rename, fails when the name is taken.
func newKeyFile(path string, template *tinkpb.KeyTemplate) error {
	handle, err := keyset.NewHandle(template)
	if err != nil {
		return err
	}
	var text bytes.Buffer
	if err := insecurecleartextkeyset.Write(handle, keyset.NewJSONWriter(&text)); err != nil {
		return err
	}
	temp, err := os.CreateTemp(filepath.Dir(path), ".new-key-*") // mode 0600
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(temp.Name()) }()
	_, err = temp.Write(text.Bytes())
	if err == nil {
		err = temp.Sync()
	}
	if err := errors.Join(err, temp.Close()); err != nil {
		return err
	}
	return os.Link(temp.Name(), path)
}

// syncDir makes the new names survive a power cut. Windows cannot sync a folder.
func syncDir(dir string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	folder, err := os.Open(dir)
	if err != nil {
		return fmt.Errorf("store: keys: %w", err)
	}
	return errors.Join(folder.Sync(), folder.Close())
}
