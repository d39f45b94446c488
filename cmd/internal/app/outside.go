package app

import (
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

// codes is nil, and not a nil client, where no gateway is configured.
func (o *Outside) codes() identity.CodeSender {
	if o.SMS == nil {
		return nil
	}
	return o.SMS
}
