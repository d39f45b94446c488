package handlers

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"yibao/balance"
	"yibao/handlers/web"
	"yibao/handlers/web/webtest"
	"yibao/identity"
	"yibao/identity/document"
	"yibao/identity/linking"
	"yibao/reminder"
)

func TestEveryPublicErrorIsWhole(t *testing.T) {
	t.Parallel()
	codes := map[string]bool{}
	for _, e := range publicErrors {
		if codes[e.Code] {
			t.Errorf("code %s twice", e.Code)
		}
		codes[e.Code] = true
		if !webtest.Han(e.Text[web.Chinese]) || e.Text[web.English] == "" || webtest.Han(e.Text[web.English]) {
			t.Errorf("%s: texts %+v", e.Code, e.Text)
		}
		if (e.Status == 429 || e.Status == 503) != (e.Retry != 0) {
			t.Errorf("%s: when to try again?", e.Code)
		}
	}
	r := newRig(t)
	for _, e := range publicErrors {
		r.fake.fail = e
		if p := r.do("GET", hotPath, "").Problem(t); p.Code != e.Code || p.Status != e.Status {
			t.Errorf("%s: %+v", e.Code, p)
		}
	}
	for _, k := range serviceErrors {
		if !codes[k.public.Code] {
			t.Errorf("%s is not in the list", k.public.Code)
		}
	}
}

// TestErrorsOfServices: each error comes out with its own status and code however it was wrapped, and its text stays in.
func TestErrorsOfServices(t *testing.T) {
	t.Parallel()
	cases := []struct {
		err    error
		status int
		code   string
		retry  string
	}{
		{identity.ErrCodeInvalid, 401, "code_invalid", ""},
		{identity.ErrNoSuchApp, 422, "app_unknown", ""},
		{identity.ErrUserBlocked, 403, "user_blocked", ""},
		{identity.ErrSignInTooOften, 429, "sign_in_too_often", "60"},
		{identity.ErrPlatformBusy, 503, "platform_busy", "10"},
		{identity.ErrPlatformUnavailable, 503, "platform_unavailable", "10"},
		{identity.ErrStore, 503, "store_unavailable", "5"},
		{document.ErrNumber, 422, "id_number_invalid", ""},
		{document.ErrName, 422, "name_invalid", ""},
		{identity.ErrGuardian, 422, "guardian_required", ""},
		{identity.ErrConsentMissing, 422, "consent_missing", ""},
		{linking.ErrCodeWrong, 422, "code_wrong", ""},
		{linking.ErrCodeExpired, 422, "code_expired", ""},
		{identity.ErrAttemptOver, 409, "attempt_over", ""},
		{identity.ErrTooSoon, 429, "too_soon", "60"},
		{&identity.TooSoonError{RetryAfter: 7*time.Second - time.Millisecond}, 429, "too_soon", "7"},
		{&identity.LimitError{RetryAfter: 90*time.Second + time.Millisecond}, 429, "too_many_attempts", "91"},
		{&identity.LimitError{}, 429, "too_many_attempts", "3600"},
		{balance.ErrTimeout, 503, "upstream_unavailable", "30"},
		{balance.ErrNoReading, 503, "no_reading", "30"},
		{fmt.Errorf("%w: %w", balance.ErrNoReading, &balance.ThrottledError{Until: noon}), 503, "upstream_throttled", "60"},
		{balance.ErrBusy, 503, "upstream_busy", "10"},
		{balance.ErrUnsupported, 409, "unsupported", ""},
		{balance.ErrTooMany, 422, "too_many_points", ""},
		{reminder.ErrThreshold, 422, "threshold_invalid", ""},
		{reminder.ErrNoRule, 404, "no_reminder", ""},
		{errors.New("secret detail"), 500, "internal", ""},
		{fmt.Errorf("%w: %w", identity.ErrStore, errors.New("secret detail")), 503, "store_unavailable", "5"},
	}
	for _, c := range cases {
		r := newRig(t)
		r.fake.fail = fmt.Errorf("secret text: %w", c.err)
		for _, language := range []string{"", "en"} {
			got := r.doIn(language, "POST", "/v1/link-attempts", goodLink)
			p := got.Problem(t)
			if p.Status != c.status || p.Code != c.code || got.Header.Get("Retry-After") != c.retry {
				t.Errorf("%v: %d %s, retry %q", c.err, p.Status, p.Code, got.Header.Get("Retry-After"))
			}
			if webtest.Han(p.Message) != (language == "") || webtest.Han(p.Title) != (language == "") {
				t.Errorf("%v in %q: %s", c.err, language, got.Text)
			}
			for _, word := range []string{"secret", "测试甲", "11010119000101001X"} {
				if strings.Contains(got.Text, word) || strings.Contains(r.log.String(), word) {
					t.Errorf("%v: %s got out", c.err, word)
				}
			}
		}
	}
}

// TestWaitsAreSaidInWords: the person reads how long to wait, and a program is told whether to wait by itself.
func TestWaitsAreSaidInWords(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	for _, c := range []struct {
		wait      time.Duration
		zh, en    string
		retryable bool
	}{
		{86398 * time.Second, "操作次数过多，请在24小时后重试；如急需查询，可拨打12393医保服务热线", "Too many attempts. Please try again in 24 hours; if it is urgent, call the medical-insurance hotline 12393.", false},
		{61 * time.Minute, "操作次数过多，请在61分钟后重试；如急需查询，可拨打12393医保服务热线", "Too many attempts. Please try again in 61 minutes; if it is urgent, call the medical-insurance hotline 12393.", false},
		{4 * time.Minute, "操作次数过多，请在4分钟后重试；如急需查询，可拨打12393医保服务热线", "Too many attempts. Please try again in 4 minutes; if it is urgent, call the medical-insurance hotline 12393.", true},
		{time.Millisecond, "操作次数过多，请在1秒后重试；如急需查询，可拨打12393医保服务热线", "Too many attempts. Please try again in 1 second; if it is urgent, call the medical-insurance hotline 12393.", true},
	} {
		r.fake.fail = &identity.LimitError{RetryAfter: c.wait}
		for language, want := range map[string]string{"": c.zh, "en": c.en} {
			p := r.doIn(language, "POST", "/v1/link-attempts", goodLink).Problem(t)
			if p.Message != want || p.Retryable == nil || *p.Retryable != c.retryable {
				t.Errorf("%v: %+v", c.wait, p)
			}
		}
	}
	r.fake.fail = document.ErrNumber
	if p := r.do("POST", "/v1/link-attempts", goodLink).Problem(t); p.Retryable != nil || p.TriesLeft != nil {
		t.Errorf("%+v", p)
	}
}

// TestWrongAnswersTellTheTriesLeft: the last one says that it is over.
func TestWrongAnswersTellTheTriesLeft(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	for tries, want := range map[int]string{1: "code_wrong", 4: "code_wrong", 5: "no_tries_left"} {
		r.fake.wrong = &identity.Attempt{State: identity.AttemptWaiting, Tries: tries}
		p := r.do("POST", "/v1/link-attempts/K3ZTQ7XNB5WRJ2M6VDYAHP4ELC/proof", `{"code":"123456"}`).Problem(t)
		if p.Status != 422 || p.Code != want || p.TriesLeft == nil || *p.TriesLeft != 5-tries {
			t.Errorf("after %d: %+v", tries, p)
		}
	}
}

// TestFieldOfServiceErrors: an error about one field names it.
func TestFieldOfServiceErrors(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.fake.fail = document.ErrNumber
	if p := r.do("POST", "/v1/link-attempts", goodLink).Problem(t); !p.Has("id_number", "id_number_invalid") {
		t.Errorf("%+v", p)
	}
}
