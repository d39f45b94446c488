package handlers

import (
	"encoding/json"
	"testing"
	"unicode/utf8"
)

func FuzzStartLinkBody(f *testing.F) {
	fuzzBody(f, "POST", "/v1/link-attempts", goodLink, `{"region":"1","name":7}`, `{"consent":[]}`, "[[[", "\"", "{\"a\":\"\xff\"}")
}

func FuzzProofBody(f *testing.F) {
	fuzzBody(f, "POST", "/v1/link-attempts/ATTEMPT/proof", goodProof, `{"code":null}`, `{"code":"1","code":2}`, "1", "{}")
}

func FuzzReminderBody(f *testing.F) {
	fuzzBody(f, "PUT", "/v1/insured/"+linkID+"/reminder", goodReminder, `{"threshold_fen":1.5e2}`, `{"quiet_hours":{"start":"22:00"}}`)
}

// fuzzBody: the answer is a success or a whole problem below 500, and only valid bodies get through.
func fuzzBody(f *testing.F, method, path string, seeds ...string) {
	for _, seed := range seeds {
		f.Add(seed)
	}
	r := newRig(f)
	f.Fuzz(func(t *testing.T, body string) {
		if len(body) > 64<<10 {
			return
		}
		got := (&rig{t: t, app: r.app}).do(method, path, body)
		if got.StatusCode < 300 {
			if !json.Valid([]byte(body)) || !utf8.ValidString(body) {
				t.Errorf("%q got through", body)
			}
			return
		}
		if p := got.Problem(t); p.Status >= 500 {
			t.Errorf("%q: %s", body, got.Text)
		}
	})
}
