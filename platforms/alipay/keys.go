package alipay

import (
	"context"
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"strings"

	"yibao/config/setting"
	"yibao/identity"
)

// leastBits is the size that RSA2 demands.
const leastBits = 2048

var (
	errMissing     = errors.New("is missing")
	errKey         = errors.New("is not an RSA key in PEM or base64")
	errShort       = errors.New("has less than 2048 bits")
	errCertificate = errors.New("is a certificate, not a key: the app must use Alipay's mode of public keys, not that of certificates")
	errSealed      = errors.New("is sealed with a password: write it out without one")
	errKind        = errors.New("is a key, but none of RSA")
	errPublic      = errors.New("is a public key")
	errPrivate     = errors.New("is a private key")
	// errMixedUp is the classic mistake, after which every answer seems wrongly signed.
	errMixedUp = errors.New("is the app's own public key, not Alipay's")

	// ErrKeyPair says that what the private key signs does not verify.
	ErrKeyPair = errors.New("alipay: the private key does not sign")
)

// der takes the bytes out of PEM or bare base64. Space around is cut off: a file ends in a newline, and the SDK decides
// by the very first byte.
func der(text string) ([]byte, error) {
	text = strings.TrimSpace(text)
	if text == "" {
		return nil, errMissing
	}
	if err := setting.CheckText([]byte(text)); err != nil {
		return nil, err
	}
	if strings.HasPrefix(text, "-") {
		block, _ := pem.Decode([]byte(text))
		if block == nil {
			return nil, errKey
		}
		if strings.Contains(block.Type, "ENCRYPTED") || block.Headers["DEK-Info"] != "" {
			return nil, errSealed
		}
		return block.Bytes, nil
	}
	raw, err := base64.StdEncoding.DecodeString(text)
	if err != nil || len(raw) == 0 {
		return nil, errKey
	}
	return raw, nil
}

// parse reads any of the things that are mistaken for one another.
func parse(text string) (any, error) {
	raw, err := der(text)
	if err != nil {
		return nil, err
	}
	if key, err := x509.ParsePKCS1PrivateKey(raw); err == nil {
		return key, nil
	}
	if key, err := x509.ParsePKCS8PrivateKey(raw); err == nil {
		return key, nil
	}
	if key, err := x509.ParsePKIXPublicKey(raw); err == nil {
		return key, nil
	}
	if _, err := x509.ParseCertificate(raw); err == nil {
		return nil, errCertificate
	}
	return nil, errKey
}

func parsePrivate(text string) (*rsa.PrivateKey, error) {
	parsed, err := parse(text)
	if err != nil {
		return nil, err
	}
	switch key := parsed.(type) {
	case *rsa.PrivateKey:
		return key, longEnough(&key.PublicKey)
	case *rsa.PublicKey:
		return nil, errPublic
	}
	return nil, errKind
}

func parsePublic(text string) (*rsa.PublicKey, error) {
	parsed, err := parse(text)
	if err != nil {
		return nil, err
	}
	switch key := parsed.(type) {
	case *rsa.PublicKey:
		return key, longEnough(key)
	case *rsa.PrivateKey:
		return nil, errPrivate
	}
	return nil, errKind
}

func longEnough(key *rsa.PublicKey) error {
	if key.N.BitLen() < leastBits {
		return errShort
	}
	return nil
}

// encodePrivate writes the key the one way the SDK reads without guessing.
func encodePrivate(key *rsa.PrivateKey) string {
	return base64.StdEncoding.EncodeToString(x509.MarshalPKCS1PrivateKey(key))
}

func encodePublic(key *rsa.PublicKey) string {
	raw, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		return "" // not for an *rsa.PublicKey; the SDK would refuse the empty text
	}
	return base64.StdEncoding.EncodeToString(raw)
}

// Probe signs with the app's private key through the SDK, and verifies what came of it. It needs no network. Errors:
// identity.ErrNoSuchApp, ErrKeyPair.
func (c *Client) Probe(_ context.Context, name string) error {
	a, ok := c.apps[name]
	if !ok {
		return identity.ErrNoSuchApp
	}
	text := []byte("app_id=" + a.appID + "&probe=1")
	signature, err := a.sdk.SignBytes(text)
	if err != nil || verify(&a.private.PublicKey, text, signature) != nil {
		return ErrKeyPair
	}
	return nil
}

// ProbeGateway signs in with a code that cannot exist. A signed "no such code" proves the most that can be proved
// without a user: the gateway knows the app_id, accepts our signature and our clock, and its own signature verifies with
// the configured key. That it does not know the app_id it can only say unsigned. Other errors name the gateway's code or the kind of failure, nothing else.
func (c *Client) ProbeGateway(ctx context.Context, name string) error {
	a, ok := c.apps[name]
	if !ok {
		return identity.ErrNoSuchApp
	}
	raw, err := a.call(ctx, oauthPayload("probe"))
	switch code := codeOf(err); {
	case err != nil && refusedUnsigned[code]:
		return errors.New("alipay: the gateway refuses the app: " + code)
	case err != nil:
		return errors.New("alipay: the gateway gave no answer to believe: " + code)
	}
	account, err := decodeOAuth(raw)
	if err != nil {
		return err
	}
	if account.SubCode != codeInvalid {
		return errors.New("alipay: the gateway refuses the app: " + account.code())
	}
	return nil
}

// verify checks an RSA2 signature.
func verify(key *rsa.PublicKey, data, signature []byte) error {
	sum := sha256.Sum256(data)
	return rsa.VerifyPKCS1v15(key, crypto.SHA256, sum[:], signature)
}
