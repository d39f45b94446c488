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

// PlatformAccount is the platform's answer about one user of one app at sign-in. It has at least one id: Alipay may give
// open_id, user_id or both, and one user of one app may get them in any order as the app's settings change.
type PlatformAccount struct {
	Platform Platform `bson:"platform"`
	App      string   `bson:"app"`     // the app's name in our configuration
	AppID    string   `bson:"app_id"`  // the platform's id of the app; part of the user's keys
	OpenID   string   `bson:"open_id"` // the platform's id of the user within the app; "" while it is not known
	UserID   string   `bson:"user_id"` // Alipay's older id of the user; "" while it is not known
}

// PlatformUser is one user of one app of one platform, with all links of that user. It is one document: the limit on
// links is kept by one conditional write.
type PlatformUser struct {
	ID        string          `bson:"_id"` // keyed hash of (platform, app id, the id that the platform gave first); chosen by the store
	Account   PlatformAccount `bson:"account"`
	Links     []Link          `bson:"links"` // in every state, oldest first
	CreatedAt time.Time       `bson:"created_at"`
	SeenAt    time.Time       `bson:"seen_at"`
	Adopted   []Adoption      `bson:"adopted,omitempty"`  // users that have turned out to be this one
	MovedTo   string          `bson:"moved_to,omitempty"` // id of the user that this one has turned out to be; it has the links
}

// Adoption notes that another user has turned out to be this one. The consents that it had given stay as they are, so
// their proofs cover its id.
type Adoption struct {
	UserID string   `bson:"user_id"`
	Links  []string `bson:"links"` // ids of the links that came from it
}

// Adopt takes over the links of another user that has turned out to be this one. To a person that both have linked in a
// region, the link of this user stays and the other one ends. The limit on links does not count: each was allowed.
//
// Adopting again, with the links as they are then, takes over what has changed there since. A link that has ended on
// either side never comes back.
func (u *PlatformUser) Adopt(other *PlatformUser, now time.Time) {
	at := slices.IndexFunc(u.Adopted, func(a Adoption) bool { return a.UserID == other.ID })
	if at < 0 {
		at, u.Adopted = len(u.Adopted), append(u.Adopted, Adoption{UserID: other.ID})
	}
	taken := &u.Adopted[at].Links
	for i := range u.Links {
		mine := &u.Links[i]
		if mine.State != LinkActive || !slices.Contains(*taken, mine.ID) {
			continue
		}
		there := slices.IndexFunc(other.Links, func(l Link) bool { return l.ID == mine.ID && l.State == LinkActive })
		if there < 0 {
			mine.End(now)
		} else if !mine.Consent.At.After(other.Links[there].Consent.At) {
			*mine = other.Links[there]
		}
	}
	for _, link := range other.Links {
		if slices.Contains(*taken, link.ID) {
			continue
		}
		*taken = append(*taken, link.ID)
		twin := slices.ContainsFunc(u.Active(), func(l Link) bool { return l.Region == link.Region && l.PersonID == link.PersonID })
		if link.State == LinkActive && twin {
			link.End(now)
		}
		u.Links = append(u.Links, link)
	}
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
