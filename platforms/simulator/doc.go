// Package simulator stands in for everything that yibao talks to: the servers of WeChat and Alipay, the insurers of two
// regions and an SMS gateway. They are real HTTP servers; the production adapters talk to them unchanged, only addresses
// and keys differ. They refuse what the platforms refuse (signatures, clocks, one-time codes, template limits, quotas),
// they can be told to misbehave in every way that was seen of the real ones, and what they accept is on disk and synced
// before they answer, so that a test may kill the process at any moment and still know what had been accepted.
//
// Everybody in it is invented: names begin with 测试 or 样例, phones with 1990000, and the ID numbers carry area codes
// (1901xx, 1902xx) that no place ever had. The one exception is the 830000 of a residence permit, which the tests need.
//
// # Layout under one listener
//
//	/wechat/sns/jscode2session, /wechat/cgi-bin/stable_token, /wechat/cgi-bin/message/subscribe/send
//	/alipay/gateway.do
//	/insurer/{region}[/{infno}]
//	/sms/send
//	/control/…   what a person or a test tells the simulated world; see Handler
//
// # Clocks
//
// The injected clock rules the books: what a balance is, when a message arrived. What a platform measures against its
// own clock (timestamps of requests, the age of codes and tokens, nonces) uses the machine's clock, as the platforms'
// SDKs do when they stamp a request.
package simulator
