package session

import (
	"encoding/base64"
	"strconv"
	"strings"
	"time"

	"yibao/identity"
)

// pageBehind names the page of older sessions: by the time and the id of the last one before it. It is no secret and needs
// no signature, as only the caller's own sessions are listed whatever it says.
func pageBehind(last identity.Session) string {
	return base64.RawURLEncoding.EncodeToString([]byte(strconv.FormatInt(last.CreatedAt.UnixMilli(), 10) + "." + last.ID))
}

// parsePage reads what pageBehind made; nil for the first page.
func parsePage(page string) (*identity.Session, error) {
	if page == "" {
		return nil, nil
	}
	raw, err := base64.RawURLEncoding.DecodeString(page)
	at, id, _ := strings.Cut(string(raw), ".")
	milli, notNumber := strconv.ParseInt(at, 10, 64)
	if err != nil || notNumber != nil || !identity.IsID(id) {
		return nil, identity.ErrPage
	}
	return &identity.Session{ID: id, CreatedAt: time.UnixMilli(milli)}, nil
}
