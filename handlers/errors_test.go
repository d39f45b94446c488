package handlers

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"yibao/balance"
	"yibao/identity"
	"yibao/reminder"
)

func TestEveryPublicErrorIsWhole(t *testing.T) {
	t.Parallel()
	codes := map[string]bool{}
	for _, e := range publicErrors {
		if codes[e.code] {
			t.Errorf("code %s twice", e.code)
		}
		codes[e.code] = true
		if _, ok := titles[e.status]; !ok {
			t.Errorf("%s: status %d has no title", e.code, e.status)
		}
		if !han(e.text.zh) || e.text.en == "" || han(e.text.en) {
			t.Errorf("%s: texts %+v", e.code, e.text)
		}
		if (e.status == 429 || e.status == 503) != (e.retry != 0) {
			t.Errorf("%s: when to try again?", e.code)
		}
	}
	for _, k := range known {
		if !codes[k.public.code] {
			t.Errorf("%s is not in the list", k.public.code)
		}
	}
	for status, title := range titles {
		if !han(title.zh) || title.en == "" || han(title.en) {
			t.Errorf("title of %d: %+v", status, title)
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
		{identity.ErrIDNumber, 422, "id_number_invalid", ""},
		{identity.ErrNameInvalid, 422, "name_invalid", ""},
		{identity.ErrGuardian, 422, "guardian_required", ""},
		{identity.ErrConsentMissing, 422, "consent_missing", ""},
		{identity.ErrCodeWrong, 422, "code_wrong", ""},
		{identity.ErrCodeExpired, 422, "code_expired", ""},
		{identity.ErrAttemptOver, 409, "attempt_over", ""},
		{identity.ErrTooSoon, 429, "too_soon", "60"},
		{&identity.TooSoonError{RetryAfter: 7*time.Second - time.Millisecond}, 429, "too_soon", "7"},
		{&identity.LimitError{RetryAfter: 90*time.Second + time.Millisecond}, 429, "too_many_attempts", "91"},
		{&identity.LimitError{}, 429, "too_many_attempts", "3600"},
		{balance.ErrTimeout, 503, "upstream_unavailable", "30"},
		{balance.ErrNoReading, 503, "no_reading", "30"},
		{balance.ErrBusy, 503, "upstream_busy", "10"},
		{balance.ErrUnsupported, 409, "unsupported", ""},
		{balance.ErrTooMany, 422, "too_many_points", ""},
		{reminder.ErrThreshold, 422, "threshold_invalid", ""},
		{reminder.ErrNoRule, 404, "no_reminder", ""},
		{context.DeadlineExceeded, 503, "timed_out", "5"},
		{errors.New("secret detail"), 500, "internal", ""},
		{fmt.Errorf("%w: %w", identity.ErrStore, errors.New("secret detail")), 503, "store_unavailable", "5"},
	}
	for _, c := range cases {
		r := newRig(t)
		r.fake.fail = fmt.Errorf("secret text: %w", c.err)
		for _, language := range []string{"", "en"} {
			got := r.doIn(language, "POST", "/v1/link-attempts", goodLink)
			p := got.problem(t)
			if p.Status != c.status || p.Code != c.code || got.Header.Get("Retry-After") != c.retry {
				t.Errorf("%v: %d %s, retry %q", c.err, p.Status, p.Code, got.Header.Get("Retry-After"))
			}
			if han(p.Detail) != (language == "") || han(p.Title) != (language == "") {
				t.Errorf("%v in %q: %s", c.err, language, got.body)
			}
			for _, word := range []string{"secret", "测试甲", "11010119000101001X"} {
				if strings.Contains(got.body, word) || strings.Contains(r.log.String(), word) {
					t.Errorf("%v: %s got out", c.err, word)
				}
			}
		}
	}
}

// TestFieldOfServiceErrors: an error about one field names it.
func TestFieldOfServiceErrors(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.fake.fail = identity.ErrIDNumber
	if p := r.do("POST", "/v1/link-attempts", goodLink).problem(t); !hasField(p, "id_number", "id_number_invalid") {
		t.Errorf("%+v", p)
	}
}

func TestUnknownErrorsAreLoggedByTypeOnly(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.fake.fail = fmt.Errorf("secret: %w", &strangeError{})
	p := r.do("GET", hotPath, "").problem(t)
	if p.Code != "internal" {
		t.Errorf("%+v", p)
	}
	log := r.log.String()
	if !strings.Contains(log, "*handlers.strangeError") || !strings.Contains(log, p.RequestID) || strings.Contains(log, "secret") {
		t.Errorf("log: %s", log)
	}
}

type strangeError struct{}

func (*strangeError) Error() string { return "secret" }

func TestPanicsBecomeProblems(t *testing.T) {
	t.Parallel()
	for _, cause := range []any{"secret", errors.New("secret"), 7} {
		r := newRig(t)
		r.fake.panics = cause
		p := r.do("GET", hotPath, "").problem(t)
		if p.Code != "internal" || p.Status != 500 {
			t.Errorf("%+v", p)
		}
		log := r.log.String()
		if strings.Contains(log, "secret") || !strings.Contains(log, "fakeService") || !strings.Contains(log, p.RequestID) {
			t.Errorf("log: %s", log)
		}
		r.fake.panics = nil
		if got := r.do("GET", hotPath, ""); got.StatusCode != http.StatusOK {
			t.Errorf("after a panic: %d", got.StatusCode)
		}
		if body := r.send(request("GET", "/metrics", "")).body; !strings.Contains(body,
			`yibao_http_requests_total{method="GET",route="/v1/insured/{id}/balance",status="500"} 1`) {
			t.Error("the panic was not counted")
		}
	}
}

func TestVerifyMayFailToo(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	made := request("GET", "/v1/me", "")
	made.Header.Set("Authorization", "bearer store-down")
	if p := r.send(made).problem(t); p.Code != "store_unavailable" || p.Status != 503 {
		t.Errorf("%+v", p)
	}
}
