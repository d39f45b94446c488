package insurer

import (
	"bytes"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"yibao/config/setting"
	"yibao/identity"
)

func withCard(p *Profile) {
	p.CardPassword = CardPassword{
		Transaction: "90002", NumberField: "card_no", PasswordField: "query_pwd", Path: "cardinfo.result", Right: "1",
	}
}

func TestVerifyCard(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		answer string
		want   error
	}{
		"right":                    {good(`{"cardinfo":{"result":"1"}}`), nil},
		"right, a number":          {good(`{"cardinfo":{"result":1}}`), nil},
		"another result":           {good(`{"cardinfo":{"result":"0"}}`), identity.ErrMismatch},
		"no result":                {good(`{"cardinfo":{}}`), identity.ErrMismatch},
		"no output":                {`{"infcode":"0","err_msg":""}`, identity.ErrMismatch},
		"refused":                  {`{"infcode":"-1","err_msg":"卡号或密码错误"}`, identity.ErrMismatch},
		"refused, no rule fits":    {`{"infcode":"-1","err_msg":"系统异常"}`, identity.ErrMismatch},
		"unreadable output":        {`{"infcode":"0","output":7}`, identity.ErrMismatch},
		"a proxy's page":           {`<html>`, identity.ErrUpstreamUnavailable},
		"the gateway does not let": {`{"code":500401,"success":false,"message":"invalid signature"}`, identity.ErrMismatch},
	} {
		client, u := serve(t, answering(c.answer), withCard)
		err := client.VerifyCard(t.Context(), someone, "A1234567", "s3cret")
		if !errors.Is(err, c.want) || u.requests() != 1 {
			t.Errorf("%s: %v, asked %d times", name, err, u.requests())
		}
		if data := u.data(0); data["card_no"] != "A1234567" || data["query_pwd"] != "s3cret" || data["certno"] != someone.IDNumber ||
			data["psn_name"] != someone.Name || u.paths[0] != "/fsi/api/90002" {
			t.Errorf("%s: asked %v", name, data)
		}
	}
}

// TestVerifyCardAsksOnce: where no answer came, the question is not repeated, and the password is in no error and no log.
func TestVerifyCardAsksOnce(t *testing.T) {
	t.Parallel()
	var asked atomic.Int32 // the handler ends without an answer that would order its write before our reading
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		asked.Add(1)
		panic(http.ErrAbortHandler)
	}))
	defer server.Close()
	p := profile(server.URL)
	p.Retries = 3
	withCard(&p)
	var log bytes.Buffer
	client, err := New(Profiles{"990100": p}, Options{Now: time.Now, Log: slog.New(slog.NewTextHandler(&log, nil))})
	if err != nil {
		t.Fatal(err)
	}
	err = client.VerifyCard(t.Context(), someone, "A1234567", "s3cret")
	if !errors.Is(err, identity.ErrUpstreamUnavailable) || errors.Is(err, identity.ErrMismatch) || asked.Load() != 1 {
		t.Errorf("%v, asked %d times", err, asked.Load())
	}
	for _, secret := range []string{"A1234567", "s3cret", someone.Name} {
		if strings.Contains(log.String()+err.Error(), secret) {
			t.Errorf("%s is in the log or the error", secret)
		}
	}
}

// TestVerifyCardWhereItIsNotOffered asks nothing.
func TestVerifyCardWhereItIsNotOffered(t *testing.T) {
	t.Parallel()
	client, u := serve(t, answering(good(goodOutput)))
	elsewhere := someone
	elsewhere.Region = "990300"
	for _, claim := range []identity.Claim{someone, elsewhere} {
		if err := client.VerifyCard(t.Context(), claim, "1", "1"); !errors.Is(err, identity.ErrNotOffered) || u.requests() != 0 {
			t.Errorf("%s: %v", claim.Region, err)
		}
	}
}

func TestMethodsOfARegion(t *testing.T) {
	t.Parallel()
	phone := func(p *Profile) { p.PhoneOnFile.Path = "baseinfo.mobile" }
	for _, c := range []struct {
		change []func(*Profile)
		want   []identity.Method
	}{
		{nil, nil},
		{[]func(*Profile){phone}, []identity.Method{identity.SMSOnFile}},
		{[]func(*Profile){withCard}, []identity.Method{identity.CardPassword}},
		{[]func(*Profile){withCard, phone}, []identity.Method{identity.SMSOnFile, identity.CardPassword}},
	} {
		p := profile("http://127.0.0.1")
		for _, change := range c.change {
			change(&p)
		}
		if got := p.Methods(); !slices.Equal(got, c.want) {
			t.Errorf("%v, want %v", got, c.want)
		}
	}
}

func TestCardPasswordIsChecked(t *testing.T) {
	t.Parallel()
	for key, change := range map[string]func(*CardPassword){
		"transaction":    func(c *CardPassword) { c.Transaction = "9" },
		"number_field":   func(c *CardPassword) { c.NumberField = "certno" },
		"password_field": func(c *CardPassword) { c.PasswordField = c.NumberField },
		"path":           func(c *CardPassword) { c.Path = "a..b" },
		"right":          func(c *CardPassword) { c.Right = "" },
	} {
		p := profile("http://127.0.0.1")
		withCard(&p)
		change(&p.CardPassword)
		var found setting.Problems
		p.CardPassword.check(setting.NewReport(&found).At("local_card_password"))
		if len(found) != 1 || found[0].Key != "local_card_password."+key {
			t.Errorf("%s: %v", key, found)
		}
	}
}
