package app

import (
	"strings"
	"testing"

	"yibao/config/setting"
	"yibao/platforms/insurer"
)

// TestOnlyWhatHasNoProblemIsTried: a template's problem leaves its app to be tried, an app's the other apps, and a section's
// none of them.
func TestOnlyWhatHasNoProblemIsTried(t *testing.T) {
	t.Parallel()
	at := func(keys ...string) (problems setting.Problems) {
		for _, key := range keys {
			problems = append(problems, setting.Problem{Key: key})
		}
		return problems
	}
	const app, other = "wechat.apps.main", "wechat.apps.main2"
	for _, one := range []struct {
		problems setting.Problems
		part     string
		but      string
		want     bool
	}{
		{nil, app, "", true},
		{at(app+".templates.low", app+".templates.low.fields.a"), app, app + ".templates.", true},
		{at(app + ".secret"), app, app + ".templates.", false},
		{at(app), app, app + ".templates.", false},
		{at(other+".secret", "alipay.gateway"), app, app + ".templates.", true},
		{at("wechat"), app, app + ".templates.", false},
		{at("wechat.base_url"), "wechat", "wechat.apps.", false},
		{at(app + ".secret"), "wechat", "wechat.apps.", true},
		{at("regions.990100.insurer.auth"), "regions.990100", "", false},
		{at("regions.9901"), "regions.990100", "", true},
		{setting.Problems{{Key: app, Hint: true}}, app, "", true},
	} {
		if got := sound(one.problems, one.part, one.but); got != one.want {
			t.Errorf("%v: %s is sound: %v", one.problems, one.part, got)
		}
	}
}

// TestCheckSaysWhatARegionsAnswerDoesNotProve: each hint names the key to set, and none is given for what is set.
func TestCheckSaysWhatARegionsAnswerDoesNotProve(t *testing.T) {
	t.Parallel()
	const access, unknown, text = "insurer.failures.access", "insurer.failures.not_enrolled", "insurer.err_msg_means_failure"
	for _, one := range []struct {
		found insurer.Finding
		want  []string
	}{
		{insurer.Finding{Understood: true, Code: "-1"}, nil},
		{insurer.Finding{Understood: true, Code: "-1", NoAccessRule: true}, []string{access}},
		{insurer.Finding{Code: "-1", NoAccessRule: true}, []string{unknown, access}},
		{insurer.Finding{Code: "0", ErrMsgOnly: true}, []string{text}},
	} {
		got := notProved("regions.990100", one.found)
		if len(got) != len(one.want) {
			t.Errorf("%+v: %+v", one.found, got)
			continue
		}
		for n, hint := range got {
			if hint.Word != WordHint || hint.Err != nil || !strings.Contains(hint.Note, one.want[n]) || !strings.Contains(hint.Note, "(code "+one.found.Code+")") {
				t.Errorf("%+v: %+v", one.found, hint)
			}
		}
	}
}
