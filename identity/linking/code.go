package linking

import (
	"crypto/rand"
	"crypto/subtle"
	"fmt"
	"math/big"

	"yibao/identity/document"
)

const codeDigits = 6

var codeRange = big.NewInt(1_000_000)

// newCode makes a one-time code: six digits, each of the million equally likely (rand.Int rejects, it does not fold).
func newCode() string {
	n, err := rand.Int(rand.Reader, codeRange)
	if err != nil {
		// Since Go 1.24 crypto/rand ends the program rather than fail.
		panic("linking: no randomness")
	}
	return fmt.Sprintf("%0*d", codeDigits, n)
}

// cleanCode accepts the forms that phones give a code: full-width digits and blanks. False for what can never be a code.
func cleanCode(s string) (string, bool) {
	if len(s) > 64 {
		return "", false
	}
	code := document.Plain(s)
	for _, r := range code {
		if r < '0' || r > '9' {
			return "", false
		}
	}
	return code, len(code) == codeDigits
}

// sameCode compares in constant time; before the first code nothing is equal.
func sameCode(stored, given []byte) bool {
	return len(stored) > 0 && subtle.ConstantTimeCompare(stored, given) == 1
}
