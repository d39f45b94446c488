package identity

import (
	"errors"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

const (
	minTokenKey   = 32 // bytes; HS256 wants a key as long as its digest
	maxTokenBytes = 1024
	maxIDLength   = 128
	tokenVersion  = 1
)

// claims is what a token says. The header is fixed: {"alg":"HS256","typ":"JWT"}.
type claims struct {
	jwt.RegisteredClaims
	SessionID string `json:"sid"`
	Version   int    `json:"ver"`
	StepUp    int64  `json:"sut,omitempty"` // Unix seconds of the last step-up
}

// tokens signs and reads session tokens.
type tokens struct {
	key    []byte
	parser *jwt.Parser
}

func newTokens(key []byte, now func() time.Time) (*tokens, error) {
	if len(key) < minTokenKey {
		return nil, errors.New("identity: the token key needs at least 32 bytes")
	}
	parser := jwt.NewParser(
		jwt.WithValidMethods([]string{jwt.SigningMethodHS256.Alg()}), // never what the token asks for
		jwt.WithExpirationRequired(),
		jwt.WithStrictDecoding(),
		jwt.WithTimeFunc(now),
	)
	return &tokens{key: key, parser: parser}, nil
}

// sign makes the token of a session. Times in a token have whole seconds.
func (t *tokens) sign(s Session, stepUp time.Time) (string, error) {
	c := claims{SessionID: s.ID, Version: tokenVersion}
	c.Subject = s.UserID
	c.ExpiresAt = jwt.NewNumericDate(s.ExpiresAt)
	c.IssuedAt = jwt.NewNumericDate(s.CreatedAt)
	if !stepUp.IsZero() {
		c.StepUp = stepUp.Unix()
	}
	signed, err := jwt.NewWithClaims(jwt.SigningMethodHS256, c).SignedString(t.key)
	if err != nil {
		return "", errors.New("identity: the token cannot be signed")
	}
	return signed, nil
}

// parse returns the claims of a token that we signed and that has not expired; else ErrTokenInvalid, without a reason.
func (t *tokens) parse(token string) (*claims, error) {
	if token == "" || len(token) > maxTokenBytes {
		return nil, ErrTokenInvalid
	}
	c := &claims{}
	parsed, err := t.parser.ParseWithClaims(token, c, func(*jwt.Token) (any, error) { return t.key, nil })
	if err != nil || !parsed.Valid || parsed.Header["typ"] != "JWT" {
		return nil, ErrTokenInvalid
	}
	if c.Version != tokenVersion || !isID(c.Subject) || !isID(c.SessionID) || c.StepUp < 0 {
		return nil, ErrTokenInvalid
	}
	return c, nil
}

func (c *claims) stepUpAt() time.Time {
	if c.StepUp == 0 {
		return time.Time{}
	}
	return time.Unix(c.StepUp, 0)
}

func isID(s string) bool { return s != "" && len(s) <= maxIDLength }
