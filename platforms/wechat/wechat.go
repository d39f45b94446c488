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
	"strings"
	"time"

	"yibao/config/setting"
	"yibao/identity"
	"yibao/platforms/internal/outside"
	"yibao/reminder"
)

// Options are what a client needs beside its configuration. The zero value is good.
type Options struct {
	Log *slog.Logger     // codes only are logged; nil for none
	Now func() time.Time // for the life of tokens; nil means time.Now
}

// Client talks to WeChat for all apps. It is safe for concurrent use.
type Client struct {
	apps    map[string]*app
	route   *route
	timeout time.Duration
	log     *slog.Logger
}

// app is an App made ready.
type app struct {
	App
	name      string
	tokens    *tokens
	templates map[string]Template
}

var (
	_ identity.Authenticator = (*Client)(nil)
	_ reminder.Sender        = (*Client)(nil)
)

// New sends nothing. Its error is setting.Problems, with every problem of every app and template; no problem names a
// secret. The client comes even so: it serves the apps and templates that have none.
func New(c Config, o Options) (*Client, error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	var problems setting.Problems
	r := setting.NewReport(&problems)
	usable := c.usable(r)
	base, err := url.Parse(strings.TrimRight(c.BaseURL, "/"))
	if err != nil {
		base = &url.URL{} // told by Check
	}
	installHTTPClient()
	route := newRoute(base, c.TLS.Config())
	client := &Client{apps: map[string]*app{}, route: route, timeout: c.Timeout, log: o.Log}
	for name, templates := range usable {
		ready := &app{App: c.Apps[name], name: name, templates: templates}
		ready.tokens = &tokens{
			fetch: func(ctx context.Context) (token, error) { return client.fetchToken(ctx, ready) },
			now:   o.Now,
		}
		client.apps[name] = ready
	}
	return client, problems.Err()
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
	return context.WithTimeout(context.WithValue(ctx, routeKey{}, c.route), c.timeout)
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
