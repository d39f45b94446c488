package sms

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

// Sign returns the X-Signature of a request: see the package comment. A gateway recomputes it over the bytes it got.
func Sign(secret, appKey, timestamp, nonce string, body []byte) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(appKey + "\n" + timestamp + "\n" + nonce + "\n"))
	mac.Write(body)
	return hex.EncodeToString(mac.Sum(nil))
}

// NormalisePhone returns the eleven digits of a mobile number of mainland China, without 86, +86 or 0086 in front;
// else ErrPhone. Spaces and hyphens between digits are dropped: registers keep them.
func NormalisePhone(phone string) (string, error) {
	number := strings.NewReplacer(" ", "", "-", "").Replace(phone)
	if len(number) > 11 {
		for _, prefix := range []string{"+86", "0086", "86"} {
			if rest, ok := strings.CutPrefix(number, prefix); ok {
				number = rest
				break
			}
		}
	}
	if len(number) != 11 || number[0] != '1' || number[1] < '3' || number[1] > '9' {
		return "", ErrPhone
	}
	if strings.Trim(number, "0123456789") != "" {
		return "", ErrPhone
	}
	return number, nil
}
