package web

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"yibao/handlers/web/webtest"
)

// get asks over HTTP; the client unpacks gzip unless plain.
func get(t *testing.T, address string, plain bool) webtest.Answer {
	t.Helper()
	answer, err := (&http.Client{Transport: &http.Transport{DisableCompression: plain}}).Get(address)
	if err != nil {
		t.Fatal(err)
	}
	return webtest.Read(t, answer)
}

var languages = map[string]struct{ path, tag, document string }{
	"Chinese": {"/docs", "zh-CN", "/openapi.json?lang=zh"}, "English": {"/docs?lang=en", "en", "/openapi.json?lang=en"},
}

// TestDocsPage: the page and all files that it names are served here, and its policy allows exactly its own elements.
func TestDocsPage(t *testing.T) {
	t.Parallel()
	base := "http://" + served(t, newRig(t))
	outside := regexp.MustCompile(`(?i)https?://\w|@import|url\(`)
	outsideCSS := regexp.MustCompile(`(?i)@import|url\(["']?[^"'d]`) // its own images are data:
	for name, l := range languages {
		page := get(t, base+l.path, true)
		policy := page.Header.Get("Content-Security-Policy")
		if page.StatusCode != 200 || page.Header.Get("Content-Type") != "text/html; charset=utf-8" || outside.MatchString(page.Text) {
			t.Errorf("%s: %d %s, or the page names another host", name, page.StatusCode, page.Header.Get("Content-Type"))
		}
		for _, want := range []string{"default-src 'none'", "connect-src 'self'", "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'"} {
			if !strings.Contains(policy, want+";") {
				t.Errorf("%s: %s is not in the policy %s", name, want, policy)
			}
		}
		if strings.Contains(policy, "unsafe") || strings.Contains(policy, "http") || strings.Contains(policy, "*") {
			t.Errorf("policy %s", policy)
		}
		checkInline(t, page.Text, policy)
		files := regexp.MustCompile(`(?:src|href)="([^"]+)"`).FindAllStringSubmatch(page.Text, -1)
		for _, file := range files {
			for _, plain := range []bool{true, false} {
				if got := get(t, base+file[1], plain); got.StatusCode != 200 || got.Text == "" ||
					strings.HasSuffix(file[1], ".css") && outsideCSS.MatchString(got.Text) {
					t.Errorf("%s: %d, or it names another host", file[1], got.StatusCode)
				}
			}
		}
		if len(files) != 7 || !strings.Contains(page.Text, l.document) || !strings.Contains(page.Text, `<html lang="`+l.tag+`">`) || !strings.Contains(page.Text, `'Accept-Language'] = '`+l.tag) {
			t.Errorf("%s: %v", name, files)
		}
	}
}

// checkInline wants a hash for each inline script and style, and no inline attribute that a hash cannot allow.
func checkInline(t *testing.T, page, policy string) {
	t.Helper()
	_, scripts, _ := strings.Cut(policy, "script-src")
	scripts, styles, _ := strings.Cut(scripts, "; style-src")
	allowed := map[string]string{"script": scripts, "style": styles}
	elements := regexp.MustCompile(`(?s)<(script|style)([^>]*)>(.*?)</(?:script|style)>`).FindAllStringSubmatch(page, -1)
	for _, e := range elements {
		sum := sha256.Sum256([]byte(e[3]))
		if hash := "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"; e[3] != "" && !strings.Contains(allowed[e[1]], hash) {
			t.Errorf("the policy %s does not allow the %s %.60s", policy, e[1], e[3])
		}
	}
	if len(elements) != 6 || regexp.MustCompile(`(?i)<[^>]+ (?:style|on\w+)=`).MatchString(page) {
		t.Errorf("%d scripts and styles, or an inline attribute, in %s", len(elements), page)
	}
}

// TestDocumentInOneLanguage: the page's document has texts of its language alone, and codes where the page shows them.
func TestDocumentInOneLanguage(t *testing.T) {
	t.Parallel()
	base := "http://" + served(t, newRig(t))
	for name, l := range languages {
		got := get(t, base+l.document, true)
		if strings.Contains(got.Text, "x-") || !json.Valid([]byte(got.Text)) {
			t.Errorf("%s: %s", name, got.Text)
		}
		for _, text := range regexp.MustCompile(`"(?:description|summary)":"([^"]*)"`).FindAllStringSubmatch(got.Text, -1) {
			if webtest.Han(strings.ReplaceAll(text[1], "`", "")) != (name == "Chinese") && !strings.Contains(text[1], "- `甲`") {
				t.Errorf("%s: %s", name, text[1])
			}
		}
		for _, want := range map[string][]string{
			"Chinese": {`"物品 \u0026lt;甲>"`, "名称\\n\\n- `乙` 第二件", "当前无法办理\\n\\n- `gone` 已经没有了"},
			"English": {`"Things \u0026lt;of any kind>"`, "Name\\n\\n- `乙` The second", "Not possible now\\n\\n- `gone` It is gone."},
		}[name] {
			if want = strings.ReplaceAll(want, ">", `\u003e`); !strings.Contains(got.Text, want) {
				t.Errorf("%s: %s is missing in %s", name, want, got.Text)
			}
		}
	}
	whole, other := get(t, base+"/openapi.json", true), get(t, base+"/openapi.json?lang=fr", true)
	if whole.Text != other.Text || !strings.Contains(whole.Text, `"x-description-en":"Name"`) || !strings.Contains(whole.Text, codesKey) {
		t.Errorf("both languages: %s", whole.Text)
	}
}
