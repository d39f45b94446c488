package sms

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"yibao/identity"
	"yibao/platforms/internal/outside"
	"yibao/platforms/internal/phone"
)

// Config is what the gateway's operator gives, and how long to wait.
type Config struct {
	URL      string // the whole address, e.g. "https://sms.example/send"
	AppKey   string
	Secret   string        // key of the HMAC
	SignName string        // 签名
	Template string        // the provider's id of the text
	Timeout  time.Duration // of the whole exchange; 0 means 10 s
	// CodeTTL is what the text tells as the code's life; sent in whole minutes. 0 means 5 minutes.
	CodeTTL   time.Duration
	Transport http.RoundTripper // nil for the default
	Log       *slog.Logger      // nil for none
}

// String hides the secret.
func (c Config) String() string { return "{" + c.AppKey + " ***}" }

// GoString hides the secret from %#v.
func (c Config) GoString() string { return c.String() }

// Errors that callers tell apart with errors.Is. Their texts hold no phone, no code and nothing the gateway said beyond
// its own refusal code.
var (
	ErrPhone     = errors.New("sms: not a mobile number of mainland China")
	ErrRefused   = errors.New("sms: the gateway refused the message")
	ErrTimeout   = errors.New("sms: the gateway did not answer in time")
	ErrTransport = errors.New("sms: the gateway cannot be reached")
	ErrMalformed = errors.New("sms: the gateway's answer cannot be read")
)

const (
	defaultTimeout = 10 * time.Second
	defaultCodeTTL = 5 * time.Minute
	maxAnswer      = 16 << 10 // bytes
)

// Client talks to one gateway. It is safe for concurrent use.
type Client struct {
	config Config
	http   *http.Client
	log    *slog.Logger
}

var _ identity.CodeSender = (*Client)(nil)

// New checks the configuration and returns a client. It makes no connection.
func New(config Config) (*Client, error) {
	if err := config.check(); err != nil {
		return nil, err
	}
	if config.Timeout == 0 {
		config.Timeout = defaultTimeout
	}
	if config.CodeTTL == 0 {
		config.CodeTTL = defaultCodeTTL
	}
	log := config.Log
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	client := outside.NewClient(outside.Options{Timeout: config.Timeout, MaxBody: maxAnswer, Transport: config.Transport})
	return &Client{config: config, http: client, log: log}, nil
}

func (c Config) check() error {
	var problems []error
	address, err := url.Parse(c.URL)
	if err != nil || address.Host == "" || (address.Scheme != "http" && address.Scheme != "https") {
		problems = append(problems, errors.New("sms: the address is not an http or https URL"))
	}
	for _, field := range [][2]string{{"app key", c.AppKey}, {"secret", c.Secret}, {"sign name", c.SignName}, {"template", c.Template}} {
		if field[1] == "" {
			problems = append(problems, fmt.Errorf("sms: the %s is missing", field[0]))
		}
	}
	if c.Timeout < 0 || c.CodeTTL < 0 {
		problems = append(problems, errors.New("sms: a duration is negative"))
	}
	return errors.Join(problems...)
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

// SendCode asks the gateway, once, to send the code. The phone may carry 86, +86 or 0086 in front. After ErrPhone and
// ErrRefused nothing was sent; after any other error it may have been.
func (c *Client) SendCode(ctx context.Context, to, code string) error {
	number, ok := phone.Normalise(to)
	if !ok {
		return ErrPhone
	}
	requestID := rand.Text()
	body, err := json.Marshal(message{
		Phone: number, SignName: c.config.SignName, Template: c.config.Template, RequestID: requestID,
		Params: params{Code: code, Minutes: strconv.Itoa(int((c.config.CodeTTL + time.Minute - 1) / time.Minute))},
	})
	if err != nil {
		return ErrTransport // strings always marshal
	}
	if err = c.exchange(ctx, body); err != nil {
		c.log.WarnContext(ctx, "sms: not taken on", "error", err.Error(), "sms_request", requestID)
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
	request.Header.Set("X-Signature", sign(c.config.Secret, c.config.AppKey, stamp, nonce, body))
	response, err := c.http.Do(request)
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
	var timeout interface{ Timeout() bool }
	switch {
	case errors.Is(err, outside.ErrBodyTooLarge):
		return ErrMalformed
	case errors.Is(err, context.DeadlineExceeded) || (errors.As(err, &timeout) && timeout.Timeout()):
		return ErrTimeout
	default:
		return ErrTransport
	}
}
