package app_test

import (
	"maps"
	"net/http"
	"slices"
	"testing"

	"yibao/cmd/internal/app"
)

// What a sign-in comes to under each fault; "" is success.
const (
	platformDown = "503 platform_unavailable"
	platformBusy = "503 platform_busy"
)

var signInAnywhere = with(same(platformDown, beforeAnything...), same(platformDown, afterAccepting...), same("", "slow"))

// Without the platform's own wrong answers of one method.
var (
	signInWeChat = with(signInAnywhere, same("", "extra_fields", "errcode_string"), same(platformDown, "busy", "45009"))
	signInAlipay = with(signInAnywhere, same("", "spaces", "escaped_slashes", "extra_fields"), same(platformBusy, "40005"),
		same(platformDown, "40004", "40006", "20000", "unsigned_error", "unsigned_success", "unsigned_40004", "wrong_key"))
)

var signInFaults = map[string]map[string]string{
	"wechat": signInWeChat,
	"wechat.login": with(signInWeChat, same(platformDown, "40013", "40125", "40164"), map[string]string{
		"40029": "401 code_invalid", "40163": "401 code_invalid", "45011": "429 sign_in_too_often", "40226": "403 user_blocked"}),
	"alipay": signInAlipay,
	"alipay.token": with(signInAlipay, same("", "both_ids", "user_id_only", "expires_in_quoted"),
		same("401 code_invalid", "code_invalid")),
}

// TestSignInWhilePlatformsMisbehave signs in under every fault: that works or is refused with a stable code that says
// whose fault it is, and it works again once the fault is gone. It also fails when the world learns to misbehave at a new
// target.
func TestSignInWhilePlatformsMisbehave(t *testing.T) {
	t.Parallel()
	s := openStage(t, app.RoleAPI)
	want := []string{"alipay", "alipay.query", "alipay.send", "alipay.token", "insurer", "sms.send", "wechat",
		"wechat.login", "wechat.send", "wechat.token"}
	if got := slices.Sorted(maps.Keys(s.catalogue(t))); !slices.Equal(got, want) {
		t.Errorf("the simulated world misbehaves at %q; the tests know %q", got, want)
	}
	s.misbehave(t, "wechat.login", "busy", 1) // one "busy" sends nobody away
	s.signedIn(t, "wechat", "citizen")
	for platform, targets := range map[string][]string{
		"wechat": {"wechat", "wechat.login"}, "alipay": {"alipay", "alipay.token"},
	} {
		t.Run(platform, func(t *testing.T) {
			t.Parallel()
			p := s.phone(t, platform, "citizen")
			for _, target := range targets {
				each(t, s, target, signInFaults[target], func(fault, want string) {
					s.misbehave(t, target, fault, always)
					if got := codeOf(t, p.SignIn(t.Context())); got != want {
						t.Errorf("%s %s: %q, want %q", target, fault, got, want)
					}
					s.behave(t, target)
					if got := codeOf(t, p.SignIn(t.Context())); got != "" {
						t.Errorf("after %s %s: %s", target, fault, got)
					}
					if got := codeOf(t, p.Call(t.Context(), http.MethodGet, "/v1/me", nil, nil)); got != "" {
						t.Errorf("the token after %s %s: %s", target, fault, got)
					}
				})
			}
		})
	}
}

// TestAlipayUserKeepsLinksWhicheverIDComes: an app that is told user_id at first and both ids later finds the same person,
// and then by each id alone.
func TestAlipayUserKeepsLinksWhicheverIDComes(t *testing.T) {
	t.Parallel()
	s := openStage(t, app.RoleAPI)
	p := s.phone(t, "alipay", "citizen")
	for i, answer := range []string{"user_id_only", "both_ids", "", "user_id_only", "both_ids"} {
		if answer != "" {
			s.misbehave(t, "alipay.token", answer, 1)
		}
		if err := p.SignIn(t.Context()); err != nil {
			t.Fatal(err)
		}
		if i == 0 {
			s.link(t, p, s.withAccount()[0])
		}
		var list struct{ Insured []struct{ ID string } }
		if err := p.Call(t.Context(), http.MethodGet, "/v1/insured", nil, &list); err != nil || len(list.Insured) != 1 {
			t.Errorf("sign-in %d, %q: %d links, %v", i, answer, len(list.Insured), err)
		}
	}
}
