package simulator

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"time"
)

// smsKind is what records and the control API call a message by SMS; others go by the platform's name.
const smsKind = "sms"

// codeLife is how long a sign-in code of WeChat may be used. Alipay's live 3 minutes to 24 hours; the same is used for both.
const codeLife = 5 * time.Minute

var (
	errCode     = errors.New("simulator: code unknown, too old, or another app's")
	errCodeUsed = errors.New("simulator: code used")
)

// OpenID is the id that the platform's app has for the named user. It is the same in every world.
func OpenID(platform, appID, user string) string {
	sum := sha256.Sum256([]byte("open-id\n" + platform + "\n" + appID + "\n" + user))
	text := base64.RawURLEncoding.EncodeToString(sum[:])
	if platform == wechatPlatform {
		return "o" + text[:27] // 28 characters, like WeChat's
	}
	return "0" + text
}

// alipayUserID is the older id: 2088 and 12 digits.
func alipayUserID(openID string) string {
	sum := sha256.Sum256([]byte("user-id\n" + openID))
	digits := make([]byte, 12)
	for i := range digits {
		digits[i] = '0' + sum[i]%10
	}
	return "2088" + string(digits)
}

// issueCode is what the platform's client does at sign-in.
func (w *World) issueCode(platform, app, user string) (string, error) {
	code := rand.Text()
	w.mu.Lock()
	defer w.mu.Unlock()
	return code, w.commit(record{
		Kind: "code", At: time.Now(), Platform: platform, App: app, User: user,
		OpenID: OpenID(platform, app, user), Code: code,
	})
}

// useCode returns the open id behind a code, once. That it is used is on disk before anyone hears the answer.
func (w *World) useCode(platform, app, code string) (string, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	found := w.codes[codeKey{platform, code}]
	switch {
	case found == nil, found.app != app:
		return "", errCode
	case found.used:
		return "", errCodeUsed
	case time.Since(found.at) > codeLife:
		return "", errCode
	}
	return found.openID, w.commit(record{Kind: "used", At: time.Now(), Platform: platform, Code: code})
}

// grant is the tap in the subscribe sheet: n more messages of the template.
func (w *World) grant(platform, app, user, template string, n int) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.commit(record{
		Kind: "grant", At: time.Now(), Platform: platform, App: app, User: user,
		OpenID: OpenID(platform, app, user), Template: template, N: n,
	})
}

// quotaOf is what the user still allows.
func (w *World) quotaOf(platform, app, openID, template string) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.quota[quotaKey{platform, app, openID, template}]
}

// knowsUser says whether the open id ever signed in to the app.
func (w *World) knowsUser(platform, app, openID string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	_, there := w.users[userKey{platform, app, openID}]
	return there
}

// requestID looks like the trace ids that the platforms put into their answers.
func requestID() string {
	return fmt.Sprintf("%x-%s", time.Now().Unix(), rand.Text()[:8])
}
