package alipay

import (
	"context"
	"regexp"

	sdk "github.com/smartwalle/alipay/v3"

	"yibao/identity"
	"yibao/platforms/internal/outside"
)

const (
	oauthMethod = "alipay.system.oauth.token"
	codeInvalid = "isv.code-invalid" // wrong app, used or expired
)

// validCode is all that my.getAuthCode gives.
var validCode = regexp.MustCompile(`^[0-9A-Za-z_-]{1,128}$`)

func oauthPayload(code string) *sdk.Payload {
	// This method takes its arguments beside biz_content, not in it.
	return sdk.NewPayload(oauthMethod).AddParam("grant_type", "authorization_code").AddParam("code", code)
}

// SignIn exchanges the code of my.getAuthCode. An app with open ids switched on gets an open_id and no user_id, an older
// one a user_id alone, and some get both. The tokens that come with it are dropped. Errors are identity.Authenticator's.
func (c *Client) SignIn(ctx context.Context, name, code string) (identity.PlatformAccount, error) {
	name = outside.AppName(c.apps, name)
	a, ok := c.apps[name]
	if !ok {
		return identity.PlatformAccount{}, identity.ErrNoSuchApp
	}
	if !validCode.MatchString(code) {
		return identity.PlatformAccount{}, identity.ErrCodeInvalid
	}
	raw, err := a.call(ctx, oauthPayload(code))
	if err != nil {
		c.unbelieved(ctx, "alipay_sign_in_failed", name, err)
		return identity.PlatformAccount{}, identity.ErrPlatformUnavailable
	}
	answer, err := decodeOAuth(raw)
	if err != nil {
		c.warn(ctx, "alipay_sign_in_failed", name, codeOf(err))
		return identity.PlatformAccount{}, identity.ErrPlatformUnavailable
	}
	if err := c.signInRefused(ctx, name, answer); err != nil {
		return identity.PlatformAccount{}, err
	}
	return identity.PlatformAccount{
		Platform: identity.Alipay, App: name, AppID: a.appID, OpenID: answer.OpenID, UserID: answer.UserID,
	}, nil
}

// signInRefused reads a signed answer. The SDK's own IsSuccess is never asked: it demands a user_id.
func (c *Client) signInRefused(ctx context.Context, name string, answer oauthAnswer) error {
	success := answer.Code == "" || answer.Code == "10000"
	switch {
	case success && answer.AccessToken != "" && (answer.OpenID != "" || answer.UserID != ""):
		return nil
	case success:
		c.warn(ctx, "alipay_sign_in_failed", name, "no_open_id")
		return identity.ErrPlatformUnavailable
	case answer.SubCode == codeInvalid:
		return identity.ErrCodeInvalid
	case limited(answer.result):
		return identity.ErrPlatformBusy
	case theirs(answer.result):
		c.warn(ctx, "alipay_sign_in_failed", name, answer.code())
	default: // app, key, clock or permission: nobody signs in until an operator has mended it
		c.alarm(ctx, "alipay_sign_in_failed", name, answer.code())
	}
	return identity.ErrPlatformUnavailable
}
