package simulator

import (
	"crypto/rsa"
	"net/http"
	"time"
)

// server is one handler before a world.
type server struct {
	world   *World
	options Options
	now     func() time.Time
	wechat  map[string]WeChatApp
	alipay  map[string]alipayApp
	regions map[string]Region
}

// alipayApp is an app with its keys read.
type alipayApp struct {
	AlipayApp
	public  *rsa.PublicKey
	private *rsa.PrivateKey
}

// Handler mounts the four servers and the control API:
//
//	GET|POST /control/{wechat|alipay}/code?app=&user=        → a sign-in code, as text
//	POST     /control/grant {platform, app, user, template, n} → what the user allows now; n defaults to 1
//	POST     /control/balance {id_number, region, yuan, insurance_type?} → the account from now on
//	GET      /control/balance?id_number=[&region=&insurance_type=] → what it holds now, as text
//	GET      /control/inbox?user=&phone=&kind=&after=&wait=  → messages; wait is in seconds, 30 at most
//	GET      /control/inbox/latest?user=&phone=&kind=&after=&wait= → the last message as the phone shows it, as text
//	GET      /control/sms/latest?phone=|id=[&after=&wait=]   → the last code, as text
//	GET      /control/people[?region=]                       → everybody; people.txt is a line each
//	GET      /control/stats                                  → requests and accepted messages by target
//	GET|POST|DELETE /control/faults                          → list; {target, fault, times?, detail?, ms?}; clear [?target=]
//
// times below zero means until cleared; 0 or none means once. Codes and balances by query parameters work as well as by
// JSON. Options that Check refuses make it panic: they are the program's own.
func Handler(world *World, options Options) http.Handler {
	if err := options.Check(); err != nil {
		panic(err)
	}
	s := newServer(world, options)
	mux := http.NewServeMux()
	mux.Handle("/wechat/sns/jscode2session", s.endpoint(target(targetWeChatLogin), s.code2session))
	mux.Handle("/wechat/cgi-bin/stable_token", s.endpoint(target(targetWeChatToken), s.stableToken))
	mux.Handle("/wechat/cgi-bin/message/subscribe/send", s.endpoint(target(targetWeChatSend), s.subscribeSend))
	mux.Handle("/alipay/gateway.do", s.endpoint(alipayTarget, s.gateway))
	mux.Handle("/insurer/{region}", s.endpoint(insurerTarget, s.insurer))
	mux.Handle("/insurer/{region}/{infno}", s.endpoint(insurerTarget, s.insurer))
	mux.Handle("/sms/send", s.endpoint(target(targetSMS), s.sms))
	s.control(mux)
	return mux
}

func newServer(world *World, options Options) *server {
	s := &server{
		world: world, options: options, now: options.Now,
		wechat: map[string]WeChatApp{}, alipay: map[string]alipayApp{}, regions: map[string]Region{},
	}
	if s.now == nil {
		s.now = world.now
	}
	for _, app := range options.WeChatApps {
		s.wechat[app.AppID] = app
	}
	for _, app := range options.AlipayApps {
		public, _ := publicKey(app.AppPublicKey) // Check has read both
		private, _ := privateKey(app.GatewayPrivateKey)
		s.alipay[app.AppID] = alipayApp{AlipayApp: app, public: public, private: private}
	}
	for _, region := range options.Regions {
		s.regions[region.Code] = region
	}
	return s
}
