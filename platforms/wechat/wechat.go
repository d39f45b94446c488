// Package wechat is the WeChat side of sign-in and of reminders: code2session, the stable access token and the
// subscription message, for any number of mini-program apps. The calls go through github.com/silenceper/wechat/v2.
//
// Nothing that the SDK says leaves this package: its error texts carry the URL, and with it the app secret, the
// authorisation code or the access token.
package wechat

import (
	"context"
	"log/slog"
	"net/url"
	"time"

	"yibao/identity"
	"yibao/platforms/internal/outside"
	"yibao/reminder"
)

// DefaultBaseURL is where WeChat's API lives.
const DefaultBaseURL = "https://api.weixin.qq.com"

// Config says which apps there are and how they are reached.
type Config struct {
	Apps    []App
	BaseURL string        // scheme, host and optional path prefix; "" means DefaultBaseURL
	Timeout time.Duration // of each exchange with the platform; 0 means outside.DefaultTimeout, at most 30 s
	Log     *slog.Logger  // codes only are logged; nil discards
	Now     func() time.Time
}

// App is one mini program.
type App struct {
	Name             string // ours
	AppID            string
	Secret           string
	MiniProgramState string // which version a tap on a message opens: developer, trial or formal; "" means formal
	Templates        []Template
}

// Template is a subscription-message template as taken in WeChat's console, with what we fill in.
type Template struct {
	Name       string // ours
	TemplateID string // the platform's
	Page       string // page that a tap opens, parameters after "?"; "" opens none
	Lang       string // zh_CN, en_US, zh_HK or zh_TW; "" means zh_CN
	// Fields are all keys of the template (thing1, amount2 …) and their texts, which may hold the placeholders of
	// package wording.
	Fields map[string]string
}

// Client talks to WeChat for all apps. It is safe for concurrent use.
type Client struct {
	apps    map[string]*app
	base    *url.URL
	timeout time.Duration
	log     *slog.Logger
}

// app is an App made ready.
type app struct {
	App
	tokens    *tokens
	templates map[string]Template
}

var (
	_ identity.Authenticator = (*Client)(nil)
	_ reminder.Sender        = (*Client)(nil)
)

// New checks the whole configuration, templates included, and reports all problems together; no problem names a secret.
// It sends nothing.
func New(c Config) (*Client, error) {
	base, err := check(&c)
	if err != nil {
		return nil, err
	}
	installHTTPClient()
	client := &Client{apps: map[string]*app{}, base: base, timeout: c.Timeout, log: c.Log}
	for _, a := range c.Apps {
		ready := &app{App: a, templates: map[string]Template{}}
		ready.tokens = &tokens{
			fetch: func(ctx context.Context) (token, error) { return client.fetchToken(ctx, a) },
			now:   c.Now,
		}
		for _, t := range a.Templates {
			ready.templates[t.Name] = t
		}
		client.apps[a.Name] = ready
	}
	return client, nil
}

// Probe says whether the app's stable token can be had: app id, secret and allow list of addresses are right. The error
// names WeChat's errcode or the kind of failure, nothing else. identity.ErrNoSuchApp for an unknown name.
func (c *Client) Probe(ctx context.Context, name string) error {
	a, ok := c.apps[name]
	if !ok {
		return identity.ErrNoSuchApp
	}
	_, err := a.tokens.get(ctx)
	return err
}

// outgoing is the context of one exchange: routed to the configured address, with the configured time limit.
func (c *Client) outgoing(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(withBase(ctx, c.base), c.timeout)
}

func (c *Client) warn(ctx context.Context, event, app, code string) {
	c.log.LogAttrs(ctx, slog.LevelWarn, event, slog.String("app", app), slog.String("code", code))
}

// alarm logs what an operator has to mend.
func (c *Client) alarm(ctx context.Context, event, app, code string) {
	c.log.LogAttrs(ctx, slog.LevelError, event, slog.String("app", app), slog.String("code", code))
}

// causeCode is what stands for a failure that has no errcode.
func causeCode(err error) string { return "http/" + outside.Cause(err) }
