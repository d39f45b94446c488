package gm

import (
	"crypto/cipher"
	"crypto/ecdsa"
	"crypto/rand"
	"encoding/asn1"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"math/big"
	"strings"

	"github.com/emmansun/gmsm/sm2"
)

// UserID says what the SM2 signature takes as the signer's identity.
type UserID string

// The user ids seen in the field.
const (
	UserIDDefault UserID = "default" // 1234567812345678, the standard's own
	UserIDSecret  UserID = "secret"  // the app secret
)

// KeyFrom says which characters of the app id make K1, the first key.
type KeyFrom string

// The ways seen in the field.
const (
	KeyFromFirst KeyFrom = "first" // the first 16
	KeyFromEven  KeyFrom = "even"  // the second, fourth, sixth …
)

// Dialect is where the envelope's users differ. The zero value is no dialect: every field has a value, but Escape.
type Dialect struct {
	UserID  UserID  `koanf:"gm_user_id"`
	KeyFrom KeyFrom `koanf:"gm_key_from"`
	Escape  bool    `koanf:"gm_escape"` // characters beyond ASCII are written as \u and four digits before it is encrypted
}

// Errors of Open. A message with one of them says nothing.
var (
	ErrMalformed = errors.New("gm: not an envelope")
	ErrUnsigned  = errors.New("gm: data or signature is missing")
	ErrSignature = errors.New("gm: the signature does not fit")
)

// Codec seals and opens the envelopes between two sides. It is safe for concurrent use.
type Codec struct {
	dialect Dialect
	secret  string
	block   cipher.Block
	ours    *sm2.PrivateKey
	theirs  *ecdsa.PublicKey
	userID  []byte // nil for the default
}

// New reads the keys; its errors are ErrAppID, ErrSecret, ErrPrivate and ErrPublic, all that apply.
func New(keys Keys, dialect Dialect) (*Codec, error) {
	c := &Codec{dialect: dialect, secret: keys.Secret}
	if dialect.UserID == UserIDSecret {
		c.userID = []byte(keys.Secret)
	}
	var errs [3]error
	c.block, errs[0] = blockKey(keys.AppID, keys.Secret, dialect.KeyFrom)
	c.ours, errs[1] = privateKey(keys.Private)
	c.theirs, errs[2] = publicKey(keys.Theirs)
	return c, errors.Join(errs[:]...)
}

// Seal returns the envelope as JSON: the head, the data encrypted, and the signature. Data holds texts, lists and objects
// alone: how a number is written would be part of the signature, and clients differ in it.
func (c *Codec) Seal(head map[string]string, data map[string]any) ([]byte, error) {
	envelope := map[string]any{"data": data, "encType": "SM4", "signType": "SM2"}
	for name, value := range head {
		envelope[name] = value
	}
	if !textsOnly(data) {
		return nil, errors.New("gm: data holds something else than texts")
	}
	signature, err := c.sign(signedText(envelope, c.secret))
	if err != nil {
		return nil, err
	}
	var plain, body strings.Builder
	left, _ := pruned(data) // empty values are not signed, so they are not sent
	write(&plain, left)
	text := plain.String()
	if c.dialect.Escape {
		text = escaped(text)
	}
	delete(envelope, "data")
	envelope["encData"] = strings.ToUpper(hex.EncodeToString(encrypt(c.block, []byte(text))))
	envelope["signData"] = signature
	write(&body, envelope)
	return []byte(body.String()), nil
}

func textsOnly(value any) bool {
	switch v := value.(type) {
	case string:
		return true
	case map[string]any:
		for _, inner := range v {
			if !textsOnly(inner) {
				return false
			}
		}
		return true
	case []any:
		for _, inner := range v {
			if !textsOnly(inner) {
				return false
			}
		}
		return true
	}
	return false
}

// Message is an envelope that was opened.
type Message struct {
	Head map[string]any // all members but encData and signData, unsigned ones (extra) included; numbers as json.Number
	Data []byte         // JSON; nil in a refusal that carries none
}

// Text is a member of the head as text, "" for one that is missing, or neither text nor number.
func (m Message) Text(name string) string {
	switch v := m.Head[name].(type) {
	case string, fmt.Stringer: // json.Number
		return fmt.Sprint(v)
	}
	return ""
}

// Open decrypts and verifies an envelope. It fails closed: data without a fitting signature is never returned, and neither
// is a message of which one of the two is missing. Where both are, the error is ErrUnsigned and the message has its head:
// platforms refuse like that, unsigned.
func (c *Codec) Open(body []byte) (Message, error) {
	value, ok := tree(body)
	envelope, isObject := value.(map[string]any)
	if !ok || !isObject {
		return Message{}, ErrMalformed
	}
	sealed, _ := envelope["encData"].(string)
	signature, _ := envelope["signData"].(string)
	delete(envelope, "data") // in clear, it is neither encrypted nor signed
	if sealed == "" && signature == "" {
		return Message{Head: envelope}, ErrUnsigned
	}
	if sealed == "" || signature == "" {
		return Message{}, ErrUnsigned
	}
	raw, err := hex.DecodeString(sealed)
	plain, ok := decrypt(c.block, raw)
	if err != nil || !ok {
		return Message{}, ErrMalformed
	}
	if envelope["data"], ok = tree(plain); !ok {
		return Message{}, ErrMalformed
	}
	if !c.verify(signedText(envelope, c.secret), signature) {
		return Message{}, ErrSignature
	}
	for _, name := range []string{"data", "encData", "signData"} {
		delete(envelope, name)
	}
	return Message{Head: envelope, Data: plain}, nil
}

// numbers are the two halves of an SM2 signature.
type numbers struct{ R, S *big.Int }

// sign is SM3 with SM2; the signature is r‖s in Base64, 32 bytes each.
func (c *Codec) sign(text string) (string, error) {
	der, err := c.ours.Sign(rand.Reader, []byte(text), sm2.NewSM2SignerOption(true, c.userID))
	var n numbers
	if err == nil {
		_, err = asn1.Unmarshal(der, &n)
	}
	if err != nil {
		return "", fmt.Errorf("gm: %w", err)
	}
	var out [64]byte
	n.R.FillBytes(out[:32])
	n.S.FillBytes(out[32:])
	return base64.StdEncoding.EncodeToString(out[:]), nil
}

func (c *Codec) verify(text, signature string) bool {
	raw, err := base64.StdEncoding.DecodeString(signature)
	if err != nil || len(raw) != 64 {
		return false
	}
	der, err := asn1.Marshal(numbers{new(big.Int).SetBytes(raw[:32]), new(big.Int).SetBytes(raw[32:])})
	return err == nil && sm2.VerifyASN1WithSM2(c.theirs, c.userID, []byte(text), der)
}
