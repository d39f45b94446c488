package insurer

import (
	"encoding/json"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"yibao/balance"
	"yibao/identity"
)

// The invented person of most tests; the number is the example of the standard GB 11643 itself.
var someone = identity.Claim{Region: "990100", Name: "测试甲", IDType: "01", IDNumber: "11010519491231002X"}

const goodBase = `"baseinfo":{"psn_no":"99000001","psn_cert_type":"01","certno":"11010519491231002X","psn_name":"测试甲"}`

const goodRow = `{"balc":"1234.50","insutype":"310","psn_type":"1101","psn_insu_stas":"1","psn_insu_date":"2010-01-01","insuplc_admdvs":"990101","emp_name":"测试单位"}`

const goodOutput = `{` + goodBase + `,"insuinfo":[` + goodRow + `]}`

func good(output string) string {
	return `{"infcode":"0","inf_refmsgid":"990100202611210800000000000001","respond_time":"20261121080000123","err_msg":"","output":` + output + `}`
}

func profile(baseURL string) (p Profile) {
	p.SetDefaults()
	p.Name, p.Unattended = "测试市", true
	p.BaseURL, p.Retries, p.Auth.PaasID, p.Auth.Secret = baseURL, 0, "test-paas", "test-pass-token"
	p.RecerSysCode, p.MdtrtareaAdmvs, p.FixmedinsCode, p.FixmedinsName = "YBXT", "990100", "H99010000001", "测试机构"
	p.Opter, p.OpterName = "yibao", "小程序"
	return p
}

// fetchedAt is what the injected clock says in all tests: five minutes after the good answer's own time.
var fetchedAt = time.Date(2026, 11, 21, 8, 5, 0, 0, balance.Shanghai)

// upstream is an insurer that refuses what a strict one would refuse, then answers as told.
type upstream struct {
	t      *testing.T
	url    string
	answer http.HandlerFunc

	mu       sync.Mutex
	nonces   []string
	messages []string
	seen     []map[string]any // the envelopes
	headers  []http.Header
	paths    []string
}

func answering(body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, body) }
}

// serve starts an upstream and a client of it; change may alter the profile.
func serve(t *testing.T, answer http.HandlerFunc, change ...func(*Profile)) (*Client, *upstream) {
	t.Helper()
	u := &upstream{t: t, answer: answer}
	server := httptest.NewServer(u)
	t.Cleanup(server.Close)
	u.url = server.URL + "/fsi/api"
	p := profile(u.url)
	for _, f := range change {
		f(&p)
	}
	return newClient(t, p), u
}

func newClient(t *testing.T, p Profile) *Client {
	t.Helper()
	client, err := New(Profiles{"990100": p}, Options{Now: func() time.Time { return fetchedAt }})
	if err != nil {
		t.Fatal(err)
	}
	return client
}

func (u *upstream) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	var envelope map[string]any
	if err != nil || !utf8.Valid(body) || json.Unmarshal(body, &envelope) != nil {
		u.t.Errorf("unreadable request")
	}
	u.checkEnvelope(envelope)
	u.mu.Lock()
	u.seen = append(u.seen, envelope)
	u.headers = append(u.headers, r.Header.Clone())
	u.paths = append(u.paths, r.URL.Path)
	if r.Header.Get("apikey") == "" {
		u.checkTIF(r.Header)
	}
	u.mu.Unlock()
	if r.Method != http.MethodPost {
		u.t.Errorf("method %s", r.Method)
	}
	u.answer(w, r)
}

// checkTIF recomputes the signature and looks for a repeated nonce, as the gateways do.
func (u *upstream) checkTIF(h http.Header) {
	stamp, nonce := h.Get("x-tif-timestamp"), h.Get("x-tif-nonce")
	seconds, err := strconv.ParseInt(stamp, 10, 64)
	if off := time.Since(time.Unix(seconds, 0)); err != nil || off.Abs() > time.Minute {
		u.t.Errorf("timestamp %q is off", stamp)
	}
	if h.Get("x-tif-paasid") != "test-paas" || h.Get("x-tif-signature") != tifSignature(stamp, "test-pass-token", nonce) {
		u.t.Errorf("signature refused")
	}
	if len(nonce) < 6 || slices.Contains(u.nonces, nonce) {
		u.t.Errorf("nonce %q", nonce)
	}
	u.nonces = append(u.nonces, nonce)
}

// wireLengths are those of the request envelope: field, longest, required.
var wireLengths = []struct {
	name     string
	max      int
	required bool
}{
	{"infno", 6, true}, {"msgid", 30, true}, {"mdtrtarea_admvs", 6, true}, {"insuplc_admdvs", 6, false},
	{"recer_sys_code", 10, true}, {"dev_no", 100, false}, {"dev_safe_info", 2000, false}, {"cainfo", 1024, false},
	{"signtype", 10, false}, {"infver", 6, true}, {"opter_type", 3, true}, {"opter", 30, true}, {"opter_name", 50, true},
	{"inf_time", 19, true}, {"fixmedins_code", 30, true}, {"fixmedins_name", 200, true}, {"sign_no", 30, false},
}

var messageID = regexp.MustCompile(`^H99010000001\d{14}\d{4}$`)

func (u *upstream) checkEnvelope(envelope map[string]any) {
	for _, field := range wireLengths {
		text, isText := envelope[field.name].(string)
		if n := utf8.RuneCountInString(text); !isText || n > field.max || (field.required && n == 0) {
			u.t.Errorf("%s is %q", field.name, envelope[field.name])
		}
	}
	id, _ := envelope["msgid"].(string)
	stamp, _ := envelope["inf_time"].(string)
	at, err := time.ParseInLocation("2006-01-02 15:04:05", stamp, balance.Shanghai)
	if err != nil || time.Since(at).Abs() > time.Minute {
		u.t.Errorf("inf_time %q", stamp)
	}
	if !messageID.MatchString(id) || strings.NewReplacer("-", "", " ", "", ":", "").Replace(stamp) != id[12:26] {
		u.t.Errorf("msgid %q at %q", id, stamp)
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	if slices.Contains(u.messages, id) {
		u.t.Errorf("msgid %q again", id)
	}
	u.messages = append(u.messages, id)
}

// data returns the question of the nth request.
func (u *upstream) data(n int) map[string]any {
	u.mu.Lock()
	defer u.mu.Unlock()
	in, _ := u.seen[n]["input"].(map[string]any)
	data, _ := in["data"].(map[string]any)
	return data
}

func (u *upstream) requests() int {
	u.mu.Lock()
	defer u.mu.Unlock()
	return len(u.seen)
}

// newTLSServer returns the address of a server whose certificate nobody trusts.
func newTLSServer(t *testing.T, handler http.Handler) string {
	t.Helper()
	server := httptest.NewUnstartedServer(handler)
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	t.Cleanup(server.Close)
	return server.URL
}
