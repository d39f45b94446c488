package insurer

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// tifSignature is lower-case hex of SHA-256(timestamp + secret + nonce + timestamp). It does not cover the body: the
// line to the upstream must protect that.
func tifSignature(timestamp, secret, nonce string) string {
	sum := sha256.Sum256([]byte(timestamp + secret + nonce + timestamp))
	return hex.EncodeToString(sum[:])
}

// sign sets the headers of one request; at is the machine's clock, because the upstream compares it with its own. The map
// is written to directly: Header.Set would change the case of the names.
func (a Auth) sign(header http.Header, at time.Time) {
	if a.Scheme == AuthAPIKey {
		header[a.Header] = []string{a.Secret.Reveal()}
		return
	}
	timestamp, nonce := strconv.FormatInt(at.Unix(), 10), newNonce()
	signature := tifSignature(timestamp, a.Secret.Reveal(), nonce)
	if a.Scheme == AuthRIO {
		header["x-rio-paasid"], header["x-rio-timestamp"] = []string{a.PaasID}, []string{timestamp}
		header["x-rio-nonce"], header["x-rio-signature"] = []string{nonce}, []string{strings.ToUpper(signature)}
		return
	}
	header[a.Names.PaasID] = []string{a.PaasID}
	header[a.Names.Timestamp] = []string{timestamp}
	header[a.Names.Nonce] = []string{nonce}
	header[a.Names.Signature] = []string{signature}
	if a.ServiceID != "" {
		header[a.Names.ServiceID] = []string{a.ServiceID}
	}
}

// newNonce returns 32 hex characters, one of the lengths seen in the field.
func newNonce() string {
	var random [16]byte
	_, _ = rand.Read(random[:]) // never fails since Go 1.24
	return hex.EncodeToString(random[:])
}
