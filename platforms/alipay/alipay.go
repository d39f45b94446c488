// Package alipay is the Alipay side of sign-in and of reminders, for any number of mini-program apps. The calls go
// through github.com/smartwalle/alipay/v3, in public-key mode only: no certificate is ever downloaded.
//
// Only a signed answer is believed. What comes unsigned, wrongly signed or unreadable says nothing: whoever sits on the
// way could have written it. Nothing that the SDK says leaves this package.
package alipay

import (
	"context"
	"crypto/rsa"
	"log/slog"
	"net/http"
	"time"

	sdk "github.com/smartwalle/alipay/v3"

	"yibao/identity"
	"yibao/platforms/internal/outside"
	"yibao/reminder"
)

// DefaultGateway is Alipay's production gateway.
const DefaultGateway = "https://openapi.alipay.com/gateway.do"

// zone is what the gateway reads timestamps in, whatever zone the machine is in.
var zone = time.FixedZone("UTC+8", 8*60*60)

// Config says which apps there are and how they are reached.
type Config struct {
	Apps    []App
	Gateway string        // whole URL; "" means DefaultGateway
	Timeout time.Duration // of each exchange with the gateway; 0 means outside.DefaultTimeout
	Log     *slog.Logger  // codes only are logged; nil discards
}

// App is one mini program.
type App struct {
	Name            string // ours
	AppID           string
	PrivateKey      string // the app's RSA key, PKCS#1 or PKCS#8, PEM or bare base64
	AlipayPublicKey string // Alipay's, from the console; not the app's own public key
	Templates       []Template
}

// Template is a message template as taken in Alipay's console, with what we fill in.
type Template struct {
	Name       string // ours
	TemplateID string // the platform's user_template_id
	Page       string // page that a tap opens, parameters after "?"; at most 128 bytes
	// Fields are all keywords of the template (keyword1 …) and their texts, which may hold the placeholders of package
	// wording; each value at most 50 characters.
	Fields map[string]string
}

// Client talks to Alipay for all apps. It is safe for concurrent use.
type Client struct {
	apps map[string]*app
	log  *slog.Logger
}

// app is an App made ready. Its keys are set before the first call and never after: the SDK does not lock them.
type app struct {
	name      string
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

// New checks the whole configuration, keys and templates included, and reports all problems together; no problem quotes
// a key. It sends nothing.
func New(c Config) (*Client, error) {
	apps, err := check(&c)
	if err != nil {
		return nil, err
	}
	transport := &recorder{next: outside.NewTransport(c.Timeout)}
	client := &Client{apps: map[string]*app{}, log: c.Log}
	httpClient := outside.NewClient(outside.Options{Timeout: c.Timeout, Transport: transport})
	for _, a := range apps {
		if err := a.ready(c.Gateway, httpClient); err != nil {
			return nil, err
		}
		client.apps[a.name] = a
	}
	return client, nil
}

// ready builds the SDK's client. "production" would only choose the host and allow certificate downloads, so it is off
// and the address is given.
func (a *app) ready(gateway string, httpClient *http.Client) error {
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
