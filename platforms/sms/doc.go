// Package sms sends one-time codes through an HTTP gateway. The gateway's protocol is this project's own, plain enough
// that a relay in front of any real provider can speak it; it claims nothing about a provider's.
//
// # Request
//
// One POST to the configured address (the path belongs to the address), UTF-8 JSON without a line feed at its end:
//
//	{"phone":"13800000000","sign_name":"…","template":"…","params":{"code":"123456","minutes":"5"},"request_id":"…"}
//
//	phone       eleven digits, 1 then 3–9, without country code
//	sign_name   the signature that the provider has on file for us (签名)
//	template    the provider's id of the approved text (模板)
//	            The text must say what the code is for and that it is given to nobody, since thieves ask for codes:
//	            验证码 {code}，用于在小程序绑定医保账户、查询余额，{minutes}分钟内有效。工作人员不会索要验证码，请勿告诉任何人；如非本人操作，请忽略本短信。
//	params      the values of the template's variables; both are strings
//	request_id  names the message: the id of the link attempt, a hyphen, and the number of the code within it. At most 40
//	            letters, digits and hyphens, new for each request; a gateway refuses one it has seen
//
// and these headers:
//
//	Content-Type: application/json; charset=utf-8
//	X-App-Key:    the configured key
//	X-Timestamp:  Unix time in seconds, of the machine's clock; a gateway refuses what is more than 300 s off
//	X-Nonce:      26 characters A–Z 2–7, new for each request; a gateway refuses one it has seen within that window
//	X-Signature:  lower-case hex of HMAC-SHA256(secret, app key + "\n" + timestamp + "\n" + nonce + "\n" + body)
//
// The HMAC covers the bytes of the body as they are sent.
//
// # Answer
//
// HTTP 200 with {"code":"OK","message_id":"…"} says that the gateway took the message on; message_id is not empty. A
// refusal is any other code, by HTTP 200 or 4xx, and may carry {"code":"…","message":"…"}:
//
//	SIGNATURE_INVALID, TIMESTAMP_INVALID, NONCE_REUSED, APP_KEY_UNKNOWN   the configuration or the clock is wrong
//	PHONE_INVALID, TEMPLATE_INVALID, PARAMS_INVALID                       the request is wrong
//	RATE_LIMITED                                                          too many messages to this phone or in all
//
// A code is 1–40 characters A–Z 0–9 _ with at most five digits; everything else counts as unreadable. Nothing is asked twice and no redirect
// is followed: a repeat could send a second message. An error that is not identity.ErrNotSent
// therefore means "may have been sent".
package sms
