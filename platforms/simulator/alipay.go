package simulator

import (
	"bytes"
	"cmp"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"
)

// The methods that the gateway serves.
const (
	methodOauthToken = "alipay.system.oauth.token"
	methodSend       = "alipay.open.app.mini.templatemessage.send"
	methodQuery      = "alipay.open.app.messagetemplate.subscribe.query"
)

// The platform, as records and the control API name it, and the targets of its faults.
const (
	alipayPlatform    = "alipay"
	targetAlipayToken = "alipay.token"
	targetAlipaySend  = "alipay.send"
	targetAlipayQuery = "alipay.query"
	targetAlipayOther = "alipay.other"
)

// alipayServer is the simulated gateway.
type alipayServer struct {
	*server
	apps map[string]alipayApp // by app id
}

// alipayApp is an app with its keys read.
type alipayApp struct {
	AlipayApp
	public  *rsa.PublicKey
	private *rsa.PrivateKey
}

func mountAlipay(s *server, mux *http.ServeMux) {
	a := &alipayServer{server: s, apps: map[string]alipayApp{}}
	for _, app := range s.options.AlipayApps {
		public, _ := publicKey(app.AppPublicKey) // Check has read both
		private, _ := privateKey(app.GatewayPrivateKey)
		a.apps[app.AppID] = alipayApp{AlipayApp: app, public: public, private: private}
		s.add(alipayPlatform, app.Name, app.AppID, func(id string) bool { return alipayTemplate(app, id) != nil })
	}
	mux.Handle("/alipay/gateway.do", s.endpoint(alipayTarget, a.gateway))
}

// alipayParams are the top-level parameters that the gateway knows.
var alipayParams = []string{
	"app_id", "method", "format", "charset", "sign_type", "sign", "timestamp", "version", "biz_content", "auth_token",
	"app_auth_token", "notify_url", "return_url", "grant_type", "code", "refresh_token", "app_cert_sn",
	"alipay_root_cert_sn", "encrypt_type",
}

// alipayTarget reads the method only to find the fault that waits for it.
func alipayTarget(r *http.Request, body []byte) string {
	values, _ := url.ParseQuery(string(body))
	switch cmp.Or(values.Get("method"), r.URL.Query().Get("method")) {
	case methodOauthToken:
		return targetAlipayToken
	case methodSend:
		return targetAlipaySend
	case methodQuery:
		return targetAlipayQuery
	}
	return targetAlipayOther
}

// alipayCall is a request whose common parameters were checked.
type alipayCall struct {
	*call
	app    alipayApp
	params map[string]string
}

// gateway is POST /gateway.do. HTTP is 200 for every error of the gateway itself.
func (s *alipayServer) gateway(c *call) reply {
	params, problem := readAlipay(c)
	if problem != "" {
		return alipayRefusal("40002", problem)
	}
	app, known := s.apps[params["app_id"]]
	if !known {
		return alipayRefusal("40002", "isv.invalid-app-id")
	}
	a := &alipayCall{call: c, app: app, params: params}
	if params["method"] == "" {
		return alipayRefusal("40001", "isv.missing-method")
	}
	if code, sub := a.check(); code != "" {
		return a.fail(code, sub)
	}
	if answer, there := a.faulty(); there {
		return answer
	}
	switch params["method"] {
	case methodOauthToken:
		return s.oauthToken(a)
	case methodSend:
		return s.templateSend(a)
	case methodQuery:
		return s.subscribeQuery(a)
	}
	return a.fail("40002", "isv.invalid-method")
}

// readAlipay collects the parameters of address and form; each may come once, and none may be empty.
func readAlipay(c *call) (map[string]string, string) {
	if c.request.Method != http.MethodPost || !isMedia(c.request, "application/x-www-form-urlencoded") {
		return nil, "isv.invalid-parameter"
	}
	form, err := onlyOnce(string(c.body), alipayParams...)
	query, err2 := onlyOnce(c.request.URL.RawQuery, alipayParams...)
	if err != nil || err2 != nil {
		return nil, "isv.invalid-parameter"
	}
	for name, value := range query {
		if _, twice := form[name]; twice {
			return nil, "isv.invalid-parameter"
		}
		form[name] = value
	}
	for _, value := range form {
		if value == "" {
			return nil, "isv.invalid-parameter"
		}
	}
	return form, ""
}

// alipaySkew is how far a request's timestamp may be from the gateway's clock.
const alipaySkew = 5 * time.Minute

var beijing = time.FixedZone("+08:00", 8*60*60)

// check returns code and sub_code of the first thing wrong with the common parameters.
func (a *alipayCall) check() (code, sub string) {
	for _, name := range []string{"charset", "sign_type", "sign", "timestamp", "version"} {
		if a.params[name] == "" {
			return "40001", "isv.missing-" + strings.ReplaceAll(name, "_", "-")
		}
	}
	at, err := time.ParseInLocation("2006-01-02 15:04:05", a.params["timestamp"], beijing)
	switch {
	case !strings.EqualFold(a.params["charset"], "utf-8"):
		return "40002", "isv.invalid-charset"
	case a.params["sign_type"] != "RSA2":
		return "40002", "isv.invalid-signature-type"
	case a.params["version"] != "1.0":
		return "40002", "isv.invalid-version"
	case a.params["format"] != "" && a.params["format"] != "JSON":
		return "40002", "isv.invalid-format"
	case err != nil || time.Since(at).Abs() > alipaySkew:
		return "40002", "isv.invalid-timestamp"
	case !a.signed():
		return "40002", "isv.invalid-signature"
	case a.params["encrypt_type"] != "":
		return "40002", "isv.invalid-encrypt-type"
	}
	return "", ""
}

// signed checks RSA2 over every parameter but sign, by key, raw values; sign_type takes part.
func (a *alipayCall) signed() bool {
	var text strings.Builder
	for _, name := range slices.Sorted(maps.Keys(a.params)) {
		if name == "sign" {
			continue
		}
		if text.Len() > 0 {
			text.WriteByte('&')
		}
		text.WriteString(name + "=" + a.params[name])
	}
	signature, err := base64.StdEncoding.DecodeString(a.params["sign"])
	sum := sha256.Sum256([]byte(text.String()))
	return err == nil && rsa.VerifyPKCS1v15(a.app.public, crypto.SHA256, sum[:], signature) == nil
}

var alipayMessages = map[string]string{
	"10000": "Success", "20000": "Service Currently Unavailable", "40001": "Missing Required Arguments",
	"40002": "Invalid Arguments", "40003": "Insufficient Conditions", "40004": "Business Failed",
	"40005": "Call Limited", "40006": "Insufficient Permissions",
}

func alipayError(code, sub string) map[string]any {
	return map[string]any{"code": code, "msg": alipayMessages[code], "sub_code": sub, "sub_msg": "模拟：" + sub}
}

// alipayRefusal is the unsigned answer to a request of which not even the app is known.
func alipayRefusal(code, sub string) reply {
	return jsonReply(http.StatusOK, map[string]any{"error_response": alipayError(code, sub)})
}

// node is the name of the method's answer. A method that the gateway does not know is answered in error_response: its
// text came from outside and is not copied into the answer.
func (a *alipayCall) node() string {
	if method := a.params["method"]; oneOf(method, methodOauthToken, methodSend, methodQuery) {
		return strings.ReplaceAll(method, ".", "_") + "_response"
	}
	return "error_response"
}

func (a *alipayCall) fail(code, sub string) reply { return a.answer(a.node(), alipayError(code, sub)) }

func (a *alipayCall) succeed(fields map[string]any) reply { return a.answer(a.node(), fields) }

// answer signs the raw bytes of the node and writes the answer around exactly these bytes.
func (a *alipayCall) answer(node string, fields map[string]any) reply {
	if a.fault.is("extra_fields") {
		fields["new_field"] = []any{1, "x", map[string]any{"y": nil}}
	}
	raw := a.shape(marshal(fields))
	key := a.app.private
	if a.fault.is("wrong_key") {
		key = strangersKey()
	}
	sum := sha256.Sum256(raw)
	signature, err := rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, sum[:])
	if err != nil {
		return reply{status: http.StatusInternalServerError}
	}
	var out bytes.Buffer
	out.WriteString(`{"` + node + `":`)
	out.Write(raw)
	if !a.fault.oneOf("unsigned_success", "unsigned_40004") {
		out.WriteString(`,"sign":"` + base64.StdEncoding.EncodeToString(signature) + `"`)
	}
	out.WriteByte('}')
	return reply{contentType: "text/html;charset=utf-8", body: out.Bytes()}
}

// shape spoils nothing: it is the same JSON in other bytes, for readers that would verify over bytes of their own.
func (a *alipayCall) shape(raw []byte) []byte {
	switch a.fault.Name {
	case "spaces":
		var out bytes.Buffer
		_ = json.Indent(&out, raw, " ", "  ") // marshal's JSON always indents
		return out.Bytes()
	case "escaped_slashes":
		// Outside strings JSON has no slash, so each one may be escaped.
		return bytes.ReplaceAll(raw, []byte("/"), []byte(`\/`))
	}
	return raw
}

var strangersKey = sync.OnceValue(func() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err) // the system's randomness does not fail
	}
	return key
})

// faulty plays the faults that take the place of the answer.
func (a *alipayCall) faulty() (reply, bool) {
	switch name := a.fault.Name; name {
	case "40004", "unsigned_40004":
		return a.fail("40004", cmp.Or(a.fault.Detail, "USER_TEMPLATE_ILLEGAL")), true
	case "40005":
		return a.fail(name, cmp.Or(a.fault.Detail, "isv.app-call-limited")), true
	case "40006":
		return a.fail(name, cmp.Or(a.fault.Detail, "isv.insufficient-isv-permissions")), true
	case "20000":
		return a.fail(name, cmp.Or(a.fault.Detail, "isp.unknow-error")), true
	case "unsigned_error":
		return alipayRefusal("20000", cmp.Or(a.fault.Detail, "isp.unknow-error")), true
	case "code_invalid":
		return a.answer("error_response", alipayError("40002", "isv.code-invalid")), true
	}
	return reply{}, false
}
