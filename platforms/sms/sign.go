package sms

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
)

// sign returns the X-Signature of a request: see the package comment. A gateway recomputes it over the bytes it got.
func sign(secret, appKey, timestamp, nonce string, body []byte) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(appKey + "\n" + timestamp + "\n" + nonce + "\n"))
	mac.Write(body)
	return hex.EncodeToString(mac.Sum(nil))
}
