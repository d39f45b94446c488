package gm

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/emmansun/gmsm/sm3"
	"github.com/emmansun/gmsm/sm4"
)

// The vector: invented credentials; its values were made with this protocol's rules and cross-checked with OpenSSL.
const (
	vectorApp      = "SANDBOXAPPID00010000000000000001"
	vectorSecret   = "SANDBOXSECRET0010000000000000001"
	vectorData     = `{"idNo":"11010519491231002X","idType":"01","userName":"测试"}`
	vectorEncData  = "1AC4D140C385142EB063F115973A54C9246E529CDD03936EC04073F7E905A33601355F4C6017F5B2FB289BF74E8BB131DCFE732F7D94BA7B2149741304535D21"
	vectorText     = "appId=" + vectorApp + "&data=" + vectorData + "&encType=SM4&signType=SM2&timestamp=20260101080000&version=1.0.0&key=" + vectorSecret
	vectorPrivate  = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAABE="
	vectorPublic   = "BN0YqkrsJurEHJk/ARFcV/e/UROrhbXtRDaWn4t3El5qFh5YUZadqCIzYUk/dvrFD2zOYAHXwLhT4BgNVNSuIiE="
	signedDefault  = "buqsdogstNnnVFjE6ISs4eztfiKjn7vpfyOpYhbbOZy7X80b6Y0nAx0nPNRSkn5F4Jd6MwfH7SN/crJOLjV9Fg=="
	signedBySecret = "sunIqibNgRmw9awwH50kCJqIG3QyJLHbu89CXU0hKq/XSrqVa5ThDXtaLDqU5Lsxi5IXuTXjwHtZHrqQCN17FA=="
)

var byDefault = Dialect{UserID: UserIDDefault, KeyFrom: KeyFromFirst}

func codec(t testing.TB, d Dialect) *Codec {
	t.Helper()
	c, err := New(Keys{AppID: vectorApp, Secret: vectorSecret, Private: vectorPrivate, Theirs: vectorPublic}, d)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

var head = map[string]string{"appId": vectorApp, "timestamp": "20260101080000", "version": "1.0.0"}

var data = map[string]any{"userName": "测试", "idType": "01", "idNo": "11010519491231002X"}

// TestStandardVectors: the library computes what the standards say.
func TestStandardVectors(t *testing.T) {
	t.Parallel()
	sum := sm3.Sum([]byte("abc"))
	if got := hex.EncodeToString(sum[:]); got != "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0" {
		t.Error("SM3:", got)
	}
	key, _ := hex.DecodeString("0123456789abcdeffedcba9876543210")
	block, err := sm4.NewCipher(key)
	if err != nil {
		t.Fatal(err)
	}
	out := make([]byte, 16)
	block.Encrypt(out, key)
	if got := hex.EncodeToString(out); got != "681edf34d206965e86b3e94f536e4246" {
		t.Error("SM4:", got)
	}
}

// TestVector: the data is encrypted and the text signed as the vector has it; each signature fits under its own user id
// and under no other.
func TestVector(t *testing.T) {
	t.Parallel()
	body, err := codec(t, byDefault).Seal(head, data)
	if err != nil {
		t.Fatal(err)
	}
	var sent map[string]string
	if err := json.Unmarshal(body, &sent); err != nil || sent["encData"] != vectorEncData || sent["encType"] != "SM4" || sent["signType"] != "SM2" {
		t.Fatalf("sent %s, %v", body, err)
	}
	envelope := map[string]any{"encType": "SM4", "signType": "SM2", "data": data, "extra": "x", "encData": "x", "signData": "x", "none": nil}
	for name, value := range head {
		envelope[name] = value
	}
	if got := signedText(envelope, vectorSecret); got != vectorText {
		t.Errorf("signed text\n%s, want\n%s", got, vectorText)
	}
	secretly := byDefault
	secretly.UserID = UserIDSecret
	for _, c := range []struct {
		dialect   Dialect
		signature string
		fits      bool
	}{{byDefault, signedDefault, true}, {byDefault, signedBySecret, false}, {secretly, signedBySecret, true}, {secretly, signedDefault, false}} {
		sent["signData"] = c.signature
		body, _ := json.Marshal(sent)
		message, err := codec(t, c.dialect).Open(body)
		if c.fits && (err != nil || string(message.Data) != vectorData || message.Text("version") != "1.0.0") {
			t.Errorf("%s: %v %+v", c.dialect.UserID, err, message)
		}
		if !c.fits && (!errors.Is(err, ErrSignature) || message.Data != nil) {
			t.Errorf("%s took the other's signature: %v", c.dialect.UserID, err)
		}
	}
}

// TestBothSidesOfEveryDialect: what one side seals the other opens, and sees what was sent.
func TestBothSidesOfEveryDialect(t *testing.T) {
	t.Parallel()
	awkward := map[string]any{"a": "< > & \" \\ \n \u2028 \x01 䶮 \U00020BB7", "b": map[string]any{"z": "1", "y": []any{"2", map[string]any{"x": "3"}}},
		"empty": "", "none": map[string]any{"deep": ""}}
	for _, user := range []UserID{UserIDDefault, UserIDSecret} {
		for _, from := range []KeyFrom{KeyFromFirst, KeyFromEven} {
			for _, escape := range []bool{false, true} {
				c := codec(t, Dialect{UserID: user, KeyFrom: from, Escape: escape})
				body, err := c.Seal(head, awkward)
				if err != nil {
					t.Fatal(err)
				}
				message, err := c.Open(body)
				var got map[string]any
				if err != nil || json.Unmarshal(message.Data, &got) != nil || got["a"] != awkward["a"] || got["empty"] != nil || got["none"] != nil {
					t.Errorf("%s %s %t: %v %s", user, from, escape, err, message.Data)
				}
			}
		}
	}
	if k1 := everySecond("0a1b2c3d4e5f6g7h8i9j"); k1 != "abcdefghij" {
		t.Error("even characters:", k1)
	}
}

// TestNumbersOfAnswersAreVerifiedAsWritten: a number keeps its spelling between the two sides.
func TestNumbersOfAnswersAreVerifiedAsWritten(t *testing.T) {
	t.Parallel()
	value, ok := tree([]byte(`{"list":[{"b":1.50,"a":true,"c":null}],"n":12e1,"empty":[{}]}`))
	if !ok {
		t.Fatal("not read")
	}
	if got := signedText(map[string]any{"data": value, "code": json.Number("0")}, "s"); got != `code=0&data={"list":[{"a":true,"b":1.50}],"n":12e1}&key=s` {
		t.Error(got)
	}
}

// TestOpenFailsClosed: nothing of a message is believed unless all of it is there and signed.
func TestOpenFailsClosed(t *testing.T) {
	t.Parallel()
	c := codec(t, byDefault)
	body, err := c.Seal(head, data)
	if err != nil {
		t.Fatal(err)
	}
	var whole map[string]any
	if err := json.Unmarshal(body, &whole); err != nil {
		t.Fatal(err)
	}
	with := func(name string, value any) string {
		changed := map[string]any{}
		for k, v := range whole {
			changed[k] = v
		}
		if changed[name] = value; value == nil {
			delete(changed, name)
		}
		body, _ := json.Marshal(changed)
		return string(body)
	}
	for name, one := range map[string]struct {
		body string
		want error
	}{
		"no signature":        {with("signData", nil), ErrUnsigned},
		"an empty signature":  {with("signData", ""), ErrUnsigned},
		"a short signature":   {with("signData", "AAAA"), ErrSignature},
		"a zero signature":    {with("signData", strings.Repeat("A", 86)+"=="), ErrSignature},
		"no data":             {with("encData", nil), ErrUnsigned},
		"data in clear":       {with("encData", vectorData), ErrMalformed},
		"data cut off":        {with("encData", vectorEncData[:32]), ErrMalformed},
		"a member changed":    {with("version", "2.0.1"), ErrSignature},
		"a member added":      {with("code", "0"), ErrSignature},
		"a member taken away": {with("timestamp", nil), ErrSignature},
		"a list":              {"[]", ErrMalformed},
		"words":               {"<html>", ErrMalformed},
		"two values":          {string(body) + "{}", ErrMalformed},
		"nothing":             {"", ErrMalformed},
	} {
		if message, err := c.Open([]byte(one.body)); !errors.Is(err, one.want) || message.Data != nil {
			t.Errorf("%s: %v, %s", name, err, message.Data)
		}
	}
	if message, err := c.Open([]byte(with("data", map[string]any{"idNo": "another"}))); err != nil || string(message.Data) != vectorData || message.Head["data"] != nil {
		t.Error("data in clear beside the signed one:", err)
	}
	refusal, err := c.Open([]byte(`{"code":-1,"message":"系统繁忙","success":false}`))
	if !errors.Is(err, ErrUnsigned) || refusal.Text("code") != "-1" || refusal.Text("message") != "系统繁忙" {
		t.Error("a refusal:", refusal, err)
	}
}

// TestOnlyTextsAreSent: how clients write numbers differs, and with it what is signed.
func TestOnlyTextsAreSent(t *testing.T) {
	t.Parallel()
	for _, value := range []any{1, true, nil, []any{1.5}, map[string]any{"a": 2}} {
		if _, err := codec(t, byDefault).Seal(head, map[string]any{"n": value}); err == nil {
			t.Errorf("%v was sent", value)
		}
	}
}

// TestKeys: every wrong credential is named, by kind and never by value.
func TestKeys(t *testing.T) {
	t.Parallel()
	_, err := New(Keys{AppID: "short", Secret: "hunter2", Private: "hunter2", Theirs: "hunter2"}, byDefault)
	for _, want := range []error{ErrAppID, ErrPrivate, ErrPublic} {
		if !errors.Is(err, want) {
			t.Error("not named:", want)
		}
	}
	if strings.Contains(err.Error(), "hunter2") {
		t.Error("a key is shown:", err)
	}
	if _, err := New(Keys{AppID: vectorApp, Private: vectorPrivate, Theirs: vectorPublic}, byDefault); !errors.Is(err, ErrSecret) {
		t.Error("no secret:", err)
	}
	for name, keys := range map[string]Keys{
		"a leading zero": {AppID: vectorApp, Secret: vectorSecret, Private: "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAR", Theirs: vectorPublic},
		"without the 04": {AppID: vectorApp, Secret: vectorSecret, Private: vectorPrivate,
			Theirs: "3RiqSuwm6sQcmT8BEVxX979RE6uFte1ENpafi3cSXmoWHlhRlp2oIjNhST92+sUPbM5gAdfAuFPgGA1U1K4iIQ=="},
	} {
		if _, err := New(keys, byDefault); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := New(Keys{AppID: vectorApp[:20], Secret: vectorSecret, Private: vectorPrivate, Theirs: vectorPublic}, Dialect{KeyFrom: KeyFromEven}); !errors.Is(err, ErrAppID) {
		t.Error("ten even characters are no key:", err)
	}
}

// FuzzOpen: no bytes make Open panic, or return data that was not signed.
func FuzzOpen(f *testing.F) {
	c := codec(f, byDefault)
	body, err := c.Seal(head, data)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(body)
	f.Add([]byte(`{"code":"-1"}`))
	f.Add([]byte(`{"encData":"00","signData":"AA=="}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		message, err := c.Open(body)
		if err == nil && string(message.Data) != vectorData || err != nil && message.Data != nil {
			t.Errorf("%s was taken: %s", body, message.Data)
		}
	})
}
