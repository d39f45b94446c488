package session

import (
	"encoding/base64"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"yibao/identity"
)

var (
	testKey = []byte("0123456789abcdef0123456789abcdef")
	testNow = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
)

func testTokens(t testing.TB) *tokens {
	t.Helper()
	tk, err := newTokens(testKey, func() time.Time { return testNow })
	if err != nil {
		t.Fatal(err)
	}
	return tk
}

func testSession() identity.Session {
	return identity.Session{ID: "s1", UserID: "u1", CreatedAt: testNow, ExpiresAt: testNow.Add(time.Hour)}
}

func signMap(t testing.TB, method jwt.SigningMethod, key any, header, body map[string]any) string {
	t.Helper()
	token := jwt.NewWithClaims(method, jwt.MapClaims(body))
	for k, v := range header {
		token.Header[k] = v
	}
	s, err := token.SignedString(key)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func goodBody() map[string]any {
	return map[string]any{"sub": "u1", "sid": "s1", "ver": 1, "exp": testNow.Add(time.Hour).Unix()}
}

func with(k string, v any) map[string]any {
	b := goodBody()
	if v == nil {
		delete(b, k)
	} else {
		b[k] = v
	}
	return b
}

func TestTokenRoundTrip(t *testing.T) {
	t.Parallel()
	tk := testTokens(t)
	token, err := tk.sign(testSession())
	if err != nil {
		t.Fatal(err)
	}
	c, err := tk.parse(token)
	if err != nil {
		t.Fatal(err)
	}
	if c.Subject != "u1" || c.SessionID != "s1" || !c.ExpiresAt.Equal(testNow.Add(time.Hour)) {
		t.Errorf("claims %+v", c)
	}
}

func TestTokenRefused(t *testing.T) {
	t.Parallel()
	tk := testTokens(t)
	good := signMap(t, jwt.SigningMethodHS256, testKey, nil, goodBody())
	if _, err := tk.parse(good); err != nil {
		t.Fatalf("the pattern of this table is refused: %v", err)
	}
	parts := strings.Split(good, ".")
	forged := base64.RawURLEncoding.EncodeToString([]byte(`{"sub":"u2","sid":"s1","ver":1,"exp":99999999999}`))
	hs := func(body map[string]any) string { return signMap(t, jwt.SigningMethodHS256, testKey, nil, body) }
	for name, token := range map[string]string{
		"empty":           "",
		"noise":           "not a token",
		"two parts":       parts[0] + "." + parts[1],
		"body swapped":    parts[0] + "." + forged + "." + parts[2],
		"no signature":    parts[0] + "." + parts[1] + ".",
		"padded":          good + "=",
		"upper signature": parts[0] + "." + parts[1] + "." + strings.ToUpper(parts[2]),
		"alg none": signMap(t, jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, nil,
			goodBody()),
		"HS512":            signMap(t, jwt.SigningMethodHS512, testKey, nil, goodBody()),
		"alg relabelled":   signMap(t, jwt.SigningMethodHS256, testKey, map[string]any{"alg": "HS384"}, goodBody()),
		"other key":        signMap(t, jwt.SigningMethodHS256, []byte(strings.Repeat("x", 32)), nil, goodBody()),
		"other type":       signMap(t, jwt.SigningMethodHS256, testKey, map[string]any{"typ": "at+jwt"}, goodBody()),
		"type a number":    signMap(t, jwt.SigningMethodHS256, testKey, map[string]any{"typ": 1}, goodBody()),
		"expired":          hs(with("exp", testNow.Unix())),
		"no expiry":        hs(with("exp", nil)),
		"expiry a text":    hs(with("exp", "tomorrow")),
		"not yet":          hs(with("nbf", testNow.Add(time.Hour).Unix())),
		"no subject":       hs(with("sub", nil)),
		"subject a number": hs(with("sub", 7)),
		"long subject":     hs(with("sub", strings.Repeat("u", 129))),
		"no session":       hs(with("sid", nil)),
		"session a list":   hs(with("sid", []string{"s1"})),
		"no version":       hs(with("ver", nil)),
		"next version":     hs(with("ver", 2)),
		"huge":             hs(with("pad", strings.Repeat("p", 2000))),
	} {
		if c, err := tk.parse(token); !errors.Is(err, identity.ErrTokenInvalid) || c != nil {
			t.Errorf("%s: got %v, %v", name, c, err)
		}
	}
}

func TestTokenKeyLength(t *testing.T) {
	t.Parallel()
	if _, err := newTokens(testKey[:31], time.Now); err == nil {
		t.Error("a short key was taken")
	}
}

func FuzzTokenParse(f *testing.F) {
	tk := testTokens(f)
	good, err := tk.sign(testSession())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add("")
	f.Add("a.b.c")
	f.Add(good[:len(good)-2])
	f.Add(signMap(f, jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, nil, goodBody()))
	f.Fuzz(func(t *testing.T, token string) {
		c, err := tk.parse(token)
		if err != nil {
			if err != identity.ErrTokenInvalid || c != nil {
				t.Fatalf("got %v, %v", c, err)
			}
			return
		}
		// Nothing but our own signing yields a token: what parses must be signed by the key.
		method := jwt.SigningMethodHS256
		i := strings.LastIndexByte(token, '.')
		sig, err := base64.RawURLEncoding.Strict().DecodeString(token[i+1:])
		if err != nil || method.Verify(token[:i], sig, testKey) != nil {
			t.Fatal("an unsigned token was taken")
		}
	})
}
