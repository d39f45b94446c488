package simulator

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// fuzzHandler answers without a listener; a panic of a handler is a finding, but for the one that cuts a connection.
func fuzzHandler(t testing.TB) (http.Handler, *World) {
	world := mustOpen(t, "")
	return Handler(world, testOptions(t)), world
}

func FuzzControl(f *testing.F) {
	for _, body := range []string{
		`{"platform":"wechat","user":"a","template":"wx-once","n":1}`, `{"id_number":"x","yuan":"1e2"}`,
		`{"target":"insurer.990100","fault":"balc_null","times":1}`, `[`, "\xff",
	} {
		f.Add("grant", body)
		f.Add("balance", body)
		f.Add("faults", body)
	}
	handler, _ := fuzzHandler(f)
	f.Fuzz(func(t *testing.T, path, body string) {
		if path != "grant" && path != "balance" && path != "faults" {
			return
		}
		recorder := httptest.NewRecorder()
		handler.ServeHTTP(recorder, httptest.NewRequest("POST", "/control/"+path, strings.NewReader(body)))
		if recorder.Code != 200 && recorder.Code != 400 {
			t.Errorf("status %d", recorder.Code)
		}
	})
}

func FuzzWeChatSend(f *testing.F) {
	handler, world := fuzzHandler(f)
	code, err := world.issueCode(wechatPlatform, wxApp, "demo1")
	if err != nil {
		f.Fatal(err)
	}
	open, _ := world.useCode(wechatPlatform, wxApp, code)
	token := tokenAt(testOptions(f).WeChatApps[0], 0, time.Now().Unix()/tokenPeriod)
	f.Add(string(marshal(wxMessage(open, wxOnce))))
	f.Add(`{"touser":"` + open + `","template_id":"wx-once","data":{"thing1":{"value":"a"}}}`)
	f.Fuzz(func(t *testing.T, body string) {
		request := httptest.NewRequest("POST", "/wechat/cgi-bin/message/subscribe/send?access_token="+token, strings.NewReader(body))
		request.Header.Set("Content-Type", "application/json")
		recorder := httptest.NewRecorder()
		handler.ServeHTTP(recorder, request)
		if answer := object(t, recorder.Body.Bytes()); answer["errcode"] == 0.0 || answer["errcode"] == -1.0 {
			t.Errorf("accepted without quota: %v", answer)
		}
	})
}

func FuzzAlipayForm(f *testing.F) {
	handler, _ := fuzzHandler(f)
	f.Add("app_id=2021000000000001&method=alipay.system.oauth.token&charset=utf-8&sign_type=RSA2&sign=x&version=1.0&timestamp=2026-11-21+12:00:00")
	f.Add("a=%zz&;")
	f.Add("app_id=2021000000000001&method=1BC\"0000000000000000") // once broke the answer's JSON
	f.Fuzz(func(t *testing.T, form string) {
		request := httptest.NewRequest("POST", "/alipay/gateway.do", strings.NewReader(form))
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded;charset=utf-8")
		recorder := httptest.NewRecorder()
		handler.ServeHTTP(recorder, request)
		if answer := readAli(recorder.Code, recorder.Body.Bytes()); answer.sub() == nil {
			t.Errorf("taken without a signature: %s", recorder.Body)
		}
	})
}

func FuzzAlipayData(f *testing.F) {
	f.Add(`{"keyword1":{"value":"a"},"keyword2":{"value":"b"}}`)
	f.Add(`{"keyword1":null}`)
	f.Fuzz(func(t *testing.T, data string) {
		values, sub := keywords(AlipayTemplate{Keywords: 2}, data)
		if (sub == "") != (len(values) == 2) {
			t.Errorf("%v %q", values, sub)
		}
	})
}

func FuzzInsurer(f *testing.F) {
	handler, world := fuzzHandler(f)
	f.Add(string(marshal(insurerBody(infnoPerson, world.people[0]))))
	f.Add(`{"infno":"1101","fixmedins_code":"一二三四五六七八九十一二","msgid":"一二三四五六七八九十一二三四五六七八九十一二三四五六七八九十"}`)
	f.Fuzz(func(t *testing.T, body string) {
		request := httptest.NewRequest("POST", "/insurer/"+RegionB, strings.NewReader(body))
		request.Header.Set("Content-Type", "application/json")
		request.Header.Set("apikey", "test-api-key")
		recorder := httptest.NewRecorder()
		handler.ServeHTTP(recorder, request)
		object(t, recorder.Body.Bytes())
	})
}

func FuzzSMSBody(f *testing.F) {
	handler, _ := fuzzHandler(f)
	f.Add(smsBody("19900000001", "request-1"))
	f.Fuzz(func(t *testing.T, body string) {
		request := httptest.NewRequest("POST", "/sms/send", strings.NewReader(body))
		request.Header.Set("Content-Type", "application/json")
		smsSign(request, body, "nonce-"+requestID(), time.Now())
		recorder := httptest.NewRecorder()
		handler.ServeHTTP(recorder, request)
		object(t, recorder.Body.Bytes())
	})
}

func FuzzJournal(f *testing.F) {
	f.Add([]byte(`{"kind":"grant","n":1}` + "\n"))
	f.Add([]byte(`{"kind":"message","message":{}}` + "\n" + `{"kind":"code"`))
	f.Fuzz(func(t *testing.T, content []byte) {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, journalName), content, 0o600); err != nil {
			t.Fatal(err)
		}
		world, err := OpenWorld(WorldOptions{Dir: dir})
		if err != nil {
			return
		}
		if err = world.grant(wechatPlatform, wxApp, "demo1", wxOnce, 1); err != nil {
			t.Fatal(err)
		}
		_ = world.Close()
		if world, err = OpenWorld(WorldOptions{Dir: dir}); err != nil {
			t.Fatal("what was written cannot be read:", err)
		}
		_ = world.Close()
	})
}
