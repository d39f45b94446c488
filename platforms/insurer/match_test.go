package insurer

import (
	"bytes"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"yibao/balance"
	"yibao/identity"
)

func withPhone(transaction, path string) func(*Profile) {
	return func(p *Profile) { p.PhoneOnFile = PhoneOnFile{Transaction: transaction, Path: path} }
}

func baseWith(extra string) string {
	return strings.Replace(goodOutput, `"psn_no"`, extra+`,"psn_no"`, 1)
}

func TestMatchReadsThePhoneFromTheAnswer(t *testing.T) {
	t.Parallel()
	const path = "baseinfo.exp_content.mobile"
	for _, c := range []struct{ extra, path, want string }{
		{`"exp_content":"{\"mobile\":\"13800000000\"}"`, path, "13800000000"},
		{`"exp_content":{"mobile":13800000000}`, path, "13800000000"},
		{`"exp_content":[{"mobile":"+86 138-0000-0000"}]`, path, "13800000000"},
		{`"tel":"13800000000"`, "baseinfo.tel", "13800000000"},
		{`"exp_content":"{\"mobile\":\"010-12345678\"}"`, path, ""}, // a landline gets no code
		{`"exp_content":"{\"mobile\":\"138****0000\"}"`, path, ""},
		{`"exp_content":"{\"mobile\":null}"`, path, ""},
		{`"exp_content":"not json"`, path, ""},
		{`"exp_content":""`, path, ""},
		{`"exp_content":[{"mobile":"13800000000"},{"mobile":"13900000000"}]`, path, ""},
		{`"other":1`, path, ""},
		{`"tel":{"a":"13800000000"}`, "baseinfo.tel", ""},
		{`"tel":"\u202D13800000000\u202C"`, "baseinfo.tel", "13800000000"},
		{`"tel":"138\u00A00000\u00A00000"`, "baseinfo.tel", "13800000000"},
		{`"tel":"１３８００００００００"`, "baseinfo.tel", "13800000000"},
		{`"tel":"013800000000"`, "baseinfo.tel", "13800000000"},
		{`"tel":"(86)13800000000"`, "baseinfo.tel", "13800000000"},
	} {
		client, u := serve(t, answering(good(baseWith(c.extra))), withPhone("", c.path))
		got, err := client.Match(t.Context(), someone)
		if err != nil || got != c.want || u.requests() != 1 {
			t.Errorf("%s: %q, %v", c.extra, got, err)
		}
	}
}

// TestUnreadablePhoneIsCounted: what is on file but says no phone for certain is told to the operator, without the number;
// that nothing is on file is not.
func TestUnreadablePhoneIsCounted(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		extra, path string
		counted     bool
	}{
		{`"tel":"13800000000/13900000000"`, "baseinfo.tel", true},
		{`"tel":"13800000000 13900000000"`, "baseinfo.tel", true},
		{`"tel":"13800000000(本人)"`, "baseinfo.tel", true},
		{`"tel":"010-12345678"`, "baseinfo.tel", true},
		{`"tel":["13800000000","13900000000"]`, "baseinfo.tel", true},
		{`"tel":{"a":"13800000000"}`, "baseinfo.tel", true},
		{`"exp_content":[{"tel":"13800000000"},{"tel":"13900000000"}]`, "baseinfo.exp_content.tel", true},
		{`"exp_content":"not json 13800000000"`, "baseinfo.exp_content.tel", true},
		{`"tel":"13800000000"`, "baseinfo.tel", false},
		{`"tel":""`, "baseinfo.tel", false},
		{`"tel":"  "`, "baseinfo.tel", false},
		{`"tel":null`, "baseinfo.tel", false},
		{`"other":1`, "baseinfo.tel", false},
		{`"exp_content":""`, "baseinfo.exp_content.tel", false},
		{`"exp_content":"{}"`, "baseinfo.exp_content.tel", false},
	} {
		server := httptest.NewServer(answering(good(baseWith(c.extra))))
		p := profile(server.URL)
		p.PhoneOnFile.Path = c.path
		var log bytes.Buffer
		var counted []string
		client, err := New(Profiles{"990100": p}, Options{
			Log:             slog.New(slog.NewTextHandler(&log, nil)),
			PhoneUnreadable: func(region string) { counted = append(counted, region) },
		})
		if err != nil {
			t.Fatal(err)
		}
		if _, err = client.Match(t.Context(), someone); err != nil {
			t.Errorf("%s: %v", c.extra, err)
		}
		server.Close()
		if c.counted != slices.Equal(counted, []string{"990100"}) || c.counted != strings.Contains(log.String(), "msg=insurer_phone_unreadable region=990100") {
			t.Errorf("%s: counted %v, logged %q", c.extra, counted, log.String())
		}
		if strings.Contains(log.String(), "1380") || strings.Contains(log.String(), "1234") {
			t.Errorf("%s: the log tells %q", c.extra, log.String())
		}
	}
}

func TestMatchWithoutExtension(t *testing.T) {
	t.Parallel()
	client, _ := serve(t, answering(good(baseWith(`"mobile":"13800000000"`))))
	if got, err := client.Match(t.Context(), someone); err != nil || got != "" {
		t.Errorf("%q, %v", got, err)
	}
}

// local answers 1101 with the first body and transaction 90001 with the second.
func local(first, second string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body := first
		if strings.HasSuffix(r.URL.Path, "/90001") {
			body = second
		}
		_, _ = io.WriteString(w, body)
	}
}

func TestMatchAsksTheLocalTransaction(t *testing.T) {
	t.Parallel()
	client, u := serve(t, local(good(goodOutput), good(`{"contact":{"tel":"13800000000"}}`)), withPhone("90001", "contact.tel"))
	phone, err := client.Match(t.Context(), someone)
	if err != nil || phone != "13800000000" {
		t.Fatalf("%q, %v", phone, err)
	}
	if u.requests() != 2 || u.seen[1]["infno"] != "90001" || u.seen[1]["insuplc_admdvs"] != "990101" ||
		u.data(1)["psn_no"] != "99000001" || u.data(1)["psn_name"] != someone.Name {
		t.Errorf("asked %v", u.seen[1:])
	}
}

func TestMatchNamesTheRegionOfInsurance(t *testing.T) {
	t.Parallel()
	noRegion := good(strings.Replace(strings.Replace(goodOutput, `"insuplc_admdvs":"990101",`, "", 1), `"psn_no":"99000001",`, "", 1))
	moved := good(strings.Replace(noRegion[strings.Index(noRegion, `{"baseinfo`):len(noRegion)-1], `"balc"`, `"psn_no":"77","balc"`, 1))
	client, u := serve(t, local(moved, good(`{"tel":"13800000000"}`)), withPhone("90001", "tel"))
	if phone, err := client.Match(t.Context(), someone); err != nil || phone == "" {
		t.Fatalf("%q, %v", phone, err)
	}
	if u.seen[1]["insuplc_admdvs"] != "990100" || u.data(1)["psn_no"] != "77" {
		t.Errorf("asked %v", u.seen[1])
	}
	client, u = serve(t, local(moved, good(`{"tel":"13800000000"}`)), withPhone("90001", "tel"), func(p *Profile) { p.InsuplcAdmdvs = "990188" })
	if _, err := client.Match(t.Context(), someone); err != nil || u.seen[1]["insuplc_admdvs"] != "990188" {
		t.Errorf("%v", err)
	}
}

func TestMatchFailures(t *testing.T) {
	t.Parallel()
	rules := func(p *Profile) { p.Failures.NotEnrolled = []FailureRule{{Code: "-1", Contains: "查无此人"}} }
	for name, c := range map[string]struct {
		first, second string
		class         Class
		target        error
	}{
		"unknown":                {`{"infcode":-1,"err_msg":"查无此人"}`, "", ClassNotEnrolled, identity.ErrNotEnrolled},
		"another person":         {good(strings.Replace(goodOutput, "测试甲", "测试丙", 1)), "", ClassMismatch, identity.ErrMismatch},
		"refused":                {`{"infcode":-1}`, "", ClassBusiness, identity.ErrUpstreamUnavailable},
		"relay":                  {`<html>`, "", ClassTimeout, identity.ErrUpstreamUnavailable},
		"local refused":          {good(goodOutput), `{"infcode":-1}`, ClassBusiness, identity.ErrUpstreamUnavailable},
		"local garbage":          {good(goodOutput), `{`, ClassMalformed, balance.ErrMalformed},
		"local without envelope": {good(goodOutput), `{"tel":"13800000000"}`, ClassMalformed, identity.ErrUpstreamUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, _ := serve(t, local(c.first, c.second), rules, withPhone("90001", "tel"))
			phone, err := client.Match(t.Context(), someone)
			wantError(t, err, c.class, c.target)
			if phone != "" {
				t.Error("a phone with an error")
			}
		})
	}
	// A local transaction that has nothing of the person is no failure: there is no phone.
	client, _ := serve(t, local(good(goodOutput), good(`null`)), withPhone("90001", "tel"))
	if phone, err := client.Match(t.Context(), someone); phone != "" || err != nil {
		t.Errorf("%q, %v", phone, err)
	}
}

// A person without any enrolment exists all the same.
func TestMatchNeedsNoEnrolment(t *testing.T) {
	t.Parallel()
	client, _ := serve(t, answering(good(`{`+goodBase+`}`)))
	if _, err := client.Match(t.Context(), someone); err != nil {
		t.Fatal(err)
	}
}

// A passport's number may be a military card's as well; a number with a form of its own is one person's.
func TestMatchLooksAtTheKindOfDocument(t *testing.T) {
	t.Parallel()
	passport := identity.Claim{Region: "990100", Name: "测试甲", IDType: "08", IDNumber: "E12345678"}
	for _, c := range []struct {
		claim identity.Claim
		told  string
		match bool
	}{
		{passport, `"psn_cert_type":"08",`, true},
		{passport, `"psn_cert_type":8,`, true},
		{passport, `"psn_cert_type":"",`, true},
		{passport, ``, true},
		{passport, `"psn_cert_type":"51",`, true},
		{passport, `"psn_cert_type":"02",`, false},
		{passport, `"psn_cert_type":"01",`, false},
		{someone, `"psn_cert_type":"90",`, true},
		{identity.Claim{Region: "990100", Name: "测试甲", IDType: "17", IDNumber: "830000199201300022"}, `"psn_cert_type":"06",`, true},
		{identity.Claim{Region: "990100", Name: "测试甲", IDType: "07", IDNumber: "ABC123456789012"}, `"psn_cert_type":"99",`, true},
	} {
		client, _ := serve(t, answering(good(`{"baseinfo":{`+c.told+`"certno":"`+c.claim.IDNumber+`","psn_name":"测试甲"}}`)))
		_, err := client.Match(t.Context(), c.claim)
		if c.match && err != nil || !c.match && !errors.Is(err, identity.ErrMismatch) {
			t.Errorf("%s told %s: %v", c.claim.IDType, c.told, err)
		}
	}
}
