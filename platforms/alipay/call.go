package alipay

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"

	sdk "github.com/smartwalle/alipay/v3"

	"yibao/identity/panics"
	"yibao/platforms/internal/lenient"
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
	err := a.request(watched, payload)
	body := record.body()
	if body == nil {
		return nil, &callError{code: "http/" + outside.Cause(err), sent: flight.Sent(err)}
	}
	node, code := a.believed(body, strings.ReplaceAll(payload.APIName(), ".", "_")+"_response")
	if code != "" {
		return nil, &callError{code: code, sent: true}
	}
	return node, nil
}

// errNoBody is the error where the SDK has none and no whole body was seen either.
var errNoBody = errors.New("alipay: no body was seen")

// request lets the SDK sign and send. What it makes of the answer is not used: it reads the signature without its JSON
// escapes, and never checks error_response.
func (a *app) request(ctx context.Context, payload *sdk.Payload) (err error) {
	defer func() {
		// The SDK parses bytes from outside; odd ones must not end the process. A warning and no alarm: anyone on the way may
		// have sent them.
		if cause := recover(); cause != nil {
			a.log.Warn("alipay_sdk_panic", "app", a.name, "type", fmt.Sprintf("%T", cause), "at", panics.Site())
			err = errNoBody
		}
	}()
	var ignored json.RawMessage
	if err = a.sdk.Request(ctx, payload, &ignored); err == nil {
		err = errNoBody
	}
	return err
}

const (
	codeSignature  = "answer/signature"
	codeUnreadable = "answer/unreadable"
)

// believed returns the node whose very bytes the signature covers: that of the method, else error_response. Without one it
// says why, for the operator only.
func (a *app) believed(body []byte, method string) (node json.RawMessage, code string) {
	members := lenient.Members(body)
	nodes := [][]byte{members[method], members["error_response"]}
	sign := text(members["sign"])
	if sign == "" {
		return nil, unsignedCode(nodes)
	}
	signature, err := base64.StdEncoding.DecodeString(sign)
	certificate := text(members["alipay_cert_sn"]) != ""
	for _, node := range nodes {
		if len(node) > 0 && err == nil && !certificate && verify(a.alipay, node, signature) == nil {
			return node, ""
		}
	}
	if len(nodes[0])+len(nodes[1]) == 0 {
		return nil, codeUnreadable
	}
	return nil, codeSignature
}

// unsignedCode tells what an answer without a signature says.
func unsignedCode(nodes [][]byte) string {
	for _, node := range nodes {
		var says *result
		switch {
		case len(node) == 0:
			continue
		case json.Unmarshal(lenient.JSON(node), &says) != nil:
			return codeUnreadable
		case says == nil:
			return "unsigned"
		}
		return "unsigned/" + says.code()
	}
	return codeUnreadable
}

// text reads a JSON string; "" for anything else.
func text(raw []byte) string {
	var text string
	if json.Unmarshal(lenient.JSON(raw), &text) != nil {
		return ""
	}
	return text
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
