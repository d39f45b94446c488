package store

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/prf"
	"github.com/tink-crypto/tink-go/v2/tink"

	"yibao/identity"
	"yibao/identity/document"
)

// Keyring holds the four keysets. Keep them apart from each other and from backups of the database.
//
//   - seal (AES-256-GCM) opens the personal data in the documents.
//   - lookup (HMAC-SHA256) makes the keyed hashes that personal data is found by. Who holds it and a copy of the database
//     can enumerate the ID numbers of a region in seconds, and so learn who is in it: guard it like the seal key.
//   - proof (HMAC-SHA256) proves later that a consent was recorded as it stands.
//   - code (HMAC-SHA256) hashes one-time codes, which are short enough to be guessed without it.
//
// Every keyset may hold older keys beside the primary one: sealed data opens with any of them, people are found by any
// of them, and what is written is written with the primary. To rotate the lookup key, first give every process the
// keyset with the new key not primary, then make it primary.
type Keyring struct {
	seal   tink.AEAD
	lookup *prf.Set
	proof  *prf.Set
	code   *prf.Set
}

var _ identity.Digests = (*Keyring)(nil)

// digestLen is the length of every keyed hash in bytes; as hex it is twice that.
const digestLen = sha256.Size

// NewTestKeyring makes keys that live in memory only: what they sealed is lost with the process.
func NewTestKeyring() (*Keyring, error) {
	handles := make([]*keyset.Handle, len(keysets))
	for i, k := range keysets {
		handle, err := keyset.NewHandle(k.template())
		if err != nil {
			return nil, fmt.Errorf("store: %s key: %w", k.name, err)
		}
		handles[i] = handle
	}
	return newKeyring(handles)
}

// newKeyring builds the keyring of handles in the order of keysets.
func newKeyring(handles []*keyset.Handle) (*Keyring, error) {
	var k Keyring
	var err error
	if k.seal, err = aead.New(handles[0]); err != nil {
		return nil, errors.New("store: seal key: not an AEAD keyset")
	}
	for i, target := range []**prf.Set{&k.lookup, &k.proof, &k.code} {
		if *target, err = prf.NewPRFSet(handles[i+1]); err != nil {
			return nil, fmt.Errorf("store: %s key: not a PRF keyset", keysets[i+1].name)
		}
	}
	return &k, nil
}

// Insured is the keyed hash of a claim's document and folded name under each version of the lookup key, the primary one first.
func (k *Keyring) Insured(c identity.Claim) []string {
	return k.lookupIDs("insured", c.IDType, c.IDNumber, document.FoldName(c.Name))
}

// Subject is the keyed hash of something that is counted; 64 hex digits.
func (k *Keyring) Subject(kind, value string) string {
	return hex.EncodeToString(digest(k.lookup, k.lookup.PrimaryID, "subject", kind, value))
}

// Code is the keyed hash of a one-time code; it holds for one attempt only.
func (k *Keyring) Code(attemptID, code string) []byte {
	return digest(k.code, k.code.PrimaryID, "code", attemptID, code)
}

// ConsentProof is a keyed hash over the parts of a consent record; 64 hex digits after the key's version.
func (k *Keyring) ConsentProof(parts ...string) string {
	return versioned(k.proof.PrimaryID, digest(k.proof, k.proof.PrimaryID, append([]string{"consent"}, parts...)...))
}

// VerifyConsentProof says whether the proof is of these parts, with whichever key it was made.
func (k *Keyring) VerifyConsentProof(proof string, parts ...string) bool {
	for id := range k.proof.PRFs {
		expected := versioned(id, digest(k.proof, id, append([]string{"consent"}, parts...)...))
		if hmac.Equal([]byte(expected), []byte(proof)) {
			return true
		}
	}
	return false
}

// documentMarks are the marks of a document of the collection under each version of the proof key, the primary's first.
func (k *Keyring) documentMarks(collection string, elements []string) []string {
	return allVersions(k.proof, append([]string{"document", collection}, elements...)...)
}

// lookupIDs returns the _id that the parts have under each key version, the primary's first.
func (k *Keyring) lookupIDs(parts ...string) []string { return allVersions(k.lookup, parts...) }

func allVersions(set *prf.Set, parts ...string) []string {
	versions := slices.Sorted(maps.Keys(set.PRFs))
	versions = slices.DeleteFunc(versions, func(id uint32) bool { return id == set.PrimaryID })
	ids := []string{versioned(set.PrimaryID, digest(set, set.PrimaryID, parts...))}
	for _, version := range versions {
		ids = append(ids, versioned(version, digest(set, version, parts...)))
	}
	return ids
}

// versioned writes "version:hash", both in hex.
func versioned(version uint32, hash []byte) string { return fmt.Sprintf("%08x:%x", version, hash) }

// digest is the keyed hash of the parts. Lengths go in too, so that no two lists of parts are the same bytes.
func digest(set *prf.Set, version uint32, parts ...string) []byte {
	var input []byte
	for _, part := range parts {
		input = binary.BigEndian.AppendUint32(input, uint32(len(part)))
		input = append(input, part...)
	}
	sum, err := set.PRFs[version].ComputePRF(input, digestLen)
	if err != nil {
		panic("store: keyed hash: " + err.Error()) // only for a length that HMAC-SHA256 does not have
	}
	return sum
}

// sealText seals a field of a document, in base64. The empty text stays empty: whether a platform gave an id is no secret.
func (k *Keyring) sealText(collection, field, id, text string) (string, error) {
	if text == "" {
		return "", nil
	}
	sealed, err := k.seal.Encrypt([]byte(text), sealContext(collection, field, id))
	return base64.StdEncoding.EncodeToString(sealed), err
}

// openText opens a text that sealText made for the same collection, field and document; anything else is ErrUnreadable.
func (k *Keyring) openText(collection, field, id, sealed string) (string, error) {
	if sealed == "" {
		return "", nil
	}
	raw, err := base64.StdEncoding.DecodeString(sealed)
	if err != nil || base64.StdEncoding.EncodeToString(raw) != sealed { // the decoder passes over line ends
		return "", ErrUnreadable
	}
	text, err := k.seal.Decrypt(raw, sealContext(collection, field, id))
	if err != nil {
		return "", ErrUnreadable
	}
	return string(text), nil
}

// sealContext binds a sealed value to its place, so that it cannot be moved to another person's document. Neither
// collections nor fields have a zero byte in their names.
func sealContext(collection, field, id string) []byte {
	return []byte(collection + "\x00" + field + "\x00" + id)
}
