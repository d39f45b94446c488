package alipay

import (
	"crypto/rand"
	"crypto/rsa"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"unicode/utf8"
)

var answers = []string{
	`{"code":"10000"}`, `{"code":40004,"sub_code":"USER_TEMPLATE_ILLEGAL"}`, `{"code":true}`, `{"code":10000.0}`, "{\"code\":\"10000\",\"msg\":\"a\nb\"}", `null`, `[]`, ``,
	`{"access_token":"a","open_id":"o","expires_in":"1"}`, `{"subscribe_relations":[{"template_id":"t","subscribe_state":1}]}`,
}

func FuzzDecodeAnswers(f *testing.F) {
	for _, a := range answers {
		f.Add([]byte(a))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		if sent, err := decodeSend(raw); err == nil {
			v := verdictOf(sent)
			if (v.kind == "accepted") != (sent.Code == "10000") {
				t.Fatal("accepted by another code")
			}
			if len(sent.code()) > 129 {
				t.Fatal("a code without end")
			}
		}
		_, _ = decodeOAuth(raw)
		if relations, err := decodeRelations(raw); err == nil {
			relations.subscribed("t")
		}
	})
}

var fuzzKey = sync.OnceValue(func() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return key
})

func FuzzNothingIsBelievedWithoutASignature(f *testing.F) {
	for _, body := range []string{`{"m_response":{"code":"10000"},"sign":"AAAA"}`, `{"error_response":{"code":"1"},"sign":"\/\u003d"}`,
		`{"error_response":null,"sign":null}`, "{\"m_response\":{\"code\":\"1\",\"msg\":\"a\nb\"}}"} {
		f.Add([]byte(body))
	}
	a := &app{alipay: &fuzzKey().PublicKey}
	f.Fuzz(func(t *testing.T, body []byte) {
		node, code := a.believed(body, "m_response")
		if node != nil || code == "" {
			t.Fatal("believed what nobody signed")
		}
		if len(code) > 140 || strings.ContainsAny(code, " \r\n") {
			t.Fatalf("code %q", code)
		}
	})
}

func FuzzValue(f *testing.F) {
	f.Add("余额")
	f.Add("a\nb")
	f.Fuzz(func(t *testing.T, text string) {
		if fits(text) && (!utf8.ValidString(text) || utf8.RuneCountInString(text) > maxValue || strings.Contains(text, "\n")) {
			t.Fatalf("let %q through", text)
		}
	})
}

func FuzzKeys(f *testing.F) {
	f.Add("-----BEGIN")
	f.Add("AAAA")
	f.Fuzz(func(_ *testing.T, text string) {
		_, _ = parsePrivate(text)
		_, _ = parsePublic(text)
	})
}

// The SDK parses bytes from outside. When it panics on odd ones, the process lives, the place is logged, and the message is
// unknown.
func TestPanicOfTheSDKIsAnError(t *testing.T) {
	t.Parallel()
	var log strings.Builder
	a := &app{name: "main", log: slog.New(slog.NewTextHandler(&log, nil))} // without the SDK's client every request panics
	if err := a.request(t.Context(), oauthPayload("c")); err != errNoBody {
		t.Fatalf("error %v", err)
	}
	if !strings.Contains(log.String(), "msg=alipay_sdk_panic app=main") || !strings.Contains(log.String(), "(*app).request") {
		t.Errorf("logged %s", &log)
	}
}
