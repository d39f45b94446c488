package gm

import (
	"crypto/cipher"
	"crypto/ecdsa"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"strings"

	"github.com/emmansun/gmsm/padding"
	"github.com/emmansun/gmsm/sm2"
	"github.com/emmansun/gmsm/sm4"
)

// Keys are one side's credentials. Their texts are secrets, but for the app id and the public key.
type Keys struct {
	AppID  string // issued by the platform; at least 16 characters, 32 where the even ones are taken
	Secret string // issued by the platform; goes into the SM4 key and into the signed text
	// Private is our SM2 key, in Base64: 32 bytes, or 33 with a leading zero.
	Private string
	// Theirs is the other side's public key, in Base64: 65 bytes 04‖X‖Y, or 64 without the 04.
	Theirs string
}

// Errors of New. None repeats a part of a key.
var (
	ErrAppID   = errors.New("gm: the app id is too short for a key")
	ErrSecret  = errors.New("gm: the app secret is missing")
	ErrPrivate = errors.New("gm: the private key is not 32 bytes of an SM2 key in Base64")
	ErrPublic  = errors.New("gm: the platform's public key is not a point of the SM2 curve in Base64")
)

// blockKey is the SM4 key for the data. K1 encrypts the secret; the first 16 characters of the result in upper-case hex are
// the key.
func blockKey(appID, secret string, from KeyFrom) (cipher.Block, error) {
	if secret == "" {
		return nil, ErrSecret
	}
	k1 := appID
	if from == KeyFromEven {
		k1 = everySecond(appID)
	}
	if len(k1) < sm4.BlockSize {
		return nil, ErrAppID
	}
	first, err := sm4.NewCipher([]byte(k1[:sm4.BlockSize]))
	if err != nil {
		return nil, ErrAppID
	}
	key := strings.ToUpper(hex.EncodeToString(encrypt(first, []byte(secret))))
	return sm4.NewCipher([]byte(key[:sm4.BlockSize]))
}

// everySecond takes the second, fourth, sixth … character.
func everySecond(s string) string {
	var b strings.Builder
	for i := 1; i < len(s); i += 2 {
		b.WriteByte(s[i])
	}
	return b.String()
}

// encrypt is SM4 in ECB mode with PKCS #7 padding.
func encrypt(block cipher.Block, plain []byte) []byte {
	padded := padding.NewPKCS7Padding(sm4.BlockSize).Pad(plain)
	for i := 0; i < len(padded); i += sm4.BlockSize {
		block.Encrypt(padded[i:], padded[i:])
	}
	return padded
}

// decrypt undoes encrypt; false where that did not make the bytes.
func decrypt(block cipher.Block, sealed []byte) ([]byte, bool) {
	if len(sealed) == 0 || len(sealed)%sm4.BlockSize != 0 {
		return nil, false
	}
	plain := make([]byte, len(sealed))
	for i := 0; i < len(sealed); i += sm4.BlockSize {
		block.Decrypt(plain[i:], sealed[i:])
	}
	plain, err := padding.NewPKCS7Padding(sm4.BlockSize).Unpad(plain)
	return plain, err == nil
}

func privateKey(text string) (*sm2.PrivateKey, error) {
	raw, err := base64.StdEncoding.DecodeString(strings.TrimSpace(text))
	if err != nil {
		return nil, ErrPrivate
	}
	if len(raw) == 33 && raw[0] == 0 {
		raw = raw[1:]
	}
	key, err := sm2.NewPrivateKey(raw)
	if err != nil {
		return nil, ErrPrivate
	}
	return key, nil
}

func publicKey(text string) (*ecdsa.PublicKey, error) {
	raw, err := base64.StdEncoding.DecodeString(strings.TrimSpace(text))
	if err != nil {
		return nil, ErrPublic
	}
	if len(raw) == 64 {
		raw = append([]byte{4}, raw...)
	}
	key, err := sm2.NewPublicKey(raw)
	if err != nil {
		return nil, ErrPublic
	}
	return key, nil
}
