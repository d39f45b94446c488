package world

import (
	"crypto/rand"
	"errors"

	"yibao/platforms/simulator"
)

// Platforms lists the simulated platforms in the order in which demos and tests go through them. All that this package
// knows of a single platform is in this file.
var Platforms = []Platform{
	{Name: "wechat", Label: "微信小程序 (WeChat)"},
	{Name: "alipay", Label: "支付宝小程序 (Alipay)"},
}

// Platform is a simulated platform.
type Platform struct {
	Name  string // as clients send it
	Label string // for people
}

// Both sides of the simulated connection agree on these.
const (
	weChatAppID    = "wxdemo0000000001"
	alipayAppID    = "2099000000000001"
	weChatTemplate = "demo-wechat-low-balance"
	alipayTemplate = "demo-alipay-low-balance"
)

type platformSecrets struct {
	WeChat        string
	AppPrivate    string // Alipay: the app's key pair
	AppPublic     string
	GatewaySecret string // Alipay's own key pair
	GatewayPublic string
}

func (s platformSecrets) all() []string { return []string{s.WeChat, s.AppPrivate, s.GatewaySecret} }

func newPlatformSecrets() (platformSecrets, error) {
	s := platformSecrets{WeChat: rand.Text()}
	var err, err2 error
	s.AppPrivate, s.AppPublic, err = newPair()
	s.GatewaySecret, s.GatewayPublic, err2 = newPair()
	return s, errors.Join(err, err2)
}

// simulated adds the apps to the simulators' side.
func (s platformSecrets) simulated(o *simulator.Options) {
	o.WeChatApps = []simulator.WeChatApp{{
		Name: App, AppID: weChatAppID, Secret: s.WeChat, Templates: []simulator.WeChatTemplate{{
			ID: weChatTemplate, Title: "医保余额提醒", Keys: []string{"thing1", "amount2", "time3", "thing4"}, OneTime: true,
			Labels: map[string]string{"thing1": "提醒内容", "amount2": "提醒金额", "time3": "查询时间", "thing4": "账户余额"},
		}},
	}}
	o.AlipayApps = []simulator.AlipayApp{{
		Name: App, AppID: alipayAppID, AppPublicKey: s.AppPublic, GatewayPrivateKey: s.GatewaySecret,
		Templates: []simulator.AlipayTemplate{{
			ID: alipayTemplate, Title: "医保余额提醒", Keywords: 4, Labels: []string{"提醒内容", "提醒金额", "查询时间", "账户余额"},
		}},
	}}
}

// settings adds the sections of the platforms to the server's side.
func (s platformSecrets) settings(to tree, url string, regions []string) {
	to["wechat"] = tree{"base_url": url + "/wechat", "apps": tree{App: tree{
		"app_id": weChatAppID, "secret": s.WeChat, "regions": regions,
		"templates": tree{"low_balance": template(weChatTemplate, "thing1", "amount2", "time3", "thing4")},
	}}}
	to["alipay"] = tree{"gateway": url + "/alipay/gateway.do", "apps": tree{App: tree{
		"app_id": alipayAppID, "private_key": s.AppPrivate, "alipay_public_key": s.GatewayPublic, "regions": regions,
		"templates": tree{"low_balance": template(alipayTemplate, "keyword1", "keyword2", "keyword3", "keyword4")},
	}}}
}

// template fills in all keys of a demo template; account is free text, as the amount in it may be hidden.
func template(id, what, line, when, account string) tree {
	return tree{"template_id": id, "kind": "one_time", "title": "医保余额提醒", "page": "pages/balance/index",
		"fields": tree{what: "{insurance}余额低于提醒金额", line: "{threshold}", when: "{as_of}", account: "{balance}"}}
}
