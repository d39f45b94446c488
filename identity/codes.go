package identity

import (
	"crypto/rand"
	"crypto/subtle"
	"fmt"
	"math/big"
	"strings"
)

const codeDigits = 6

var codeRange = big.NewInt(1_000_000)

// newCode makes a one-time code: six digits, each of the million equally likely (rand.Int rejects, it does not fold).
func newCode() string {
	n, err := rand.Int(rand.Reader, codeRange)
	if err != nil {
		// Since Go 1.24 crypto/rand ends the program rather than fail.
		panic("identity: no randomness")
	}
	return fmt.Sprintf("%0*d", codeDigits, n)
}

// cleanCode accepts what phones make of a code: full-width digits and spaces. False for what can never be a code.
func cleanCode(s string) (string, bool) {
	if len(s) > 64 {
		return "", false
	}
	code := strings.Map(foldID, s)
	return code, len(code) == codeDigits && isDigits(code)
}

// sameCode compares in constant time; before the first code nothing is equal.
func sameCode(stored, given []byte) bool {
	return len(stored) > 0 && subtle.ConstantTimeCompare(stored, given) == 1
}

// newAttemptIDs makes the id of an attempt and that of its link to be. They share their random part, so that ending a
// link finds the attempt that may still be writing it.
func newAttemptIDs() (attemptID, linkID string) {
	random := rand.Text()
	return attemptPrefix + random, linkPrefix + random
}

const (
	attemptPrefix = "a"
	linkPrefix    = "l"
)

// attemptOf returns the id of the attempt that wrote the link.
func attemptOf(linkID string) string {
	return attemptPrefix + strings.TrimPrefix(linkID, linkPrefix)
}

// linkOf returns the id of the link that the attempt writes, unless the user has one that it renews.
func linkOf(attemptID string) string {
	return linkPrefix + strings.TrimPrefix(attemptID, attemptPrefix)
}
