// Package webtest asks an app and reads its answers, for the tests of package web and of the APIs on it. It imports
// neither, so that their own tests can use it.
package webtest

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/gofiber/fiber/v2"
)

// Request makes a request; with a body it is JSON.
func Request(method, path, body string) *http.Request {
	var reader io.Reader
	if body != "" {
		reader = strings.NewReader(body)
	}
	made := httptest.NewRequest(method, path, reader)
	if body != "" {
		made.Header.Set("Content-Type", "application/json")
	}
	return made
}

// Answer is an answer, read.
type Answer struct {
	*http.Response
	Text string
}

// Send asks the app and reads the answer.
func Send(t testing.TB, app *fiber.App, request *http.Request) Answer {
	t.Helper()
	answer, err := app.Test(request, 10_000)
	if err != nil {
		t.Fatal(err)
	}
	return Read(t, answer)
}

// Read reads an answer to its end.
func Read(t testing.TB, answer *http.Response) Answer {
	t.Helper()
	defer func() { _ = answer.Body.Close() }()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return Answer{answer, string(body)}
}

// Problem is a problem document, as its readers know it.
type Problem struct {
	Type      string `json:"type"`
	Title     string `json:"title"`
	Status    int    `json:"status"`
	Code      string `json:"code"`
	Message   string `json:"message"`
	Detail    string `json:"detail"`
	RequestID string `json:"request_id"`
	Retryable *bool  `json:"retryable"`
	TriesLeft *int   `json:"tries_left"`
	Errors    []struct{ Field, Code, Message, Detail string }
}

// Has says whether the problem names the field with that code and a text.
func (p Problem) Has(field, code string) bool {
	for _, e := range p.Errors {
		if e.Field == field && e.Code == code && e.Message != "" && e.Detail != "" {
			return true
		}
	}
	return false
}

// Problem reads an answer that must be a problem document.
func (a Answer) Problem(t testing.TB) Problem {
	t.Helper()
	if kind := a.Header.Get("Content-Type"); kind != "application/problem+json" {
		t.Fatalf("content type %q, body %s", kind, a.Text)
	}
	var p Problem
	decoder := json.NewDecoder(strings.NewReader(a.Text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&p); err != nil {
		t.Fatalf("%v in %s", err, a.Text)
	}
	if p.Status != a.StatusCode || p.Title == "" || p.Message == "" || p.Detail == "" || p.Type != "urn:yibao:problem:"+p.Code {
		t.Fatalf("incomplete problem: %s", a.Text)
	}
	if p.RequestID == "" || p.RequestID != a.Header.Get("X-Request-Id") {
		t.Fatalf("request id %q, header %q", p.RequestID, a.Header.Get("X-Request-Id"))
	}
	return p
}

// JSON reads an answer that must be a success.
func (a Answer) JSON(t testing.TB, status int) map[string]any {
	t.Helper()
	if a.StatusCode != status {
		t.Fatalf("status %d instead of %d: %s", a.StatusCode, status, a.Text)
	}
	var v map[string]any
	if err := json.Unmarshal([]byte(a.Text), &v); err != nil {
		t.Fatalf("%v in %s", err, a.Text)
	}
	return v
}

// Log collects the lines of a log.
type Log struct {
	mu    sync.Mutex
	lines bytes.Buffer
}

// Write implements io.Writer.
func (l *Log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.lines.Write(p)
}

// String gives all lines so far.
func (l *Log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.lines.String()
}

// Han says whether a text has Chinese characters.
func Han(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool { return r >= 0x4e00 && r <= 0x9fff })
}

// developerWords are no words of a public service. Chinese sentences hold no Latin letters at all.
var developerWords = regexp.MustCompile(`(?i)[a-z]+|接口|参数|字段|令牌|凭证|订阅次数|回升金额|模板|编码|请求|服务端|服务方|数据库|缓存|上报|配置|格式不受支持`)

var englishDeveloperWords = regexp.MustCompile(`(?i)\b(json|utf-8|token|header|headers|field|template|quota|api|http|request'?s? body|schema|cache|upstream|server|database|parameter)\b`)

// placeholders are replaced before a person reads the text.
var placeholders = strings.NewReplacer("{wait}", "", "{at}", "", "{day}", "", "{one}", "", "{total}", "", "{usual}", "", "{n}", "")

// DeveloperWord finds a word in a text that only a developer understands; "" for none.
func DeveloperWord(zh, en string) string {
	if word := developerWords.FindString(placeholders.Replace(zh)); word != "" {
		return word
	}
	return englishDeveloperWords.FindString(en)
}
