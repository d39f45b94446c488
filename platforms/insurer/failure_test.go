package insurer

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"yibao/balance"
	"yibao/identity"
)

func wantError(t *testing.T, err error, class Class, targets ...error) {
	t.Helper()
	var e *Error
	if !errors.As(err, &e) || e.Class != class {
		t.Fatalf("error %v, want class %s", err, class)
	}
	for _, target := range append(targets, domainErrors[class]...) {
		if !errors.Is(err, target) {
			t.Errorf("%v does not match %v", err, target)
		}
	}
}

// quirks are failures as deployments were seen to send them, and what else an upstream in trouble sends.
var quirks = []struct {
	name   string
	change func(*Profile)
	status int
	body   string
	class  Class // "" for success
}{
	{"infcode is text", nil, 200, good(goodOutput), ""},
	{"infcode is a number", nil, 200, strings.Replace(good(goodOutput), `"0"`, `0`, 1), ""},
	{"infcode -1 is text", nil, 200, `{"infcode":"-1","err_msg":"x","output":` + goodOutput + `}`, ClassBusiness},
	{"infcode -1 is a number", nil, 200, `{"infcode":-1,"err_msg":"x"}`, ClassBusiness},
	{"infcode 0.0", nil, 200, `{"infcode":0.0,"output":` + goodOutput + `}`, ""},
	{"infcode 0.0 is text", nil, 200, `{"infcode":"0.0","output":` + goodOutput + `}`, ""},
	{"infcode 0.5", nil, 200, `{"infcode":0.5,"output":` + goodOutput + `}`, ClassBusiness},
	{"amount without a digit before its point", nil, 200, strings.Replace(good(goodOutput), `"1234.50"`, `1234.5,"paid":.56,"owed":-.5,"more":[5.]`, 1), ""},
	{"raw tab and line break in texts", nil, 200, strings.Replace(strings.Replace(good(goodOutput), "测试单位", "测试\t单位", 1), `"err_msg":""`, "\"err_msg\":\"\r\n\"", 1), ""},
	{"raw tab in a string of JSON", wrapped(UnwrapString), 200, good(quoted(strings.Replace(goodOutput, "测试单位", "测试\t单位", 1))), ""},
	{"one-sided amount in a string of JSON", wrapped(UnwrapString), 200, good(quoted(strings.Replace(goodOutput, `"1234.50"`, `1234.5,"paid":.56`, 1))), ""},
	{"codes as numbers with decimals", nil, 200, strings.NewReplacer(`"310"`, `310.0`, `"1101"`, `1101.0`, `"psn_insu_stas":"1"`, `"psn_insu_stas":1.0`).Replace(good(goodOutput)), ""},
	{"trailing NULs", nil, 200, good(goodOutput) + "\r\n\x00\x00", ""},
	{"infcode null", nil, 200, `{"infcode":null,"output":` + goodOutput + `}`, ClassMalformed},
	{"infcode missing", nil, 200, `{"output":` + goodOutput + `}`, ClassMalformed},
	{"infcode in capitals", nil, 200, `{"INFCODE":"0","output":` + goodOutput + `}`, ClassMalformed},
	{"infcode missing with a text", nil, 200, `{"err_msg":"x","output":` + goodOutput + `}`, ClassBusiness},
	{"success code with a text", nil, 200, `{"infcode":"0","err_msg":"成功","output":` + goodOutput + `}`, ""},
	{"success code with a text that means failure", errMsgFails, 200, `{"infcode":"0","err_msg":"无权限","output":` + goodOutput + `}`, ClassBusiness},
	{"success code with a text and no output", nil, 200, `{"infcode":"0","err_msg":"FSI-不能连接统一支付平台"}`, ClassBusiness},
	{"success code with a text and an empty output", nil, 200, `{"infcode":0,"err_msg":"查无此人","output":{}}`, ClassBusiness},
	{"success code with a text, no output, and a rule", textRules, 200, `{"infcode":0,"err_msg":"查无此人","output":null}`, ClassNotEnrolled},
	{"success code with a text, no output, and a rule for access", textRules, 200, `{"infcode":"0","err_msg":"签名错误"}`, ClassAccess},
	{"success code with a text and no output where that is nobody", emptyUnknown, 200, `{"infcode":"0","err_msg":"x"}`, ClassNotEnrolled},
	{"success code with a word of success and no output", nil, 200, `{"infcode":"0","err_msg":"成功"}`, ClassMalformed},
	{"success code with a text that a rule fits, and an output", textRules, 200, `{"infcode":"0","err_msg":"查无此人","output":` + goodOutput + `}`, ""},
	{"429", nil, 429, ``, ClassThrottled},
	{"429 in HTML", nil, 429, `<html>`, ClassThrottled},
	{"429 in the body", nil, 200, `{"code":429,"success":false,"message":"x"}`, ClassThrottled},
	{"429.0 in the body", nil, 200, `{"infcode":429.0,"err_msg":"x"}`, ClassThrottled},
	{"429 in the body of 403", nil, 403, `{"code":"429"}`, ClassThrottled},
	{"429 in the body of 503", nil, 503, `{"code":"429"}`, ClassThrottled},
	{"429 in the body of 500", nil, 500, `{"code":"429","message":"x"}`, ClassThrottled},
	{"429 below data", wrapped(UnwrapNested), 200, `{"code":0,"data":{"infcode":"429","err_msg":"x"}}`, ClassThrottled},
	{"a rule for too many questions", textRules, 200, `{"infcode":-1,"err_msg":"请求过于频繁"}`, ClassThrottled},
	{"success code with a blank text", errMsgFails, 200, `{"infcode":"0","err_msg":" ","output":` + goodOutput + `}`, ""},
	{"success code, success false", nil, 200, `{"infcode":"0","success":false,"output":` + goodOutput + `}`, ClassBusiness},
	{"middle platform", nil, 200, `{"code":"999","msg":"x"}`, ClassBusiness},
	{"gateway", nil, 200, `{"code":500159,"success":false,"message":"请使用电子凭证"}`, ClassBusiness},
	{"gateway says ok by itself", nil, 200, `{"code":0,"output":` + goodOutput + `}`, ClassMalformed},
	{"1 is no success", nil, 200, `{"infcode":"1","output":` + goodOutput + `}`, ClassBusiness},
	{"1 is success of a relay", relay, 200, `{"infcode":"1","output":` + goodOutput + `}`, ""},
	{"504", nil, 504, ``, ClassTimeout},
	{"504 with a success in it", nil, 504, good(goodOutput), ClassTimeout},
	{"502 in HTML", nil, 502, `<html></html>`, ClassTimeout},
	{"503", nil, 503, `{"message":"x"}`, ClassTimeout},
	{"HTML with 200", nil, 200, " \n<!DOCTYPE html><html>没有数据</html>", ClassTimeout},
	{"timeout in words", nil, 200, `upstream request Timeout`, ClassTimeout},
	{"timeout in Chinese", nil, 200, `请求超时`, ClassTimeout},
	{"timeout in a JSON string", nil, 200, `"read timed out"`, ClassTimeout},
	{"timeout in a message", nil, 200, `{"message":"upstream request timeout"}`, ClassTimeout},
	{"timeout in a message with a code", nil, 200, `{"code":"504","msg":"请求超时"}`, ClassTimeout},
	{"timeout in a message of a relay that refuses", nil, 200, `{"code":500,"success":false,"message":"Read timed out"}`, ClassTimeout},
	{"timeout in a message of 500", nil, 500, `{"code":500,"message":"Read timed out"}`, ClassTimeout},
	{"timeout in the insurer's own words", nil, 200, `{"infcode":-1,"err_msg":"请求超时"}`, ClassBusiness},
	{"500 in words", nil, 500, `oops`, ClassBusiness},
	{"500 with a success in it", nil, 500, good(goodOutput), ClassBusiness},
	{"401", nil, 401, `{"code":"401"}`, ClassAccess},
	{"404", nil, 404, `no route`, ClassAccess},
	{"redirect", nil, 302, ``, ClassAccess},
	{"empty body", nil, 200, ``, ClassMalformed},
	{"empty body of 500", nil, 500, ``, ClassBusiness},
	{"spaces", nil, 200, " \r\n", ClassMalformed},
	{"null", nil, 200, `null`, ClassMalformed},
	{"array", nil, 200, `[]`, ClassMalformed},
	{"cut off", nil, 200, good(goodOutput)[:200], ClassMalformed},
	{"two documents", nil, 200, good(goodOutput) + good(goodOutput), ClassMalformed},
	{"not UTF-8", nil, 200, strings.Replace(good(goodOutput), "测试甲", "\xb2\xe2", 1), ClassMalformed},
	{"byte order mark", nil, 200, "\ufeff" + good(goodOutput), ""},
	{"too large", nil, 200, good(goodOutput) + strings.Repeat(" ", 1<<20), ClassMalformed},
	{"output missing", nil, 200, `{"infcode":"0"}`, ClassMalformed},
	{"output null", nil, 200, good(`null`), ClassMalformed},
	{"output empty", nil, 200, good(`{}`), ClassMalformed},
	{"output empty says unknown", emptyUnknown, 200, good(`{}`), ClassNotEnrolled},
	{"output missing says unknown", emptyUnknown, 200, `{"infcode":"0"}`, ClassNotEnrolled},
	{"output array, empty, says unknown", emptyUnknown, 200, good(`[ ]`), ClassNotEnrolled},
	{"output garbage says nothing", emptyUnknown, 200, good(`7`), ClassMalformed},
	{"output array, not expected", nil, 200, good(`[` + goodOutput + `]`), ClassMalformed},
	{"output array", wrapped(UnwrapArray), 200, good(`[` + goodOutput + `]`), ""},
	{"output array of two", wrapped(UnwrapArray), 200, good(`[` + goodOutput + `,` + goodOutput + `]`), ClassMalformed},
	{"output object where arrays are", wrapped(UnwrapArray), 200, good(goodOutput), ""},
	{"output string, not expected", nil, 200, good(quoted(goodOutput)), ClassMalformed},
	{"output string", wrapped(UnwrapString), 200, good(quoted(goodOutput)), ""},
	{"output string, broken", wrapped(UnwrapString), 200, good(quoted(goodOutput[:99])), ClassMalformed},
	{"output string, blank", wrapped(UnwrapString), 200, good(`""`), ClassMalformed},
	{"output below data", wrapped(UnwrapNested), 200, good(`{"data":` + goodOutput + `}`), ""},
	{"output below data and body", wrapped(UnwrapNested), 200, good(`{"data":{"body":[` + quoted(goodOutput) + `]}}`), ""},
	{"output in data", wrapped(UnwrapNested), 200, strings.Replace(good(goodOutput), `"output"`, `"data"`, 1), ""},
	{"output too deep", wrapped(UnwrapNested), 200, good(strings.Repeat(`{"data":`, 9) + goodOutput + strings.Repeat(`}`, 9)), ClassMalformed},
	{"envelope in data", wrapped(UnwrapNested), 200, `{"code":200,"success":true,"data":` + good(goodOutput) + `}`, ""},
	{"envelope in body as text", wrapped(UnwrapNested), 200, `{"body":` + quoted(good(goodOutput)) + `}`, ""},
	{"refusal in data", wrapped(UnwrapNested), 200, `{"code":0,"data":{"infcode":-1,"err_msg":"x"}}`, ClassBusiness},
	{"relay refuses around a success", wrapped(UnwrapNested), 200, `{"code":0,"success":false,"data":` + good(goodOutput) + `}`, ClassBusiness},
	{"relay's code alone", wrapped(UnwrapNested), 200, `{"code":"0","data":` + goodOutput + `}`, ""},
	{"nested nothing", wrapped(UnwrapNested), 200, `{"infcode":0,"data":null}`, ClassMalformed},
	{"envelope nested, not expected", nil, 200, `{"data":` + good(goodOutput) + `}`, ClassMalformed},
	{"no baseinfo", nil, 200, good(`{"insuinfo":[` + goodRow + `]}`), ClassMalformed},
	{"baseinfo is text", nil, 200, good(`{"baseinfo":"x","insuinfo":[]}`), ClassMalformed},
	{"no name", nil, 200, good(strings.Replace(goodOutput, "psn_name", "name", 1)), ClassMalformed},
	{"no number", nil, 200, good(strings.Replace(goodOutput, "certno", "no", 1)), ClassMalformed},
	{"another name", nil, 200, good(strings.Replace(goodOutput, "测试甲", "测试乙", 1)), ClassMismatch},
	{"masked name", nil, 200, good(strings.Replace(goodOutput, "测试甲", "测*甲", 1)), ClassMismatch},
	{"another number", nil, 200, good(strings.Replace(goodOutput, "11010519491231002X", "440524188001010014", 1)), ClassMismatch},
	{"no insuinfo", nil, 200, good(`{` + goodBase + `}`), ClassMalformed},
	{"insuinfo empty", nil, 200, good(`{` + goodBase + `,"insuinfo":[]}`), ClassNotEnrolled},
	{"insuinfo is one object", nil, 200, good(`{` + goodBase + `,"insuinfo":` + goodRow + `}`), ""},
	{"insuinfo is text", nil, 200, good(`{` + goodBase + `,"insuinfo":"none"}`), ClassMalformed},
	{"insuinfo holds null", nil, 200, good(`{` + goodBase + `,"insuinfo":[null]}`), ClassMalformed},
	{"insuinfo without types", nil, 200, good(`{` + goodBase + `,"insuinfo":[{"balc":1}]}`), ClassMalformed},
	{"insuinfo without end", nil, 200, good(`{` + goodBase + `,"insuinfo":[` + strings.Repeat(goodRow+",", 64) + goodRow + `]}`), ClassMalformed},
}

func errMsgFails(p *Profile) { p.ErrMsgMeansFailure = true }
func textRules(p *Profile) {
	p.Failures.NotEnrolled = []FailureRule{{Contains: "查无此人"}}
	p.Failures.Access = []FailureRule{{Contains: "签名"}}
	p.Failures.Throttled = []FailureRule{{Contains: "频繁"}}
}

func relay(p *Profile)        { p.SuccessCodes = []string{"0", "1"} }
func emptyUnknown(p *Profile) { p.EmptyMeansNotEnrolled = true }

func wrapped(mode Unwrap) func(*Profile) { return func(p *Profile) { p.Unwrap = mode } }

func quoted(s string) string { return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"` }

func TestQuirks(t *testing.T) {
	t.Parallel()
	for _, c := range quirks {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			change := c.change
			if change == nil {
				change = func(*Profile) {}
			}
			client, _ := serve(t, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Location", "/elsewhere")
				w.WriteHeader(c.status)
				_, _ = io.WriteString(w, c.body)
			}, change)
			answer, err := client.Enrolments(t.Context(), "990100", someone)
			if c.class != "" {
				wantError(t, err, c.class)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if b := answer.Enrolments[0].Account.Balance; b == nil || *b != 123450 || answer.Coverage != balance.Complete {
				t.Errorf("answer %+v", answer)
			}
		})
	}
}

func TestFailureRules(t *testing.T) {
	t.Parallel()
	rules := func(p *Profile) {
		p.Failures = Failures{
			Access:      []FailureRule{{Code: "A1"}, {Contains: "hospital token"}},
			NotEnrolled: []FailureRule{{Code: "-1", Contains: "查无此人"}},
			Mismatch:    []FailureRule{{Contains: "姓名不符"}},
			NoAnswer:    []FailureRule{{Contains: "empty reply"}},
		}
		p.Retries = 0
	}
	for body, class := range map[string]Class{
		`{"infcode":"A1"}`: ClassAccess,
		`{"code":"7","message":"hospital token empty"}`: ClassAccess,
		`{"infcode":-1,"err_msg":"FSI-查无此人[x_1]"}`:      ClassNotEnrolled,
		`{"infcode":-2,"err_msg":"查无此人"}`:               ClassBusiness,
		`{"infcode":-1}`: ClassBusiness,
		`{"infcode":"-2","err_msg":"证件与姓名不符"}`:                 ClassMismatch,
		`{"infcode":-1,"err_msg":"system error, empty reply"}`: ClassTimeout,
		`{"code":"-1","msg":"超时，查无此人"}`:                        ClassTimeout, // a relay's "timeout" is never "no data"
		`{"code":"A1","msg":"时间戳超时"}`:                          ClassAccess,
	} {
		client, _ := serve(t, answering(body), rules)
		_, err := client.Match(t.Context(), someone)
		wantError(t, err, class)
	}
}

// TestTheLogTellsTheStatus also of answers that were read before they were refused.
func TestTheLogTellsTheStatus(t *testing.T) {
	t.Parallel()
	for body, class := range map[string]Class{
		`{"infcode":0,"err_msg":"x"}`: ClassBusiness,
		good(`{}`):                    ClassMalformed,
		good(`{` + goodBase + `}`):    ClassMalformed,
		good(strings.Replace(goodOutput, "测试甲", "测试乙", 1)):        ClassMismatch,
		good(`{` + goodBase + `,"insuinfo":[]}`):                  ClassNotEnrolled,
		good(`{` + goodBase + `,"insuinfo":[{"insutype":"职工"}]}`): ClassMalformed,
	} {
		var log bytes.Buffer
		_, u := serve(t, answering(body))
		client := throttledClient(t, u, time.Now, &log)
		_, err := client.Enrolments(t.Context(), "990100", someone)
		wantError(t, err, class)
		if text := log.String(); strings.Count(text, "status=200") != 1 || strings.Contains(text, "status=0") {
			t.Errorf("%s: %s", body, text)
		}
	}
}

func TestErrorsAndLogsTellNothingOfAPerson(t *testing.T) {
	t.Parallel()
	const phone = "13800000000"
	leaky := fmt.Sprintf(`{"infcode":"%s","inf_refmsgid":"R%s","err_msg":"%s %s %s","output":{"x":"%s"}}`,
		phone, someone.IDNumber, someone.Name, someone.IDNumber, phone, phone)
	var log bytes.Buffer
	for _, body := range []string{leaky, strings.Replace(leaky, `"`+phone+`"`, `"`+someone.Name+`"`, 1),
		good(strings.Replace(goodOutput, "测试甲", "测试乙", 1))} {
		server, _ := serve(t, answering(body))
		p := server.regions["990100"].Profile
		p.BaseURL += "/S3cr3t"
		client, err := New(Profiles{"990100": p}, Options{Log: slog.New(slog.NewTextHandler(&log, nil))})
		if err != nil {
			t.Fatal(err)
		}
		_, err = client.Enrolments(t.Context(), "990100", someone)
		fmt.Fprintf(&log, "%v %+v %s", err, err, fmt.Sprint(err))
	}
	p := profile("http://127.0.0.1:1/S3cr3t")
	_, err := newClient(t, p).Match(t.Context(), someone)
	fmt.Fprintf(&log, "%v %+v %#v %v", err, p, p, p)
	for _, secret := range []string{phone, "测试甲", "测试乙", someone.IDNumber, "test-pass-token"} {
		if strings.Contains(log.String(), secret) {
			t.Errorf("%s in %s", secret, log.String())
		}
	}
	if strings.Contains(err.Error(), "S3cr3t") {
		t.Error("the address in an error")
	}
}

func TestOnlyUnansweredQuestionsAreAskedAgain(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		retries  int
		failures int32
		fail     http.HandlerFunc
		requests int
		class    Class
	}{
		"default, recovers":        {1, 1, status(504), 2, ""},
		"default, does not":        {1, 9, status(504), 2, ClassTimeout},
		"cut connection":           {1, 1, func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, 2, ""},
		"three":                    {3, 3, answering("<html>"), 4, ""},
		"timeout in JSON":          {1, 1, answering(`{"code":"504","msg":"请求超时"}`), 2, ""},
		"none":                     {0, 9, status(504), 1, ClassTimeout},
		"refusals are not":         {3, 9, answering(`{"infcode":-1}`), 1, ClassBusiness},
		"garbage is not":           {3, 9, answering(`{`), 1, ClassMalformed},
		"bad credentials are not":  {3, 9, status(403), 1, ClassAccess},
		"internal failures aren't": {3, 9, status(500), 1, ClassBusiness},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var failed atomic.Int32
			client, u := serve(t, func(w http.ResponseWriter, r *http.Request) {
				if failed.Add(1) <= c.failures {
					c.fail(w, r)
					return
				}
				answering(good(goodOutput))(w, r)
			}, func(p *Profile) { p.Retries = c.retries })
			_, err := client.Enrolments(t.Context(), "990100", someone)
			if c.class != "" {
				wantError(t, err, c.class)
			} else if err != nil {
				t.Fatal(err)
			}
			if u.requests() != c.requests {
				t.Errorf("%d requests", u.requests())
			}
		})
	}
}

func status(code int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }
}

func TestSlowUpstreams(t *testing.T) {
	t.Parallel()
	hang := func(w http.ResponseWriter, r *http.Request) { <-r.Context().Done() }
	drip := func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, `{"infcode":"0",`)
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
	}
	for name, answer := range map[string]http.HandlerFunc{"no header": hang, "no end": drip} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, _ := serve(t, answer, func(p *Profile) { p.Timeout = 50 * time.Millisecond })
			_, err := client.Enrolments(t.Context(), "990100", someone)
			wantError(t, err, ClassTimeout, balance.ErrTimeout, identity.ErrUpstreamUnavailable)

			client, u := serve(t, answer, func(p *Profile) { p.Retries = 5 })
			ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
			defer cancel()
			_, err = client.Enrolments(ctx, "990100", someone)
			wantError(t, err, ClassTimeout, context.DeadlineExceeded)
			if u.requests() > 1 {
				t.Errorf("%d requests after the caller gave up", u.requests())
			}
		})
	}
}

func TestUnverifiedCertificateIsAccess(t *testing.T) {
	t.Parallel()
	u := &upstream{t: t, answer: answering("")}
	server := newTLSServer(t, u)
	client := newClient(t, profile(server))
	_, err := client.Probe(t.Context(), "990100")
	wantError(t, err, ClassAccess)
}
