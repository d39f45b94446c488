package store

import (
	"errors"
	"fmt"
	"maps"
	"slices"
)

// ErrKeys says that the keys at hand are not those that the database was written with. To go on would hide all users and
// persons in it, and enter them a second time under keys that open nothing else.
var ErrKeys = errors.New("store: the database was written with other keys")

// keyMarks are made with the keys and kept in the document "about", so that keys which do not belong to the database are
// told before anything is read or written with them. They say nothing of anybody.
type keyMarks struct {
	Seal   string `bson:"seal"`
	Lookup string `bson:"lookup"`
	Proof  string `bson:"proof"`
	Code   string `bson:"code"` // "" after it was removed to replace the key: fits any
}

// markText is the text that the marks are made of.
const markText = "yibao"

// marks makes marks with the primary keys. They are written at each start, so they follow the keys as those are rotated.
func (k *Keyring) marks() (keyMarks, error) {
	sealed, err := k.sealText("about", "marks.seal", aboutID, markText)
	return keyMarks{
		Seal: sealed, Lookup: k.lookupIDs("about", markText)[0], Proof: k.ConsentProof("about", markText),
		Code: k.codeMark(k.code.PrimaryID),
	}, err
}

func (k *Keyring) codeMark(version uint32) string {
	return versioned(version, digest(k.code, version, "about", markText))
}

// fits is ErrKeys, naming the key, unless each mark was made by one of the keys at hand.
//
// The code key is refused like the others, although nothing lasting is made with it. A replica with another code key
// would silently call right codes wrong and use up tries; a start that fails is noticed. To replace a code key that
// leaked or was lost, the operator stops all replicas and removes the mark, as the error says. Codes on their way are
// lost, five minutes' worth.
func (k *Keyring) fits(m keyMarks) error {
	if text, err := k.openText("about", "marks.seal", aboutID, m.Seal); err != nil || text != markText {
		return wrongKey("seal")
	}
	if !slices.Contains(k.lookupIDs("about", markText), m.Lookup) {
		return wrongKey("lookup")
	}
	if !k.VerifyConsentProof(m.Proof, "about", markText) {
		return wrongKey("proof")
	}
	fitsCode := func(version uint32) bool { return k.codeMark(version) == m.Code }
	if m.Code != "" && !slices.ContainsFunc(slices.Collect(maps.Keys(k.code.PRFs)), fitsCode) {
		return fmt.Errorf("%w; or, to replace this key for good, stop all replicas and remove marks.code from the "+
			"document %q of the collection about", wrongKey("code"), aboutID)
	}
	return nil
}

func wrongKey(name string) error {
	return fmt.Errorf("%w: the %s key does not fit it; put back the key file that belongs to this database", ErrKeys, name)
}
