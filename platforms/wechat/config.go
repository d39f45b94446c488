package wechat

import (
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"regexp"
	"strings"
	"time"

	"yibao/platforms/internal/outside"
)

const (
	maxTimeout = 30 * time.Second
	maxPage    = 1024 // bytes; WeChat names no limit
)

// plain is what an app id, a secret or a template id looks like. The SDK puts app id and secret into the URL unescaped.
var plain = regexp.MustCompile(`^[0-9A-Za-z_-]{1,128}$`)

var (
	states    = map[string]bool{"developer": true, "trial": true, "formal": true}
	languages = map[string]bool{"zh_CN": true, "en_US": true, "zh_HK": true, "zh_TW": true}
)

// check fills in the defaults and returns all problems joined.
func check(c *Config) (*url.URL, error) {
	if c.BaseURL == "" {
		c.BaseURL = DefaultBaseURL
	}
	if c.Timeout <= 0 {
		c.Timeout = outside.DefaultTimeout
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	var problems []error
	if c.Timeout > maxTimeout {
		problems = append(problems, fmt.Errorf("wechat: the timeout is above %v", maxTimeout))
	}
	base, err := parseBase(c.BaseURL)
	if err != nil {
		problems = append(problems, err)
	}
	seen := map[string]bool{}
	c.Apps = append([]App(nil), c.Apps...) // the defaults below are ours, not the caller's
	for i := range c.Apps {
		if seen[c.Apps[i].Name] {
			problems = append(problems, fmt.Errorf("wechat: two apps are named %q", c.Apps[i].Name))
		}
		seen[c.Apps[i].Name] = true
		problems = append(problems, checkApp(&c.Apps[i]))
	}
	return base, errors.Join(problems...)
}

func parseBase(text string) (*url.URL, error) {
	base, err := url.Parse(text)
	if err != nil || (base.Scheme != "https" && base.Scheme != "http") || base.Host == "" ||
		base.RawQuery != "" || base.Fragment != "" || base.User != nil {
		return nil, errors.New("wechat: the base URL must be http(s)://host[:port][/prefix] without user, query or fragment")
	}
	base.Path = strings.TrimRight(base.Path, "/")
	return base, nil
}

func checkApp(a *App) error {
	var problems []error
	add := func(format string, args ...any) {
		problems = append(problems, fmt.Errorf("wechat: app %q: "+format, append([]any{a.Name}, args...)...))
	}
	if a.Name == "" {
		add("the name is empty")
	}
	a.Secret = strings.TrimSpace(a.Secret) // a file ends in a newline
	if !plain.MatchString(a.AppID) {
		add("the app id is empty or has characters that WeChat never uses")
	}
	if !plain.MatchString(a.Secret) {
		add("the secret is empty or has characters that WeChat never uses")
	}
	if a.MiniProgramState == "" {
		a.MiniProgramState = "formal"
	}
	if !states[a.MiniProgramState] {
		add("mini program state %q is none of developer, trial, formal", a.MiniProgramState)
	}
	seen := map[string]bool{}
	a.Templates = append([]Template(nil), a.Templates...)
	for i := range a.Templates {
		t := &a.Templates[i]
		if t.Lang == "" {
			t.Lang = "zh_CN"
		}
		if seen[t.Name] {
			add("two templates are named %q", t.Name)
		}
		seen[t.Name] = true
		if err := CheckTemplate(*t); err != nil {
			add("template %q: %w", t.Name, err)
		}
	}
	return errors.Join(problems...)
}
