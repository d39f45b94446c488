package simulator

import (
	"bytes"
	"crypto"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// The test's keys are made once, and short: RSA keys are slow to make, above all under the fuzzer.
var testKeys = sync.OnceValue(func() [2]*rsa.PrivateKey {
	var keys [2]*rsa.PrivateKey
	for i := range keys {
		key, err := rsa.GenerateKey(rand.Reader, 1024)
		if err != nil {
			panic(err)
		}
		keys[i] = key
	}
	return keys
})

const (
	wxApp, wxSecret = "wx0000000000000001", "test-wechat-secret"
	wxOnce, wxLong  = "wx-once", "wx-long"
	aliApp          = "2021000000000001"
	aliOnce         = "ali-once"
	smsKey          = "test-sms-key"
	smsSecret       = "test-sms-secret"
	tifSecret       = "test-tif-secret"
	fixmedins       = "H99010000001"
)

func testOptions(t testing.TB) Options {
	t.Helper()
	keys := testKeys()
	public, err := x509.MarshalPKIXPublicKey(&keys[0].PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	gateway := x509.MarshalPKCS1PrivateKey(keys[1])
	return Options{
		WeChatApps: []WeChatApp{
			{Name: "main", AppID: wxApp, Secret: wxSecret, UnionID: true, Templates: []WeChatTemplate{
				{ID: wxOnce, Title: "余额提醒", Keys: []string{"thing1", "amount2", "time3"}, Labels: map[string]string{"thing1": "事项"}, OneTime: true},
				{ID: wxLong, Keys: []string{"thing1"}},
			}},
			{AppID: "wx0000000000000002", Secret: "other"},
		},
		AlipayApps: []AlipayApp{{
			Name: "main", AppID: aliApp, AppPublicKey: string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: public})),
			GatewayPrivateKey: base64.StdEncoding.EncodeToString(gateway),
			Templates: []AlipayTemplate{
				{ID: aliOnce, Title: "余额提醒", Keywords: 2, Labels: []string{"事项"}}, {ID: "ali-long", Keywords: 1, LongTerm: true},
			},
		}},
		Regions: []Region{
			{Code: RegionA, Name: "示例市甲", PathMode: "suffix", Auth: "tif", PaasID: "test-paas", Secret: tifSecret, NumberMode: "number", InfcodeNumber: true, PhoneOnFile: true},
			{Code: RegionB, Name: "示例市乙", PathMode: "single", Auth: "apikey", APIKey: "test-api-key", SuccessCode: "1", Unwrap: "array"},
		},
		SMS: SMS{AppKey: smsKey, Secret: smsSecret, SignName: "测试", Templates: []string{"sms-code"}},
	}
}

// rig is a world behind a listener.
type rig struct {
	t     testing.TB
	world *World
	url   string
	http  *http.Client
}

func newRig(t testing.TB, dir string) *rig {
	t.Helper()
	world, err := OpenWorld(WorldOptions{Dir: dir, Now: func() time.Time { return time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC) }})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(Handler(world, testOptions(t)))
	t.Cleanup(func() {
		_ = world.Close() // before the server, which waits for what hangs
		server.Close()
	})
	return &rig{t: t, world: world, url: server.URL, http: &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}}
}

// do returns status and body; body is nil when the exchange failed.
func (r *rig) do(request *http.Request) (int, []byte, error) {
	r.t.Helper()
	response, err := r.http.Do(request)
	if err != nil {
		return 0, nil, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	return response.StatusCode, body, err
}

func (r *rig) request(method, path, contentType, body string) *http.Request {
	r.t.Helper()
	request, err := http.NewRequest(method, r.url+path, strings.NewReader(body))
	if err != nil {
		r.t.Fatal(err)
	}
	if contentType != "" {
		request.Header.Set("Content-Type", contentType)
	}
	return request
}

// control wants 200 and returns the text.
func (r *rig) control(method, path, body string) string {
	r.t.Helper()
	status, text, err := r.do(r.request(method, "/control/"+path, "application/json", body))
	if err != nil || status != http.StatusOK {
		r.t.Fatalf("%s %s: %d %v %s", method, path, status, err, text)
	}
	return strings.TrimSpace(string(text))
}

func (r *rig) fault(target, name string) {
	r.t.Helper()
	r.control("POST", "faults", fmt.Sprintf(`{"target":%q,"fault":%q,"times":1}`, target, name))
}

func (r *rig) grant(platform, user, template string, n int) {
	r.t.Helper()
	r.control("POST", "grant", fmt.Sprintf(`{"platform":%q,"user":%q,"template":%q,"n":%d}`, platform, user, template, n))
}

func object(t testing.TB, body []byte) map[string]any {
	t.Helper()
	var fields map[string]any
	if err := json.Unmarshal(body, &fields); err != nil {
		t.Fatalf("not a JSON object: %v: %.200s", err, body)
	}
	return fields
}

// WeChat.

func (r *rig) wxLogin(query string) map[string]any {
	r.t.Helper()
	_, body, err := r.do(r.request("GET", "/wechat/sns/jscode2session?"+query, "", ""))
	if err != nil {
		r.t.Fatal(err)
	}
	return object(r.t, body)
}

func loginQuery(code string) string {
	return url.Values{"appid": {wxApp}, "secret": {wxSecret}, "js_code": {code}, "grant_type": {"authorization_code"}}.Encode()
}

func (r *rig) wxUser(user string) string {
	r.t.Helper()
	open, _ := r.wxLogin(loginQuery(r.control("GET", "wechat/code?user="+user, "")))["openid"].(string)
	if open == "" {
		r.t.Fatal("no open id")
	}
	return open
}

func (r *rig) wxTokenAnswer(force bool) map[string]any {
	r.t.Helper()
	body := fmt.Sprintf(`{"grant_type":"client_credential","appid":%q,"secret":%q,"force_refresh":%t}`, wxApp, wxSecret, force)
	_, answer, err := r.do(r.request("POST", "/wechat/cgi-bin/stable_token", "application/json;charset=utf-8", body))
	if err != nil {
		r.t.Fatal(err)
	}
	return object(r.t, answer)
}

func (r *rig) wxToken() string {
	r.t.Helper()
	token, _ := r.wxTokenAnswer(false)["access_token"].(string)
	if token == "" {
		r.t.Fatal("no token")
	}
	return token
}

func wxMessage(openID, template string) map[string]any {
	data := map[string]any{"thing1": map[string]string{"value": "余额低于提醒线"}}
	if template == wxOnce {
		data["amount2"] = map[string]string{"value": "¥123.45"}
		data["time3"] = map[string]string{"value": "2026-11-21 20:00"}
	}
	return map[string]any{
		"touser": openID, "template_id": template, "page": "pages/balance/index", "data": data,
		"miniprogram_state": "formal", "lang": "zh_CN",
	}
}

func (r *rig) wxSendRequest(token string, message any) *http.Request {
	r.t.Helper()
	return r.request("POST", "/wechat/cgi-bin/message/subscribe/send?access_token="+token, "application/json", string(marshal(message)))
}

func (r *rig) wxSend(token string, message any) map[string]any {
	r.t.Helper()
	_, body, err := r.do(r.wxSendRequest(token, message))
	if err != nil {
		r.t.Fatal(err)
	}
	return object(r.t, body)
}

// Alipay.

func aliParams(method string, more map[string]string) map[string]string {
	params := map[string]string{
		"app_id": aliApp, "method": method, "format": "JSON", "charset": "utf-8", "sign_type": "RSA2", "version": "1.0",
		"timestamp": time.Now().In(beijing).Format("2006-01-02 15:04:05"),
	}
	maps.Copy(params, more)
	return params
}

func aliSign(t testing.TB, params map[string]string) string {
	t.Helper()
	var pairs []string
	for _, key := range slices.Sorted(maps.Keys(params)) {
		pairs = append(pairs, key+"="+params[key])
	}
	sum := sha256.Sum256([]byte(strings.Join(pairs, "&")))
	signature, err := rsa.SignPKCS1v15(rand.Reader, testKeys()[0], crypto.SHA256, sum[:])
	if err != nil {
		t.Fatal(err)
	}
	return base64.StdEncoding.EncodeToString(signature)
}

// aliAnswer is an answer with what a careful client learns of it.
type aliAnswer struct {
	status   int
	body     []byte
	node     string
	raw      []byte
	fields   map[string]any
	signed   bool
	verified bool
}

func (a aliAnswer) code() any { return a.fields["code"] }
func (a aliAnswer) sub() any  { return a.fields["sub_code"] }

func (r *rig) aliPost(form url.Values) aliAnswer {
	r.t.Helper()
	status, body, err := r.do(r.request("POST", "/alipay/gateway.do", "application/x-www-form-urlencoded;charset=utf-8", form.Encode()))
	if err != nil {
		r.t.Fatal(err)
	}
	return readAli(status, body)
}

func readAli(status int, body []byte) aliAnswer {
	answer := aliAnswer{status: status, body: body}
	var nodes map[string]json.RawMessage
	if json.Unmarshal(body, &nodes) != nil {
		return answer
	}
	var sign string
	answer.signed = json.Unmarshal(nodes["sign"], &sign) == nil
	for name, raw := range nodes {
		if name != "sign" {
			answer.node, answer.raw = name, raw
			_ = json.Unmarshal(raw, &answer.fields)
		}
	}
	// The exact bytes, not re-encoded ones: cut them out of the body.
	start := bytes.Index(body, []byte(`":`)) + 2
	end := bytes.LastIndex(body, []byte(`,"sign":`))
	if answer.signed && end > start {
		answer.raw = body[start:end]
	}
	signature, _ := base64.StdEncoding.DecodeString(sign)
	sum := sha256.Sum256(answer.raw)
	answer.verified = rsa.VerifyPKCS1v15(&testKeys()[1].PublicKey, crypto.SHA256, sum[:], signature) == nil
	return answer
}

func (r *rig) ali(method string, more map[string]string) aliAnswer {
	r.t.Helper()
	params := aliParams(method, more)
	form := url.Values{}
	for key, value := range params {
		form.Set(key, value)
	}
	form.Set("sign", aliSign(r.t, params))
	return r.aliPost(form)
}

func (r *rig) aliUser(user string) string {
	r.t.Helper()
	code := r.control("GET", "alipay/code?user="+user, "")
	answer := r.ali(methodOauthToken, map[string]string{"grant_type": "authorization_code", "code": code})
	open, _ := answer.fields["open_id"].(string)
	if open == "" || !answer.verified {
		r.t.Fatalf("no open id: %s", answer.body)
	}
	return open
}

func aliMessage(openID string) map[string]string {
	return map[string]string{
		"to_open_id": openID, "user_template_id": aliOnce, "page": "pages/balance/index",
		"data": `{"keyword1":{"value":"余额 a/b <&> 低于提醒线"},"keyword2":{"value":"¥12.00"}}`,
	}
}

func (r *rig) aliSend(message map[string]string) aliAnswer {
	r.t.Helper()
	return r.ali(methodSend, map[string]string{"biz_content": string(marshal(message))})
}

// SMS.

func smsBody(phone, id string) string {
	return fmt.Sprintf(`{"phone":%q,"sign_name":"测试","template":"sms-code","params":{"code":"123456","minutes":"5"},"request_id":%q}`, phone, id)
}

func smsSign(request *http.Request, body, nonce string, at time.Time) {
	stamp := strconv.FormatInt(at.Unix(), 10)
	mac := hmac.New(sha256.New, []byte(smsSecret))
	mac.Write([]byte(smsKey + "\n" + stamp + "\n" + nonce + "\n" + body))
	request.Header.Set("X-App-Key", smsKey)
	request.Header.Set("X-Timestamp", stamp)
	request.Header.Set("X-Nonce", nonce)
	request.Header.Set("X-Signature", hex.EncodeToString(mac.Sum(nil)))
}

func (r *rig) smsRequest(body string) *http.Request {
	r.t.Helper()
	request := r.request("POST", "/sms/send", "application/json; charset=utf-8", body)
	smsSign(request, body, rand.Text(), time.Now())
	return request
}

func (r *rig) smsSend(body string) map[string]any {
	r.t.Helper()
	_, answer, err := r.do(r.smsRequest(body))
	if err != nil {
		r.t.Fatal(err)
	}
	return object(r.t, answer)
}

// Insurer.

var messages atomic.Int64

func insurerBody(infno string, p Person) map[string]any {
	now := time.Now().In(beijing)
	return map[string]any{
		"infno": infno, "msgid": fixmedins + now.Format("20060102150405") + fmt.Sprintf("%04d", messages.Add(1)%10000),
		"mdtrtarea_admvs": "990100", "insuplc_admdvs": "", "recer_sys_code": "01", "infver": "V1.0", "opter_type": "3",
		"opter": "yibao", "opter_name": "yibao", "inf_time": now.Format("2006-01-02 15:04:05"), "fixmedins_code": fixmedins,
		"fixmedins_name": "测试机构", "sign_no": "",
		"input": map[string]any{"data": map[string]any{
			"mdtrt_cert_type": "02", "mdtrt_cert_no": p.IDNumber, "psn_cert_type": p.CertType, "certno": p.IDNumber, "psn_name": p.Name,
		}},
	}
}

func tifHeaders(request *http.Request, nonce string, at time.Time) {
	stamp := strconv.FormatInt(at.Unix(), 10)
	sum := sha256.Sum256([]byte(stamp + tifSecret + nonce + stamp))
	request.Header.Set("x-tif-paasid", "test-paas")
	request.Header.Set("x-tif-timestamp", stamp)
	request.Header.Set("x-tif-nonce", nonce)
	request.Header.Set("x-tif-signature", hex.EncodeToString(sum[:]))
}

func (r *rig) insurerRequest(region string, body map[string]any) *http.Request {
	r.t.Helper()
	if region == RegionB {
		request := r.request("POST", "/insurer/"+region, "application/json", string(marshal(body)))
		request.Header.Set("apikey", "test-api-key")
		return request
	}
	request := r.request("POST", fmt.Sprintf("/insurer/%s/%v", region, body["infno"]), "application/json", string(marshal(body)))
	tifHeaders(request, rand.Text(), time.Now())
	return request
}

func (r *rig) ask(region string, body map[string]any) map[string]any {
	r.t.Helper()
	_, answer, err := r.do(r.insurerRequest(region, body))
	if err != nil {
		r.t.Fatal(err)
	}
	return object(r.t, answer)
}

// person finds somebody by a part of the note.
func (r *rig) person(region, note string) Person {
	r.t.Helper()
	for _, p := range r.world.People() {
		if strings.Contains(p.Note, note) && len(p.in(region)) > 0 {
			return p
		}
	}
	r.t.Fatalf("nobody in %s is %q", region, note)
	return Person{}
}
