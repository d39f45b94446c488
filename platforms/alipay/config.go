package alipay

import (
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"regexp"
	"strings"

	"yibao/platforms/internal/outside"
)

var plain = regexp.MustCompile(`^[0-9A-Za-z_-]{1,128}$`)

// check fills in the defaults and returns the apps with parsed keys, or all problems joined.
func check(c *Config) ([]*app, error) {
	if c.Gateway == "" {
		c.Gateway = DefaultGateway
	}
	if c.Timeout <= 0 {
		c.Timeout = outside.DefaultTimeout
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	problems := []error{checkGateway(c.Gateway)}
	var apps []*app
	seen := map[string]bool{}
	for _, a := range c.Apps {
		if seen[a.Name] {
			problems = append(problems, fmt.Errorf("alipay: two apps are named %q", a.Name))
		}
		seen[a.Name] = true
		ready, err := checkApp(a)
		apps, problems = append(apps, ready), append(problems, err)
	}
	return apps, errors.Join(problems...)
}

func checkGateway(text string) error {
	u, err := url.Parse(text)
	if err != nil || (u.Scheme != "https" && u.Scheme != "http") || u.Host == "" || u.User != nil || u.RawQuery != "" ||
		u.Fragment != "" {
		return errors.New("alipay: the gateway must be http(s)://host[:port]/path without user, query or fragment")
	}
	return nil
}

func checkApp(a App) (*app, error) {
	ready := &app{name: a.Name, appID: strings.TrimSpace(a.AppID), templates: map[string]Template{}}
	var problems []error
	add := func(format string, args ...any) {
		problems = append(problems, fmt.Errorf("alipay: app %q: "+format, append([]any{a.Name}, args...)...))
	}
	if a.Name == "" {
		add("the name is empty")
	}
	if !plain.MatchString(ready.appID) {
		add("the app id is empty or has characters that Alipay never uses")
	}
	var err error
	if ready.private, err = parsePrivate(a.PrivateKey); err != nil {
		add("private key: %w", err)
	}
	if ready.alipay, err = parsePublic(a.AlipayPublicKey); err != nil {
		add("Alipay public key: %w", err)
	}
	for _, t := range a.Templates {
		if _, twice := ready.templates[t.Name]; twice {
			add("two templates are named %q", t.Name)
		}
		ready.templates[t.Name] = t
		if err := CheckTemplate(t); err != nil {
			add("template %q: %w", t.Name, err)
		}
	}
	return ready, errors.Join(problems...)
}
