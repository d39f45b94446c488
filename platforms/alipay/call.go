package alipay

import (
	"context"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"

	sdk "github.com/smartwalle/alipay/v3"

	"yibao/identity/panics"
	"yibao/platforms/internal/outside"
)

// callError is why a call has no signed answer.
type callError struct {
	code string // safe to log
	sent bool   // may the gateway have acted on the request?
}

// Error names the code alone.
func (e *callError) Error() string { return "alipay: " + e.code }

func codeOf(err error) string {
	var failed *callError
	if errors.As(err, &failed) {
		return failed.code
	}
	return codeUnreadable
}

// unbelieved logs why a call has no signed answer. A wrong signature is mostly a wrong Alipay public key.
func (c *Client) unbelieved(ctx context.Context, event, app string, err error) {
	if code := codeOf(err); code == codeSignature {
		c.alarm(ctx, event, app, code)
	} else {
		c.warn(ctx, event, app, code)
	}
}

// call makes one request and returns the raw bytes of the signed answer: of the method's own node, or of error_response
// when that is signed (Alipay answers a bad sign-in code so). Everything else is a *callError:
//
//   - unsigned/…: a node without a signature, whatever it says, even code 10000
//   - answer/signature: not signed with the Alipay public key that is configured, or with a certificate's
//   - answer/unreadable: HTML, empty, no JSON
//   - http/…: no answer (outside.Cause)
func (a *app) call(ctx context.Context, payload *sdk.Payload) (json.RawMessage, error) {
	watched, flight := outside.Watch(ctx)
	watched, record := withRecord(watched)
	raw, err := a.request(watched, payload)
	if err == nil {
		return raw, nil
	}
	if body := record.body(); body != nil {
		signed, forged := a.signedError(body)
		switch {
		case signed != nil:
			return signed, nil
		case forged:
			err = rsa.ErrVerification
		}
		return nil, &callError{code: answerCode(err), sent: true}
	}
	return nil, &callError{code: "http/" + outside.Cause(err), sent: flight.Sent(err)}
}

var errPanic = errors.New("alipay: the SDK panicked on an answer")

// request lets the SDK send, verify and decode. It takes the verified bytes as they are, to decode them leniently here.
func (a *app) request(ctx context.Context, payload *sdk.Payload) (raw json.RawMessage, err error) {
	defer func() {
		// The SDK parses bytes from outside; odd ones must not end the process. A warning and no alarm: anyone on the way may
		// have sent them.
		if cause := recover(); cause != nil {
			a.log.Warn("alipay_sdk_panic", "app", a.name, "type", fmt.Sprintf("%T", cause), "at", panics.Site())
			raw, err = nil, errPanic
		}
	}()
	err = a.sdk.Request(ctx, payload, &raw)
	return raw, err
}

// signedError returns the bytes of error_response when a valid signature covers them; forged says that the signature
// there is not valid. The SDK never checks that node.
func (a *app) signedError(body []byte) (node json.RawMessage, forged bool) {
	var answer struct {
		Error json.RawMessage `json:"error_response"`
		Sign  string          `json:"sign"`
	}
	if json.Unmarshal(body, &answer) != nil || len(answer.Error) == 0 || answer.Sign == "" {
		return nil, false
	}
	signature, err := base64.StdEncoding.DecodeString(answer.Sign)
	if err != nil || verify(a.alipay, answer.Error, signature) != nil {
		return nil, true
	}
	return answer.Error, false
}

const (
	codeSignature  = "answer/signature"
	codeUnreadable = "answer/unreadable"
)

// answerCode tells the kinds of answer that is not believed apart, for the operator only. The error may be a nil
// *sdk.Error within a non-nil error (an error_response of null), so none of its methods is called.
func answerCode(err error) string {
	var unsigned *sdk.Error
	switch {
	case errors.Is(err, rsa.ErrVerification), errors.Is(err, sdk.ErrAliPublicKeyNotFound):
		return codeSignature
	case !errors.As(err, &unsigned):
		return codeUnreadable
	}
	if unsigned == nil {
		return "unsigned"
	}
	return "unsigned/" + joinCodes(string(unsigned.Code), unsigned.SubCode)
}

var safeCode = regexp.MustCompile(`^[0-9A-Za-z._-]{1,64}$`)

// joinCodes makes "40004/USER_TEMPLATE_ILLEGAL" of codes that may come from anyone.
func joinCodes(code, sub string) string {
	if !safeCode.MatchString(code) {
		code = "?"
	}
	if sub == "" {
		return code
	}
	if !safeCode.MatchString(sub) {
		sub = "?"
	}
	return code + "/" + sub
}
