package wechat

import (
	"context"
	"net/url"
	"regexp"
	"strconv"
	"time"

	"github.com/silenceper/wechat/v2/util"

	"yibao/identity"
	"yibao/platforms/internal/outside"
)

const sessionURL = "https://" + sdkHost + "/sns/jscode2session?"

// busyPause is how long to wait before asking once more after "system busy".
const busyPause = 200 * time.Millisecond

const systemBusy = -1

// validCode is all that wx.login gives. Anything else stays out, though the code is escaped as well.
var validCode = regexp.MustCompile(`^[0-9A-Za-z_-]{1,128}$`)

// signInErrors classifies code2session's errcodes; everything else is identity.ErrPlatformUnavailable. Source: WeChat's
// page api_code2session; for 40163, which it leaves out, answers quoted in github.com/binarywang/WxJava issue 1323.
var signInErrors = map[int64]error{
	40029: identity.ErrCodeInvalid,    // invalid, or of another app
	40163: identity.ErrCodeInvalid,    // used
	45011: identity.ErrSignInTooOften, // the user's quota of this minute
	40226: identity.ErrUserBlocked,    // high-risk user
}

// SignIn exchanges the code of wx.login. The session key that comes with it is dropped at once. Errors are
// identity.Authenticator's, without any text of the platform's.
func (c *Client) SignIn(ctx context.Context, name, code string) (identity.PlatformAccount, error) {
	name = outside.AppName(c.apps, name)
	a, ok := c.apps[name]
	if !ok {
		return identity.PlatformAccount{}, identity.ErrNoSuchApp
	}
	if !validCode.MatchString(code) {
		return identity.PlatformAccount{}, identity.ErrCodeInvalid
	}
	session, err := c.exchange(ctx, a, code)
	if err == nil && session.errcode == systemBusy && pause(ctx, busyPause) {
		session, err = c.exchange(ctx, a, code) // the same code: a busy platform has not used it up
	}
	if err != nil || session.errcode != 0 || session.OpenID == "" {
		return identity.PlatformAccount{}, c.signInFailed(ctx, name, session.errcode, err)
	}
	return identity.PlatformAccount{
		Platform: identity.WeChat,
		App:      name,
		AppID:    a.AppID,
		OpenID:   session.OpenID,
	}, nil
}

// exchange does what the SDK's Code2SessionContext does, but escapes the parameters, and reads the answer as leniently as
// the others: the SDK fails on an errcode that comes as a string.
func (c *Client) exchange(ctx context.Context, a *app, code string) (sessionAnswer, error) {
	ctx, cancel := c.outgoing(ctx)
	defer cancel()
	query := url.Values{
		"appid": {a.AppID}, "secret": {a.Secret.Reveal()}, "js_code": {code}, "grant_type": {"authorization_code"},
	}
	body, err := util.HTTPGetContext(ctx, sessionURL+query.Encode())
	if err != nil {
		return sessionAnswer{}, err
	}
	return decodeSession(body)
}

// signInFailed chooses the error. The error of the exchange is looked at, never passed on.
func (c *Client) signInFailed(ctx context.Context, name string, errcode int64, err error) error {
	if known, ok := signInErrors[errcode]; ok {
		return known
	}
	switch {
	case errcode == systemBusy:
		c.warn(ctx, "wechat_sign_in_failed", name, strconv.FormatInt(errcode, 10))
	case errcode != 0: // app id, secret or allow list: nobody signs in until an operator has mended it
		c.alarm(ctx, "wechat_sign_in_failed", name, strconv.FormatInt(errcode, 10))
	case err != nil:
		c.warn(ctx, "wechat_sign_in_failed", name, causeCode(err))
	default:
		c.warn(ctx, "wechat_sign_in_failed", name, "no_openid")
	}
	return identity.ErrPlatformUnavailable
}

// pause waits, and says false when ctx ended first.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
