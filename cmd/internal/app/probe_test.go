package app

import (
	"errors"
	"strings"
	"testing"
	"time"

	"yibao/config/setting"
	"yibao/platforms/insurer"
)

func TestUnreachedIsNotSlow(t *testing.T) {
	t.Parallel()
	silent := &insurer.Error{Class: insurer.ClassTimeout}
	if got := sayUnreached(silent, 50*time.Millisecond, 8*time.Second); !strings.Contains(got.Error(), "cannot be reached") {
		t.Error(got)
	}
	if got := sayUnreached(silent, 8*time.Second, 8*time.Second); !strings.Contains(got.Error(), "no answer within 8s") {
		t.Error(got)
	}
	for _, err := range []error{nil, errors.New("other"), &insurer.Error{Class: insurer.ClassTimeout, Status: 504}, &insurer.Error{Class: insurer.ClassAccess}} {
		if got := sayUnreached(err, 0, time.Second); got != err {
			t.Error(got)
		}
	}
}

// TestProblemsAreToldByPart: a template's problems are a line of their own, and leave the app to be tried.
func TestProblemsAreToldByPart(t *testing.T) {
	t.Parallel()
	problems := setting.Problems{
		{Key: "wechat.apps.main.templates.low.fields.a", What: "is one", Mend: "mend one"},
		{Key: "wechat.apps.main.templates.low", What: "is two", Mend: "mend two"},
		{Key: "wechat.apps.main2.secret", What: "is three", Mend: "mend three"},
		{Key: "regions.990100", What: "is four", Mend: "mend four"},
	}
	for part, want := range map[string]struct {
		lines string
		sound bool
	}{
		"wechat.apps.main":  {"wechat.apps.main.templates.low: fields.a: is one (mend one)\nis two (mend two)", true},
		"wechat.apps.main2": {"wechat.apps.main2: secret: is three (mend three)", false},
		"regions.990100":    {"regions.990100: is four (mend four)", false},
		"regions.990200":    {"", true},
	} {
		lines, sound := told(problems, part)
		var text string
		for _, one := range lines {
			text += one.Name + ": " + one.Err.Error()
		}
		if text != want.lines || sound != want.sound {
			t.Errorf("%s: %q, %v", part, text, sound)
		}
	}
}
