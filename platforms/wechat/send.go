package wechat

import (
	"context"
	"net/url"
	"time"

	"github.com/silenceper/wechat/v2/util"

	"yibao/platforms/internal/outside"
	"yibao/reminder"
)

const (
	sendURL = "https://" + sdkHost + "/cgi-bin/message/subscribe/send?access_token="
	// notSentPause is how long to wait after a failure in which nothing left us.
	notSentPause = 30 * time.Second
)

// Codes of outcomes that come of no errcode.
const (
	codeNoApp       = "local/no_such_app"
	codeNoTemplate  = "local/no_such_template"
	codeNoRecipient = "local/no_recipient"
	codeField       = "local/field/" // followed by the field's key
	codeAnswer      = "answer/unreadable"
)

// request is the body of subscribe/send. Every member is always sent: WeChat lists lang and miniprogram_state as
// required.
type request struct {
	ToUser           string           `json:"touser"`
	TemplateID       string           `json:"template_id"`
	Page             string           `json:"page"`
	Data             map[string]value `json:"data"`
	MiniProgramState string           `json:"miniprogram_state"`
	Lang             string           `json:"lang"`
}

type value struct {
	Value string `json:"value"`
}

// Send sends one subscription message. What WeChat would refuse for its text is refused here, with nothing sent. An
// errcode decides by the table of outcome.go; an exchange that may have reached WeChat and ended in no readable answer
// is unknown, and one that cannot have reached it is a retry.
func (c *Client) Send(ctx context.Context, to reminder.Recipient, template string, m reminder.Message) reminder.Outcome {
	a, ok := c.apps[to.App]
	if !ok {
		return refused(reminder.ReasonBadTemplate, codeNoApp)
	}
	t, ok := a.templates[template]
	if !ok {
		return refused(reminder.ReasonBadTemplate, codeNoTemplate)
	}
	if to.OpenID == "" {
		return refused(reminder.ReasonBadRecipient, codeNoRecipient)
	}
	body := request{
		ToUser: to.OpenID, TemplateID: t.TemplateID, Page: t.Page, Data: map[string]value{},
		MiniProgramState: a.State, Lang: t.Lang,
	}
	for key, text := range t.Fields {
		fitted, err := fill(key, text, m)
		if err != nil {
			c.alarm(ctx, "wechat_field_rule_broken", a.name, codeField+key)
			return refused(reminder.ReasonBadText, codeField+key)
		}
		body.Data[key] = value{fitted}
	}
	return c.deliver(ctx, a, body)
}

// deliver posts with the app's token, and once more with another when WeChat refuses the token. Never a third time.
func (c *Client) deliver(ctx context.Context, a *app, body request) reminder.Outcome {
	for again := false; ; again = true {
		text, err := a.tokens.get(ctx)
		if err != nil {
			return later(errorCode(err))
		}
		outcome, tokenBad := c.post(ctx, a.name, text, body)
		if !tokenBad {
			return outcome
		}
		a.tokens.drop(text)
		if again {
			c.alarm(ctx, "wechat_token_refused_twice", a.name, outcome.Code)
			return outcome
		}
	}
}

// post makes one exchange. tokenBad says that WeChat refused the token, so that nothing was accepted.
func (c *Client) post(ctx context.Context, app, text string, body request) (o reminder.Outcome, tokenBad bool) {
	ctx, cancel := c.outgoing(ctx)
	defer cancel()
	watched, flight := outside.Watch(ctx)
	raw, err := util.PostJSONContext(watched, sendURL+url.QueryEscape(text), body)
	if err != nil {
		c.warn(ctx, "wechat_send_unanswered", app, causeCode(err))
		if flight.Sent(err) {
			return unknown(causeCode(err)), false
		}
		return later(causeCode(err)), false
	}
	errcode, msgid, err := decodeSend(raw)
	if err != nil {
		c.warn(ctx, "wechat_send_unanswered", app, codeAnswer)
		return unknown(codeAnswer), false
	}
	v := verdictOf(errcode)
	o = v.outcome(errcode, msgid)
	if tokenRefused[errcode] {
		return o, true
	}
	if v.alarm {
		c.alarm(ctx, "wechat_message_refused", app, o.Code)
	}
	return o, false
}

func refused(reason reminder.Reason, code string) reminder.Outcome {
	return reminder.Outcome{Kind: reminder.OutcomePermanent, Reason: reason, Code: code}
}

func later(code string) reminder.Outcome {
	return reminder.Outcome{Kind: reminder.OutcomeRetry, Reason: reminder.ReasonBusy, Code: code, RetryAfter: notSentPause}
}

func unknown(code string) reminder.Outcome {
	return reminder.Outcome{Kind: reminder.OutcomeUnknown, Reason: reminder.ReasonLostAnswer, Code: code}
}
