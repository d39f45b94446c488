package web

import (
	"regexp"
	"strings"
	"testing"

	"yibao/handlers/web/webtest"
)

func TestDocsPage(t *testing.T) {
	t.Parallel()
	got := newRig(t).send(webtest.Request("GET", "/docs", ""))
	if !strings.HasPrefix(got.Header.Get("Content-Type"), "text/html") || !strings.Contains(got.Text, "医保") {
		t.Errorf("%v", got.Header)
	}
	if regexp.MustCompile(`(?i)https?://|src=|@import`).MatchString(got.Text) {
		t.Error("the page mentions other hosts")
	}
	policy := got.Header.Get("Content-Security-Policy")
	if !strings.Contains(policy, inlineHash(got.Text, "script")) || strings.Contains(policy, "unsafe") {
		t.Errorf("policy %s", policy)
	}
	if strings.Count(got.Text, "<script") != 1 || strings.Count(got.Text, "<style") != 1 || strings.Contains(got.Text, " style=") ||
		strings.Contains(got.Text, "onclick") {
		t.Error("the policy allows one script and one style")
	}
}
