package web

import (
	"strings"
	"testing"
)

func TestParseLanguage(t *testing.T) {
	t.Parallel()
	for header, want := range map[string]Language{
		"": Chinese, "zh-CN": Chinese, "zh-Hans;q=0.5, en;q=0.9": English, "en": English, "EN-us": English,
		"en, zh": English, "zh, en": Chinese, "en;q=0": Chinese, "en;q=2": Chinese, "en;q=x": Chinese, "en;q=NaN": Chinese,
		"fr, en;q=0.3": English, "*": Chinese, "enm": Chinese, ",,,": Chinese, "en;level=1": English, "zh-CN,zh;q=0.9,en;q=0.8": Chinese,
		strings.Repeat("fr,", 100) + "en": Chinese,
	} {
		if got := parseLanguage(header); got != want {
			t.Errorf("%.40q: %v", header, got)
		}
	}
}

func FuzzParseLanguage(f *testing.F) {
	for _, seed := range []string{"zh-CN,zh;q=0.9,en;q=0.8", "en;q=", ";;;", "en;q=1e309", "\xff"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, header string) {
		l := parseLanguage(header)
		if l == English && !strings.Contains(strings.ToLower(header), "en") {
			t.Errorf("%q is English?", header)
		}
	})
}
