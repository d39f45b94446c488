package app

import (
	"context"
	"log/slog"

	"yibao/config"
	"yibao/identity"
	"yibao/platforms/alipay"
	"yibao/platforms/wechat"
	"yibao/reminder"
)

// platform is one row of the table of platforms: all that the server knows of one.
type platform struct {
	name      identity.Platform // its section of the configuration has the same key
	client    client
	err       error               // problems of its apps; the client serves those without
	offers    map[string][]string // by app, the codes of the regions that it offers
	templates []reminder.Template
	tries     []try
	hints     []hint
	address   string // the key of the address that it is reached at
}

// client is what the server needs of an adapter.
type client interface {
	identity.Authenticator
	reminder.Sender
}

// try is one thing that `server check` does for each app.
type try struct {
	of   string // put before the app's name where it is not the app itself that is tried
	seen string // the finding when it works
	do   func(ctx context.Context, app string) error
}

// platforms makes the table. A platform without an app is left out. Nothing is connected to.
func platforms(c *config.Config, log *slog.Logger) []platform {
	wechatClient, wechatErr := wechat.New(c.WeChat, wechat.Options{Log: log})
	alipayClient, alipayErr := alipay.New(c.Alipay, log)
	rows := []platform{
		{
			name: identity.WeChat, client: wechatClient, err: wechatErr,
			offers: c.WeChat.Offers(), templates: c.WeChat.Templates(),
			hints: wechatHints, address: "wechat.base_url",
			tries: []try{{seen: "a stable token was issued", do: wechatClient.Probe}},
		},
		{
			name: identity.Alipay, client: alipayClient, err: alipayErr,
			offers: c.Alipay.Offers(), templates: c.Alipay.Templates(),
			hints: alipayHints, address: "alipay.gateway",
			tries: []try{
				{seen: "the private key signs", do: alipayClient.Probe},
				// Only the gateway can say that its key and ours belong together; the question changes nothing there.
				{of: "gateway for ", seen: "the gateway takes our signature, and its own verifies", do: alipayClient.ProbeGateway},
			},
		},
	}
	var used []platform
	for _, row := range rows {
		if len(row.offers) > 0 {
			used = append(used, row)
		}
	}
	return used
}

// The codes of WeChat are those of its page on stable_token.
var wechatHints = []hint{
	{"errcode 40013", "app_id is not the id of an app"},
	{"errcode 40125", "secret is not this app's"},
	{"errcode 40164", "add this machine's public address to the app's IP whitelist in the WeChat console"},
	{"errcode 40243", "the app's secret is frozen; thaw it in the WeChat console"},
	{"no token", "is wechat.base_url right?"},
	{"cannot be read", "is wechat.base_url that of WeChat, or of a gateway that passes its answers on?"},
}

var alipayHints = []hint{
	{"answer/signature", "alipay_public_key is not the key of this gateway: take Alipay's from the console"},
	{"invalid-signature", "the Alipay console does not have the public key that belongs to private_key"},
	{"invalid-app-id", "app_id is not the id of an app"},
	{"no answer", "is alipay.gateway right?"},
}
