package app

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"yibao/config"
	"yibao/identity"
	"yibao/platforms/alipay"
	"yibao/platforms/insurer"
	"yibao/platforms/sms"
	"yibao/platforms/wechat"
	"yibao/reminder"
)

// Outside is every adapter to what lies outside. WeChat, Alipay and SMS are nil where nothing is configured.
type Outside struct {
	WeChat  *wechat.Client
	Alipay  *alipay.Client
	Insurer *insurer.Client
	SMS     *sms.Client
}

func newOutside(c *config.Config, log *slog.Logger, now func() time.Time) (*Outside, error) {
	var o Outside
	var problems []error
	try := func(err error) { problems = append(problems, err) }
	if len(c.WeChat.Apps) > 0 {
		client, err := wechat.New(wechatConfig(c, log))
		o.WeChat = client
		try(err)
	}
	if len(c.Alipay.Apps) > 0 {
		client, err := alipay.New(alipayConfig(c, log))
		o.Alipay = client
		try(err)
	}
	if c.SMS.URL != "" {
		client, err := sms.New(smsConfig(c, log))
		o.SMS = client
		try(err)
	}
	client, err := insurer.New(profiles(c), insurer.Options{Now: now, Log: log})
	o.Insurer = client
	try(err)
	return &o, errors.Join(problems...)
}

func (o *Outside) authenticators() map[identity.Platform]identity.Authenticator {
	all := map[identity.Platform]identity.Authenticator{}
	if o.WeChat != nil {
		all[identity.WeChat] = o.WeChat
	}
	if o.Alipay != nil {
		all[identity.Alipay] = o.Alipay
	}
	return all
}

func (o *Outside) senders() map[identity.Platform]reminder.Sender {
	all := map[identity.Platform]reminder.Sender{}
	if o.WeChat != nil {
		all[identity.WeChat] = o.WeChat
	}
	if o.Alipay != nil {
		all[identity.Alipay] = o.Alipay
	}
	return all
}

// codes never returns nil: linking works without a gateway, it only offers no proof by SMS.
func (o *Outside) codes() identity.CodeSender {
	if o.SMS == nil {
		return noCodes{}
	}
	return o.SMS
}

// noCodes stands where no gateway is configured. The configuration has no region then that would make a code.
type noCodes struct{}

func (noCodes) SendCode(context.Context, string, string) error {
	return errors.New("no gateway for codes is configured")
}
