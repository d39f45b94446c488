package session

import (
	"errors"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"yibao/identity"
)

const (
	minTokenKey   = 32 // bytes; HS256 wants a key as long as its digest
	maxTokenBytes = 1024
	tokenVersion  = 1
)

// claims are the contents of a token. The header is fixed: {"alg":"HS256","typ":"JWT"}.
type claims struct {
	jwt.RegisteredClaims
	SessionID string `json:"sid"`
	Version   int    `json:"ver"`
}

// tokens signs and reads session tokens.
type tokens struct {
	key    []byte
	parser *jwt.Parser
}

func newTokens(key []byte, now func() time.Time) (*tokens, error) {
	if len(key) < minTokenKey {
		return nil, errors.New("session: the token key needs at least 32 bytes")
	}
	parser := jwt.NewParser(
		jwt.WithValidMethods([]string{jwt.SigningMethodHS256.Alg()}), // the token does not choose
		jwt.WithExpirationRequired(),
		jwt.WithStrictDecoding(),
		jwt.WithTimeFunc(now),
	)
	return &tokens{key: key, parser: parser}, nil
}

// sign makes the token of a session. Times in a token have whole seconds.
func (t *tokens) sign(s identity.Session) (string, error) {
	c := claims{SessionID: s.ID, Version: tokenVersion}
	c.Subject = s.UserID
	c.ExpiresAt = jwt.NewNumericDate(s.ExpiresAt)
	c.IssuedAt = jwt.NewNumericDate(s.CreatedAt)
	signed, err := jwt.NewWithClaims(jwt.SigningMethodHS256, c).SignedString(t.key)
	if err != nil {
		return "", errors.New("session: the token cannot be signed")
	}
	return signed, nil
}

// parse returns the claims of a token that we signed and that has not expired; else identity.ErrTokenInvalid, without a reason.
func (t *tokens) parse(token string) (*claims, error) {
	if token == "" || len(token) > maxTokenBytes {
		return nil, identity.ErrTokenInvalid
	}
	c := &claims{}
	parsed, err := t.parser.ParseWithClaims(token, c, func(*jwt.Token) (any, error) { return t.key, nil })
	if err != nil || !parsed.Valid || parsed.Header["typ"] != "JWT" {
		return nil, identity.ErrTokenInvalid
	}
	if c.Version != tokenVersion || !identity.IsID(c.Subject) || !identity.IsID(c.SessionID) {
		return nil, identity.ErrTokenInvalid
	}
	return c, nil
}
