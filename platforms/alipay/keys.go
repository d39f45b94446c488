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

	"yibao/identity"
)

// leastBits is the size that RSA2 demands.
const leastBits = 2048

var (
	errKey   = errors.New("is not an RSA key in PEM or base64")
	errShort = errors.New("has less than 2048 bits")

	// ErrMixedUp says that the app's own public key stands where Alipay's belongs: the classic mistake, after which
	// every answer seems wrongly signed.
	ErrMixedUp = errors.New("alipay: the Alipay public key is the app's own public key; take Alipay's from the console")
	// ErrKeyPair says that what the private key signs does not verify.
	ErrKeyPair = errors.New("alipay: the private key does not sign")
)

// der takes the bytes out of PEM or bare base64. Space around is cut off: a file ends in a newline, and the SDK decides
// by the very first byte.
func der(text string) ([]byte, error) {
	text = strings.TrimSpace(text)
	if strings.HasPrefix(text, "-") {
		block, _ := pem.Decode([]byte(text))
		if block == nil {
			return nil, errKey
		}
		return block.Bytes, nil
	}
	raw, err := base64.StdEncoding.DecodeString(text)
	if err != nil || len(raw) == 0 {
		return nil, errKey
	}
	return raw, nil
}

func parsePrivate(text string) (*rsa.PrivateKey, error) {
	raw, err := der(text)
	if err != nil {
		return nil, err
	}
	key, err := x509.ParsePKCS1PrivateKey(raw)
	if err != nil {
		parsed, err := x509.ParsePKCS8PrivateKey(raw)
		var ok bool
		if key, ok = parsed.(*rsa.PrivateKey); err != nil || !ok {
			return nil, errKey
		}
	}
	if key.N.BitLen() < leastBits {
		return nil, errShort
	}
	return key, nil
}

func parsePublic(text string) (*rsa.PublicKey, error) {
	raw, err := der(text)
	if err != nil {
		return nil, err
	}
	parsed, err := x509.ParsePKIXPublicKey(raw)
	key, ok := parsed.(*rsa.PublicKey)
	if err != nil || !ok {
		return nil, errKey
	}
	if key.N.BitLen() < leastBits {
		return nil, errShort
	}
	return key, nil
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

// Probe signs with the app's private key through the SDK, verifies what came of it, and sees that Alipay's key is not
// the app's own. It needs no network. Errors: identity.ErrNoSuchApp, ErrKeyPair, ErrMixedUp.
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
	if a.private.PublicKey.Equal(a.alipay) {
		return ErrMixedUp
	}
	return nil
}

// ProbeGateway signs in with a code that cannot exist. A signed "no such code" proves the most that can be proved
// without a user: the gateway knows the app, accepts our signature and our clock, and its own signature verifies with
// the configured key. Other errors name the gateway's code or the kind of failure, nothing else.
func (c *Client) ProbeGateway(ctx context.Context, name string) error {
	a, ok := c.apps[name]
	if !ok {
		return identity.ErrNoSuchApp
	}
	raw, err := a.call(ctx, oauthPayload("probe"))
	if err != nil {
		return errors.New("alipay: the gateway gave no answer to believe: " + codeOf(err))
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
