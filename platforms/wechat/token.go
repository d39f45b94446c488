package wechat

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/silenceper/wechat/v2/util"
	"golang.org/x/sync/singleflight"

	"yibao/platforms/internal/outside"
)

const (
	stableTokenURL = "https://" + sdkHost + "/cgi-bin/stable_token"
	// renewBefore is how long before its end a token is no longer used. WeChat renews in the last five minutes and
	// both tokens are valid then, so this needs to cover no more than a request under way.
	renewBefore = 60 * time.Second
	// leastLife is for how long a token is used at the least, whatever WeChat says of its life: a short or absurd
	// expires_in must not turn every send into a fetch.
	leastLife = 30 * time.Second
)

// token is an access token and when to stop using it.
type token struct {
	text string
	life time.Duration // as WeChat said
}

// tokens holds one app's stable token in this process. Every process that asks is given the same token by WeChat, so
// there is nothing to share or to lock between processes. A forced refresh, which would kill the token that others use,
// is never asked for.
type tokens struct {
	fetch func(context.Context) (token, error)
	now   func() time.Time

	flight singleflight.Group
	mu     sync.Mutex
	text   string
	until  time.Time
}

// get returns the token, fetching it when needed: once for all that wait. The fetch has a time limit of its own: the
// context of the first caller would fail the others when that caller gives up.
func (t *tokens) get(ctx context.Context) (string, error) {
	if text := t.current(); text != "" {
		return text, nil
	}
	result := t.flight.DoChan("", func() (any, error) {
		if text := t.current(); text != "" { // fetched while this call was on its way here
			return text, nil
		}
		fresh, err := t.fetch(context.WithoutCancel(ctx))
		if err != nil {
			return "", err
		}
		return fresh.text, t.keep(fresh)
	})
	select {
	case r := <-result:
		text, _ := r.Val.(string)
		return text, r.Err
	case <-ctx.Done():
		return "", ctx.Err()
	}
}

func (t *tokens) current() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.now().Before(t.until) {
		return t.text
	}
	return ""
}

func (t *tokens) keep(fresh token) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.text = fresh.text
	t.until = t.now().Add(max(fresh.life-renewBefore, leastLife))
	return nil
}

// drop forgets the token that WeChat refused, unless another has taken its place already.
func (t *tokens) drop(refused string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.text == refused {
		t.text, t.until = "", time.Time{}
	}
}

// fetchToken asks WeChat in normal mode. Its errors carry an errcode or a kind of failure only.
func (c *Client) fetchToken(ctx context.Context, a *app) (token, error) {
	ctx, cancel := c.outgoing(ctx)
	defer cancel()
	body, err := util.PostJSONContext(ctx, stableTokenURL, map[string]any{
		"grant_type":    "client_credential",
		"appid":         a.AppID,
		"secret":        a.Secret.Reveal(),
		"force_refresh": false,
	})
	if err != nil {
		c.warn(ctx, "wechat_token_failed", a.name, causeCode(err))
		return token{}, errors.New("wechat: no token: " + outside.Cause(err))
	}
	text, seconds, err := decodeToken(body)
	if err != nil {
		c.alarm(ctx, "wechat_token_refused", a.name, errorCode(err))
		return token{}, err
	}
	return token{text: text, life: time.Duration(seconds) * time.Second}, nil
}

// errorCode is the errcode within err, or "token" for a failure without one.
func errorCode(err error) string {
	var answered *platformError
	if errors.As(err, &answered) {
		return answered.code()
	}
	return "token"
}
