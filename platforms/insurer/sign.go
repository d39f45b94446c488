package insurer

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strconv"
	"time"
)

// tifSignature is lower-case hex of SHA-256(timestamp + secret + nonce + timestamp). It does not cover the body: the
// line to the upstream must protect that.
func tifSignature(timestamp, secret, nonce string) string {
	sum := sha256.Sum256([]byte(timestamp + secret + nonce + timestamp))
	return hex.EncodeToString(sum[:])
}

// sign sets the headers of one request; at is the machine's clock, because the upstream compares it with its own.
func (a Auth) sign(header http.Header, at time.Time) {
	if a.Scheme == AuthAPIKey {
		header.Set(a.Header, a.Secret.Reveal())
		return
	}
	timestamp, nonce := strconv.FormatInt(at.Unix(), 10), newNonce()
	header.Set("x-tif-paasid", a.PaasID)
	header.Set("x-tif-timestamp", timestamp)
	header.Set("x-tif-nonce", nonce)
	header.Set("x-tif-signature", tifSignature(timestamp, a.Secret.Reveal(), nonce))
	if a.ServiceID != "" {
		header.Set("x-tif-serviceId", a.ServiceID)
	}
}

// newNonce returns 32 hex characters, one of the lengths seen in the field.
func newNonce() string {
	var random [16]byte
	_, _ = rand.Read(random[:]) // never fails since Go 1.24
	return hex.EncodeToString(random[:])
}
