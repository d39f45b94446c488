package handlers

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestParseLanguage(t *testing.T) {
	t.Parallel()
	for header, want := range map[string]language{
		"": chinese, "zh-CN": chinese, "zh-Hans;q=0.5, en;q=0.9": english, "en": english, "EN-us": english,
		"en, zh": english, "zh, en": chinese, "en;q=0": chinese, "en;q=2": chinese, "en;q=x": chinese, "en;q=NaN": chinese,
		"fr, en;q=0.3": english, "*": chinese, "enm": chinese, ",,,": chinese, "en;level=1": english, "zh-CN,zh;q=0.9,en;q=0.8": chinese,
		strings.Repeat("fr,", 100) + "en": chinese,
	} {
		if got := parseLanguage(header); got != want {
			t.Errorf("%.40q: %v", header, got)
		}
	}
}

func FuzzParseLanguage(f *testing.F) {
	for _, seed := range []string{"zh-CN,zh;q=0.9,en;q=0.8", "en;q=", ";;;", "en;q=1e309", "\xff"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, header string) {
		l := parseLanguage(header)
		if l == english && !strings.Contains(strings.ToLower(header), "en") {
			t.Errorf("%q is English?", header)
		}
	})
}

func FuzzStartLinkBody(f *testing.F) {
	fuzzBody(f, "POST", "/v1/link-attempts", goodLink, `{"region":"1","name":7}`, `{"consent":[]}`, "[[[", "\"", "{\"a\":\"\xff\"}")
}

func FuzzProofBody(f *testing.F) {
	fuzzBody(f, "POST", "/v1/link-attempts/ATTEMPT/proof", goodProof, `{"code":null}`, `{"code":"1","code":2}`, "1", "{}")
}

func FuzzReminderBody(f *testing.F) {
	fuzzBody(f, "PUT", "/v1/insured/"+linkID+"/reminder", goodReminder, `{"threshold_fen":1.5e2}`, `{"quiet_hours":{"start":"22:00"}}`)
}

// fuzzBody: whatever the body, the answer is a success or a whole problem below 500, and only valid bodies get through.
func fuzzBody(f *testing.F, method, path string, seeds ...string) {
	for _, seed := range seeds {
		f.Add(seed)
	}
	r := newRig(f)
	f.Fuzz(func(t *testing.T, body string) {
		if len(body) > maxBody {
			return
		}
		got := (&rig{t: t, app: r.app}).do(method, path, body)
		if got.StatusCode < 300 {
			if !json.Valid([]byte(body)) || !utf8.ValidString(body) {
				t.Errorf("%q got through", body)
			}
			return
		}
		if p := got.problem(t); p.Status >= 500 {
			t.Errorf("%q: %s", body, got.body)
		}
	})
}

func TestPlainID(t *testing.T) {
	t.Parallel()
	for id, want := range map[string]bool{
		"K3ZTQ7XNB5WRJ2M6VDYAHP4ELC": true, "v1:ab_c-d.e": true, "": false, "a b": false, "a/b": false, "%00": false, "甲": false,
		strings.Repeat("a", 128): true, strings.Repeat("a", 129): false,
	} {
		if plainID(id) != want {
			t.Errorf("%.20q", id)
		}
	}
}
