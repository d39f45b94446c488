package handlers

import (
	"strings"
	"testing"

	"yibao/handlers/web/webtest"
)

// TestLogNamesNoOne looks for personal data and secrets in the log of real requests.
func TestLogNamesNoOne(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.do("POST", "/v1/link-attempts", goodLink)
	r.do("GET", hotPath, "")
	r.send(webtest.Request("POST", "/v1/sessions", goodSignIn))
	log := r.log.String()
	if !strings.Contains(log, `"route":"/v1/insured/{id}/balance","status":200`) {
		t.Errorf("log: %s", log)
	}
	for _, secret := range []string{"测试甲", "11010119000101001X", goodToken, "code-1", linkID, "ATTEMPT", "user-own", "new-token", "hidden"} {
		if strings.Contains(log, secret) {
			t.Errorf("%s is in the log", secret)
		}
	}
}

func TestOptionsThatAreWrong(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*Options){
		"no sessions": func(o *Options) { o.Sessions = nil },
		"no regions":  func(o *Options) { o.Regions = nil },
		"bad proxy":   func(o *Options) { o.TrustedProxies = []string{"localhost"} },
	} {
		o := testOptions(newFake())
		change(&o)
		if _, err := New(o); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	o := testOptions(newFake())
	o.Log, o.Now, o.Metrics, o.Version = nil, nil, nil, ""
	if _, err := New(o); err != nil {
		t.Error(err)
	}
}
