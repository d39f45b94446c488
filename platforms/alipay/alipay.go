// Package alipay is the Alipay side of sign-in and of reminders, for any number of mini-program apps. The calls go
// through github.com/smartwalle/alipay/v3, in public-key mode only: no certificate is ever downloaded.
//
// Only a signed answer is believed. What comes unsigned, wrongly signed or unreadable says nothing: anyone on the way could
// have written it. Nothing that the SDK says leaves this package.
package alipay

import (
	"context"
	"crypto/rsa"
	"log/slog"
	"net/http"
	"time"

	sdk "github.com/smartwalle/alipay/v3"

	"yibao/config/setting"
	"yibao/identity"
	"yibao/platforms/internal/outside"
	"yibao/reminder"
)

// zone is what the gateway reads timestamps in, whatever zone the machine is in.
var zone = time.FixedZone("UTC+8", 8*60*60)

// Client talks to Alipay for all apps. It is safe for concurrent use.
type Client struct {
	apps map[string]*app
	log  *slog.Logger
}

// app is an App made ready. Its keys are set before the first call and never after: the SDK does not lock them.
type app struct {
	name      string
	log       *slog.Logger
	appID     string
	sdk       *sdk.Client
	private   *rsa.PrivateKey
	alipay    *rsa.PublicKey
	templates map[string]Template
}

var (
	_ identity.Authenticator = (*Client)(nil)
	_ reminder.Sender        = (*Client)(nil)
)

// New sends nothing. Its error is setting.Problems, with every problem of every app, its keys and templates; no problem
// quotes a key. The client comes even so: it serves the apps and templates that have none. A nil log discards; codes only
// are logged.
func New(c Config, log *slog.Logger) (*Client, error) {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	var problems setting.Problems
	r := setting.NewReport(&problems)
	usable := c.usable(r)
	transport := &recorder{next: outside.NewTransport(c.Timeout, c.TLS.Config())}
	client := &Client{apps: map[string]*app{}, log: log}
	httpClient := outside.NewClient(outside.Options{Timeout: c.Timeout, Transport: transport})
	for name, ready := range usable {
		ready.log = log
		if err := ready.build(c.Gateway, httpClient); err != nil {
			r.At("apps").At(name).Add("private_key", err.Error(), "the app's RSA key, PKCS#1 or PKCS#8")
			continue
		}
		client.apps[name] = ready
	}
	return client, problems.Err()
}

// build makes the SDK's client. "production" would only choose the host and allow certificate downloads, so it is off
// and the address is given.
func (a *app) build(gateway string, httpClient *http.Client) error {
	made, err := sdk.New(a.appID, encodePrivate(a.private), false,
		sdk.WithSandboxGateway(gateway), sdk.WithHTTPClient(httpClient), sdk.WithTimeLocation(zone))
	if err != nil {
		return errKey // was parsed before; the SDK's text is not passed on
	}
	if made.LoadAliPayPublicKey(encodePublic(a.alipay)) != nil {
		return errKey
	}
	a.sdk = made
	return nil
}

func (c *Client) warn(ctx context.Context, event, app, code string) {
	c.log.LogAttrs(ctx, slog.LevelWarn, event, slog.String("app", app), slog.String("code", code))
}

// alarm logs what an operator has to mend.
func (c *Client) alarm(ctx context.Context, event, app, code string) {
	c.log.LogAttrs(ctx, slog.LevelError, event, slog.String("app", app), slog.String("code", code))
}
