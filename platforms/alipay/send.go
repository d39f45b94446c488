package alipay

import (
	"context"
	"errors"

	sdk "github.com/smartwalle/alipay/v3"

	"yibao/reminder"
)

const (
	sendMethod  = "alipay.open.app.mini.templatemessage.send"
	queryMethod = "alipay.open.app.messagetemplate.subscribe.query"
)

// Codes of outcomes that come of no answer.
const (
	codeNoApp       = "local/no_such_app"
	codeNoTemplate  = "local/no_such_template"
	codeNoRecipient = "local/no_recipient"
	codeField       = "local/field/" // followed by the field's key
	codeData        = "local/data_too_long"
)

// Send sends one template message. What Alipay would refuse for its text is refused here, with nothing sent. A signed
// answer decides by the tables of outcome.go. An answer that cannot be believed may hide an accepted message: unknown.
// So is a lost one; a request that cannot have reached the gateway is a retry. Alipay gives no message id.
func (c *Client) Send(ctx context.Context, to reminder.Recipient, template string, m reminder.Message) reminder.Outcome {
	a, ok := c.apps[to.App]
	if !ok {
		return badTemplate.outcome(codeNoApp)
	}
	t, ok := a.templates[template]
	if !ok {
		return badTemplate.outcome(codeNoTemplate)
	}
	if to.OpenID == "" && to.UserID == "" {
		return badRecipient.outcome(codeNoRecipient)
	}
	data, code := render(t, m)
	if code != "" {
		c.alarm(ctx, "alipay_message_limit_broken", a.name, code)
		return badText.outcome(code)
	}
	payload := recipient(sdk.NewPayload(sendMethod), to, "to_").
		AddBizField("user_template_id", t.TemplateID).
		AddBizField("data", data) // a string that holds JSON
	if t.Page != "" {
		payload.AddBizField("page", t.Page)
	}
	return c.deliver(ctx, a, payload, to, t.TemplateID)
}

// recipient names the user by open_id, or by user_id while the open_id is not known.
func recipient(p *sdk.Payload, to reminder.Recipient, prefix string) *sdk.Payload {
	if to.OpenID != "" {
		return p.AddBizField(prefix+"open_id", to.OpenID)
	}
	return p.AddBizField(prefix+"user_id", to.UserID)
}

func (c *Client) deliver(
	ctx context.Context, a *app, payload *sdk.Payload, to reminder.Recipient, templateID string,
) reminder.Outcome {
	raw, err := a.call(ctx, payload)
	if err != nil {
		return c.noAnswer(ctx, a, err)
	}
	answer, err := decodeSend(raw)
	if err != nil {
		return c.noAnswer(ctx, a, err)
	}
	v := verdictOf(answer)
	if v.ask {
		v = c.whyRefused(ctx, a, to, templateID)
	}
	if v.alarm {
		c.alarm(ctx, "alipay_message_refused", a.name, answer.code())
	}
	return v.outcome(answer.code())
}

func (c *Client) noAnswer(ctx context.Context, a *app, err error) reminder.Outcome {
	c.unbelieved(ctx, "alipay_send_unanswered", a.name, err)
	var failed *callError
	switch {
	case refusedUnsigned[codeOf(err)]:
		c.alarm(ctx, "alipay_app_id_refused", a.name, codeOf(err))
		return ours.outcome(codeOf(err))
	case errors.As(err, &failed) && !failed.sent:
		return busy.outcome(codeOf(err))
	}
	return mute.outcome(codeOf(err))
}

// whyRefused asks whether the user still subscribes to the template: if not, that is why; if so, the template is to
// blame. Without a signed answer the reason stays open and the message, of which nothing was accepted, is tried again.
func (c *Client) whyRefused(ctx context.Context, a *app, to reminder.Recipient, templateID string) verdict {
	payload := recipient(sdk.NewPayload(queryMethod), to, "").
		AddBizField("template_id_list", []string{templateID})
	raw, err := a.call(ctx, payload)
	if err != nil {
		return backOff
	}
	answer, err := decodeRelations(raw)
	if err != nil || answer.Code != "10000" {
		return backOff
	}
	if answer.subscribed(templateID) {
		return badTemplate
	}
	return verdict{kind: reminder.OutcomePermanent, reason: reminder.ReasonNotSubscribed}
}
