package store

import "time"

// consentDoc is an identity.Consent inside another document; the two convert into each other.
type consentDoc struct {
	Version    string    `bson:"version"`
	TextHash   string    `bson:"text_hash"`
	At         time.Time `bson:"at"`
	Unattended bool      `bson:"unattended"`
	Guardian   bool      `bson:"guardian"`
	Proof      string    `bson:"proof,omitempty"`
}
