package store

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/tink-crypto/tink-go/v2/insecurecleartextkeyset"
	"github.com/tink-crypto/tink-go/v2/keyset"

	"yibao/identity"
)

func testKeys(t testing.TB) *Keyring {
	t.Helper()
	keys, err := NewTestKeyring()
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

func TestSealing(t *testing.T) {
	t.Parallel()
	keys := testKeys(t)
	sealed, err := keys.sealText("persons", "name", "p1", "测试甲")
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(sealed, "测试") {
		t.Error("the text is in it")
	}
	tampered := sealed[:len(sealed)-6] + "AAAAAA"
	for name, c := range map[string]struct {
		keys                  *Keyring
		collection, field, id string
		sealed                string
		want                  string
		err                   error
	}{
		"as sealed":          {keys, "persons", "name", "p1", sealed, "测试甲", nil},
		"another collection": {keys, "link_attempts", "name", "p1", sealed, "", ErrUnreadable},
		"another field":      {keys, "persons", "id_number", "p1", sealed, "", ErrUnreadable},
		"another document":   {keys, "persons", "name", "p2", sealed, "", ErrUnreadable},
		"tampered":           {keys, "persons", "name", "p1", tampered, "", ErrUnreadable},
		"with a line end":    {keys, "persons", "name", "p1", sealed + "\n", "", ErrUnreadable},
		"cut off":            {keys, "persons", "name", "p1", sealed[:7], "", ErrUnreadable},
		"another key":        {testKeys(t), "persons", "name", "p1", sealed, "", ErrUnreadable},
		"nothing":            {keys, "persons", "name", "p1", "", "", nil},
	} {
		got, err := c.keys.openText(c.collection, c.field, c.id, c.sealed)
		if got != c.want || !errors.Is(err, c.err) {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
	again, err := keys.sealText("persons", "name", "p1", "测试甲")
	if err != nil || again == sealed {
		t.Error("sealing twice gives the same bytes:", err)
	}
}

// insured is the hash of a document under the primary key, without the key's version.
func insured(keys *Keyring, idType, number string) string {
	_, hash, _ := strings.Cut(keys.Insured(identity.Claim{IDType: idType, IDNumber: number})[0], ":")
	return hash
}

func TestDigests(t *testing.T) {
	t.Parallel()
	keys := testKeys(t)
	hex64 := regexp.MustCompile(`^[0-9a-f]{64}$`)
	seen := map[string]bool{}
	for _, d := range []string{
		insured(keys, "01", "A"), insured(keys, "0", "1A"), insured(keys, "", ""), keys.Subject("01", "A"),
		keys.Subject("phone", strings.Repeat("1", 500)), insured(testKeys(t), "01", "A"),
	} {
		if !hex64.MatchString(d) || seen[d] {
			t.Errorf("digest %q", d)
		}
		seen[d] = true
	}
	if first, again := keys.Insured(identity.Claim{Name: "A"}), keys.Insured(identity.Claim{Name: "A"}); !slices.Equal(first, again) {
		t.Error("not the same twice")
	}
	if a, b := keys.Code("a", "123456"), keys.Code("b", "123456"); len(a) != digestLen || bytes.Equal(a, b) {
		t.Error("one code of two attempts:", a, b)
	}
	proof := keys.ConsentProof("v1", "link")
	if !keys.VerifyConsentProof(proof, "v1", "link") || keys.VerifyConsentProof(proof, "v1l", "ink") {
		t.Error("consent proof")
	}
}

// rotated adds a key to each keyset: first as a spare, then as the primary.
func rotated(t *testing.T, dir string) (before, spare, after *Keyring) {
	t.Helper()
	var old, mid, last []*keyset.Handle
	for _, path := range (KeyFiles{}).In(dir).paths() {
		handle, err := readKeyset(path)
		if err != nil {
			t.Fatal(err)
		}
		old = append(old, handle)
		manager := keyset.NewManagerFromHandle(handle)
		id, err := manager.Add(keysets[len(old)-1].template())
		if err != nil {
			t.Fatal(err)
		}
		middle, err := manager.Handle()
		if err != nil {
			t.Fatal(err)
		}
		mid = append(mid, middle)
		if err := manager.SetPrimary(id); err != nil {
			t.Fatal(err)
		}
		final, err := manager.Handle()
		if err != nil {
			t.Fatal(err)
		}
		last = append(last, final)
	}
	rings := make([]*Keyring, 3)
	for i, handles := range [][]*keyset.Handle{old, mid, last} {
		var err error
		if rings[i], err = newKeyring(handles); err != nil {
			t.Fatal(err)
		}
	}
	return rings[0], rings[1], rings[2]
}

func TestRotation(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := NewKeyFiles(dir); err != nil {
		t.Fatal(err)
	}
	before, spare, after := rotated(t, dir)
	for name, pair := range map[string][2]*Keyring{"spare": {before, spare}, "new primary": {before, after}, "mixed": {after, spare}} {
		sealed, err := pair[0].sealText("c", "f", "i", "text")
		if err != nil {
			t.Fatal(err)
		}
		if text, err := pair[1].openText("c", "f", "i", sealed); err != nil || text != "text" {
			t.Errorf("%s: %q %v", name, text, err)
		}
		if !pair[1].VerifyConsentProof(pair[0].ConsentProof("a"), "a") {
			t.Errorf("%s: consent proof", name)
		}
	}
	old, both := before.lookupIDs("person", "01", "A"), after.lookupIDs("person", "01", "A")
	if len(old) != 1 || len(both) != 2 || both[1] != old[0] || both[0] == old[0] {
		t.Errorf("ids: %v then %v", old, both)
	}
}

func TestKeyFiles(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "keys")
	if err := NewKeyFiles(dir); err != nil {
		t.Fatal(err)
	}
	files := KeyFiles{}.In(dir)
	first, err := LoadKeyring(files)
	if err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 4 {
		t.Fatal("files:", entries, err)
	}
	for _, entry := range entries {
		if info, err := entry.Info(); err != nil || info.Mode().Perm() != 0o600 {
			t.Error(entry.Name(), info.Mode(), err)
		}
	}
	if err := NewKeyFiles(dir); err == nil || !strings.Contains(err.Error(), "seal.json") {
		t.Error("overwrites:", err)
	}
	if err := os.Remove(files.Seal); err != nil {
		t.Fatal(err)
	}
	if err := NewKeyFiles(dir); err == nil {
		t.Error("one is missing and was made anew beside the old ones")
	}
	if _, err := os.Stat(files.Seal); err == nil {
		t.Error("a file was written in spite of the refusal")
	}
	files.Seal = files.Lookup
	if _, err := LoadKeyring(files); err == nil || !strings.Contains(err.Error(), "seal key") {
		t.Error("a lookup key passes for a seal key:", err)
	}
	if first == nil {
		t.Error("no keyring")
	}
}

// TestLoadKeyringReportsAll: all problems at once, by name, and nothing of the files' content.
func TestLoadKeyringReportsAll(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := NewKeyFiles(dir); err != nil {
		t.Fatal(err)
	}
	files := KeyFiles{}.In(dir)
	if err := os.Chmod(files.Seal, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(files.Lookup, []byte(`{"primaryKeyId":"topsecret"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	files.Proof = filepath.Join(dir, "absent.json")
	files.Code = ""
	_, err := LoadKeyring(files)
	if err == nil {
		t.Fatal("loaded")
	}
	for _, part := range []string{"seal key", "chmod 600", "lookup key", "not a Tink keyset", "proof key", "absent.json", "code key", "no file given"} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("%q does not say %q", err, part)
		}
	}
	if strings.Contains(err.Error(), "topsecret") {
		t.Error("the file's content is in the error")
	}
}

// TestKeyFilesAreTinkJSON: other Tink tools can read what we write.
func TestKeyFilesAreTinkJSON(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := NewKeyFiles(dir); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(KeyFiles{}.In(dir).Code)
	if err != nil {
		t.Fatal(err)
	}
	handle, err := insecurecleartextkeyset.Read(keyset.NewJSONReader(bytes.NewReader(text)))
	if err != nil || handle.Len() != 1 {
		t.Error(err)
	}
}

func FuzzOpenSealed(f *testing.F) {
	keys := testKeys(f)
	sealed, err := keys.sealText("persons", "name", "p1", "测试甲")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(sealed, "p1")
	f.Add(sealed[:5], "p1")
	f.Add("AQAAAAA=", "")
	f.Fuzz(func(t *testing.T, blob, id string) {
		text, err := keys.openText("persons", "name", id, blob)
		switch {
		case blob == "":
			if text != "" || err != nil {
				t.Error("nothing opens to something")
			}
		case blob == sealed && id == "p1":
			if text != "测试甲" || err != nil {
				t.Error("does not open:", err)
			}
		case !errors.Is(err, ErrUnreadable) || text != "":
			t.Error("a forgery opens")
		}
	})
}
