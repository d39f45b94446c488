// Package identity holds the nouns of identity: platform users and their sessions, insured persons, the links between the
// two with the consent that each rests on, and link attempts. The services are in its folders session and linking, names
// and ID numbers in document.
//
// The package imports no adapter. ports.go declares the outside that the services need.
package identity

import (
	"slices"
	"time"
)

// Platform names one of the two mini-program platforms.
type Platform string

// The platforms.
const (
	WeChat Platform = "wechat"
	Alipay Platform = "alipay"
)

// PlatformAccount is the platform's answer about one user of one app at sign-in.
type PlatformAccount struct {
	Platform Platform `bson:"platform"`
	App      string   `bson:"app"`     // the app's name in our configuration
	AppID    string   `bson:"app_id"`  // the platform's id of the app; part of the user's key
	OpenID   string   `bson:"open_id"` // the platform's id of the user within the app; never empty
	UserID   string   `bson:"user_id"` // Alipay's older user_id when it was given; else ""
}

// PlatformUser is one user of one app of one platform, with all links of that user. It is one document: the limit on
// links is kept by one conditional write.
type PlatformUser struct {
	ID        string          `bson:"_id"` // keyed hash of (platform, app id, open id); chosen by the store
	Account   PlatformAccount `bson:"account"`
	Links     []Link          `bson:"links"` // in every state, oldest first
	CreatedAt time.Time       `bson:"created_at"`
	SeenAt    time.Time       `bson:"seen_at"`
}

// Active lists the links in force.
func (u *PlatformUser) Active() []Link {
	return slices.DeleteFunc(slices.Clone(u.Links), func(l Link) bool { return l.State != LinkActive })
}

// LinkTo returns the user's link in force to the insured person in the region. Insured are the keyed hashes of the
// person's document under every version of the key.
func (u *PlatformUser) LinkTo(insured []string, region string) (Link, bool) {
	for _, l := range u.Links {
		if l.State == LinkActive && l.Region == region && slices.Contains(insured, l.InsuredHash) {
			return l, true
		}
	}
	return Link{}, false
}

// Withdrew says whether the user has ended the link of the attempt, or one to the same person in the same region since the
// attempt's consent. Such an attempt never makes a link again.
func (u *PlatformUser) Withdrew(a *Attempt, insured []string) bool {
	return slices.ContainsFunc(u.Links, func(l Link) bool {
		same := l.Region == a.Claim.Region && slices.Contains(insured, l.InsuredHash)
		return l.State != LinkActive && (l.ID == a.LinkID || l.AttemptID == a.ID || same && a.Consent.At.Before(l.EndedAt))
	})
}

// Put adds the link that the attempt has proved, or renews the user's link in force to the same person in the same region,
// and returns the link in force. Errors: ErrWithdrawn (see Withdrew), ErrLinkLimit, and ErrNotFound for a link without a
// person, which can only renew.
func (u *PlatformUser) Put(link Link, a *Attempt, insured []string, limit int) (Link, error) {
	for i := range u.Links {
		old := &u.Links[i]
		same := old.PersonID == link.PersonID || slices.Contains(insured, old.InsuredHash)
		if old.State == LinkActive && old.Region == link.Region && same {
			old.renew(link)
			return *old, nil
		}
	}
	switch {
	case u.Withdrew(a, insured):
		return Link{}, ErrWithdrawn
	case link.PersonID == "":
		return Link{}, ErrNotFound
	case len(u.Active()) >= limit:
		return Link{}, ErrLinkLimit
	}
	u.Links = append(u.Links, link)
	return link, nil
}

// LinksDue is when the first link of the user needs work (see Link.DueAt); zero when none does.
func (u *PlatformUser) LinksDue() time.Time {
	var first time.Time
	for _, l := range u.Links {
		if due := l.DueAt(); !due.IsZero() && (first.IsZero() || due.Before(first)) {
			first = due
		}
	}
	return first
}
