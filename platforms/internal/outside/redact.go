package outside

import (
	"context"
	"errors"
	"net"
	"net/url"
	"regexp"
	"strings"
	"unicode"
)

const (
	hidden      = "***"
	maxErrorLen = 300 // bytes; whole answers must not travel inside an error
)

// secretNames are the parameters whose values never appear in an error, a log or an answer: what authenticates us, what
// authenticates a user, and who the user is.
const secretNames = `(?:app_?)?secret|access_token|refresh_token|app_auth_token|auth_token|js_code|session_key|` +
	`grant_code|auth_code|code|sign|signature|msg_signature|biz_content|api_?key|app_?key|password|` +
	`open_?id|union_?id|user_?id|to_open_id|to_user_id|touser|phone|mobile|certno|psn_name`

var (
	anyURL = regexp.MustCompile(`(?i)\b[a-z][a-z0-9+.-]*://[^\s"'<>]*`)
	// The three ways a value stands in a text: k=v, "k":"v" (also escaped once more), and k: v.
	secretPair = regexp.MustCompile(`(?i)(^|[^a-z0-9_])(` + secretNames + `)(\\?["']?\s*[=:]\s*)` +
		`(\\?"(?:[^"\\]|\\[^"])*\\?"|'[^']*'|[^\s&"',;}\])]+)`)
)

// safeError is a text that was made safe, with the few facts that callers decide by. It does not hold the error it was
// made of: nobody can unwrap or print what was removed.
type safeError struct {
	text      string
	timeout   bool
	notSent   bool
	sentinels []error
}

// Error returns the safe text.
func (e *safeError) Error() string { return e.text }

// Is finds the context errors and ErrBodyTooLarge that the original error matched.
func (e *safeError) Is(target error) bool {
	for _, s := range e.sentinels {
		if s == target {
			return true
		}
	}
	return false
}

// Timeout says whether the original error was a timeout.
func (e *safeError) Timeout() bool { return e.timeout }

// Redact returns an error whose text is safe to log: no URL, no value of a parameter that is secret or names a user, no
// control character, at most 300 bytes. errors.Is still finds context.Canceled, context.DeadlineExceeded and
// ErrBodyTooLarge, and Sent still answers; nothing else of the original can be reached. Redact(nil) is nil.
func Redact(err error) error {
	if err == nil {
		return nil
	}
	var safe *safeError
	if errors.As(err, &safe) && error(safe) == err {
		return err
	}
	made := &safeError{text: RedactText(text(err)), notSent: dialFailed(err)}
	var timeout net.Error
	made.timeout = errors.As(err, &timeout) && timeout.Timeout()
	for _, s := range []error{context.Canceled, context.DeadlineExceeded, ErrBodyTooLarge} {
		if errors.Is(err, s) {
			made.sentinels = append(made.sentinels, s)
		}
	}
	return made
}

// text is the error's text without the URL of an outermost *url.Error.
func text(err error) string {
	var outer *url.Error
	if errors.As(err, &outer) && error(outer) == err {
		return strings.ToLower(outer.Op) + ": " + text(outer.Err)
	}
	return err.Error()
}

// RedactText removes URLs, secret values and control characters from a text, and cuts it to 300 bytes.
func RedactText(s string) string {
	s = anyURL.ReplaceAllString(s, "<url>")
	s = secretPair.ReplaceAllString(s, "${1}${2}${3}"+hidden)
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, s)
	if len(s) > maxErrorLen {
		s = strings.ToValidUTF8(s[:maxErrorLen], "") + "…"
	}
	return s
}
