package sms

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"yibao/config/setting"
	"yibao/identity"
	"yibao/platforms/internal/outside"
	"yibao/platforms/internal/phone"
	"yibao/platforms/reach"
)

// Config is the section sms of the configuration: what the gateway's operator gives, and how long to wait.
type Config struct {
	URL      string         `koanf:"url"` // the whole address, e.g. "https://sms.example/send"; "" where there is no gateway
	AppKey   string         `koanf:"app_key"`
	Secret   setting.Secret `koanf:"secret"`    // key of the HMAC
	SignName string         `koanf:"sign_name"` // 签名
	Template string         `koanf:"template"`  // the provider's id of the text
	Timeout  time.Duration  `koanf:"timeout"`   // of the whole exchange
	TLS      outside.TLS    `koanf:",squash"`
}

// SetDefaults fills the section.
func (c *Config) SetDefaults() { *c = Config{Timeout: 6 * time.Second} }

// Check adds every problem of the section; without an address there is none.
func (c *Config) Check(r setting.Report) {
	if c.URL == "" {
		return
	}
	r.Address("url", c.URL)
	r.Need(c.AppKey != "", "app_key", "is missing", "the key that the gateway issued")
	r.Need(c.Secret != "", "secret", "is missing", "give secret or secret_file")
	r.Need(c.SignName != "", "sign_name", "is missing", "the signature that the gateway approved")
	r.Need(c.Template != "", "template", "is missing", "the template that the gateway approved")
	c.TLS.Check(r)
	r.Numbers(*c)
}

// Options are what a client needs beside its configuration.
type Options struct {
	CodeTTL time.Duration // what the text tells as the code's life; sent in whole minutes
	Log     *slog.Logger  // nil for none
}

// Errors that callers tell apart with errors.Is. Their texts hold no phone, no code and nothing the gateway said beyond
// its own refusal code.
var (
	ErrPhone     error = unsent("sms: not a mobile number of mainland China")
	ErrRefused   error = unsent("sms: the gateway refused the message")
	ErrNoGateway error = unsent("sms: the gateway cannot be reached")
	ErrTimeout         = errors.New("sms: the gateway did not answer in time")
	ErrTransport       = errors.New("sms: the exchange with the gateway broke off")
	ErrMalformed       = errors.New("sms: the gateway's answer cannot be read")
)

// unsent is an error that is identity.ErrNotSent, too.
type unsent string

func (e unsent) Error() string { return string(e) }

// Is says so to errors.Is.
func (unsent) Is(target error) bool { return target == identity.ErrNotSent }

const maxAnswer = 16 << 10 // bytes

// Client talks to one gateway. It is safe for concurrent use.
type Client struct {
	config  Config
	codeTTL time.Duration
	http    *http.Client
	tls     *tls.Config
	log     *slog.Logger
}

var _ identity.CodeSender = (*Client)(nil)

// New makes no connection. Its error is setting.Problems.
func New(config Config, o Options) (*Client, error) {
	var problems setting.Problems
	r := setting.NewReport(&problems)
	config.Check(r)
	r.Need(config.URL != "", "url", "is missing", "the address that takes messages")
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	settings := config.TLS.Config()
	client := outside.NewClient(outside.Options{Timeout: config.Timeout, MaxBody: maxAnswer, TLS: settings})
	return &Client{config: config, codeTTL: o.CodeTTL, http: client, tls: settings, log: o.Log}, problems.Err()
}

// Probe connects to the gateway and asks nothing of it. Its error is ErrNoGateway, with a word of package reach.
func (c *Client) Probe(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, c.config.Timeout)
	defer cancel()
	if err := reach.Dial(ctx, c.config.URL, c.tls); err != nil {
		return fmt.Errorf("%w: %s", ErrNoGateway, reach.Cause(err))
	}
	return nil
}

type message struct {
	Phone     string `json:"phone"`
	SignName  string `json:"sign_name"`
	Template  string `json:"template"`
	Params    params `json:"params"`
	RequestID string `json:"request_id"`
}

type params struct {
	Code    string `json:"code"`
	Minutes string `json:"minutes"`
}

// SendCode asks the gateway, once, to send the code, under the request's name. The phone may carry 86, +86 or 0086 in front.
// After ErrPhone, ErrRefused and ErrNoGateway nothing was sent; after any other error it may have been.
func (c *Client) SendCode(ctx context.Context, to, code, request string) error {
	number, ok := phone.Normalise(to)
	if !ok {
		return ErrPhone
	}
	body, err := json.Marshal(message{
		Phone: number, SignName: c.config.SignName, Template: c.config.Template, RequestID: request,
		Params: params{Code: code, Minutes: strconv.Itoa(int((c.codeTTL + time.Minute - 1) / time.Minute))},
	})
	if err != nil {
		return ErrTransport // strings always marshal
	}
	if err = c.exchange(ctx, body); err != nil {
		c.log.WarnContext(ctx, "sms_not_accepted", "error", err.Error(), "sms_request", request)
	}
	return err
}

func (c *Client) exchange(ctx context.Context, body []byte) error {
	status, answer, err := c.post(ctx, body)
	if err != nil {
		return err
	}
	return readAnswer(status, answer)
}

func (c *Client) post(ctx context.Context, body []byte) (int, []byte, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, c.config.URL, bytes.NewReader(body))
	if err != nil {
		return 0, nil, ErrTransport
	}
	stamp, nonce := strconv.FormatInt(time.Now().Unix(), 10), rand.Text()
	request.Header.Set("Content-Type", "application/json; charset=utf-8")
	request.Header.Set("X-App-Key", c.config.AppKey)
	request.Header.Set("X-Timestamp", stamp)
	request.Header.Set("X-Nonce", nonce)
	request.Header.Set("X-Signature", sign(c.config.Secret.Reveal(), c.config.AppKey, stamp, nonce, body))
	ctx, flight := outside.Watch(ctx)
	response, err := c.http.Do(request.WithContext(ctx))
	if err != nil && !flight.Sent(err) {
		return 0, nil, fmt.Errorf("%w: %s", ErrNoGateway, outside.Cause(err))
	}
	if err != nil {
		return 0, nil, classify(err)
	}
	defer func() { _ = response.Body.Close() }()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		return 0, nil, classify(err)
	}
	return response.StatusCode, answer, nil
}

// classify never lets the error's own text out: it carries the address, and an address may carry a key.
func classify(err error) error {
	switch word := outside.Cause(err); {
	case errors.Is(err, outside.ErrBodyTooLarge):
		return ErrMalformed
	case word == reach.Time:
		return ErrTimeout
	default:
		return fmt.Errorf("%w: %s", ErrTransport, word)
	}
}
