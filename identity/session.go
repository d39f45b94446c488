package identity

import "time"

// Session is one sign-in.
type Session struct {
	ID        string    `bson:"_id"`
	UserID    string    `bson:"user_id"`
	CreatedAt time.Time `bson:"created_at"`
	ExpiresAt time.Time `bson:"expires_at"`
}

// Caller is a verified caller: the platform user behind a token, with a snapshot of the active links. Requests share
// callers: read, never write.
type Caller struct {
	UserID    string
	SessionID string
	Platform  Platform
	App       string
	ExpiresAt time.Time
	Links     []Link // active only
}

// Link returns the caller's own active link of that id, or ErrNoSuchLink: another person's id and an unknown one are
// the same.
func (c *Caller) Link(id string) (Link, error) {
	for _, l := range c.Links {
		if l.ID == id {
			return l, nil
		}
	}
	return Link{}, ErrNoSuchLink
}

// AppKey is the app that the caller uses.
func (c *Caller) AppKey() AppKey { return AppKey{Platform: c.Platform, App: c.App} }

const maxIDLength = 128

// IsID says whether a text can be an id of ours.
func IsID(s string) bool { return s != "" && len(s) <= maxIDLength }
