package identity

import (
	"context"
	"errors"
	"slices"
	"time"
)

const (
	// finishTime bounds one run of finish. It is shorter than finishLease, so that two never write one link.
	finishTime  = 20 * time.Second
	finishLease = 30 * time.Second
)

// finish writes the link of a proved attempt. Every step can be repeated; after a kill between any two, Run makes them
// again from the first:
//
//	upstream confirms → person → slot → change recorded → link → followers → attempt linked
//
// Whatever it meets, the caller is told where the attempt stands, never a failure of ours: the proof is stored.
func (l *Linking) finish(ctx context.Context, a *Attempt) (*Attempt, error) {
	ctx, cancel := context.WithTimeout(ctx, finishTime)
	defer cancel()
	link, err := l.writeLink(ctx, a)
	if reason := failure(err); reason != "" {
		return l.giveUp(ctx, a, reason)
	}
	if errors.Is(err, ErrUpstreamUnavailable) && l.waitedLong(a) {
		return l.giveUp(ctx, a, FailedUpstream)
	}
	if err != nil {
		l.deps.Log.Warn("a proved link is finished later", "region", a.Claim.Region, "upstream",
			errors.Is(err, ErrUpstreamUnavailable))
		return a, nil
	}
	return l.linked(ctx, a, link)
}

func (l *Linking) writeLink(ctx context.Context, a *Attempt) (Link, error) {
	user, err := l.deps.Store.User(ctx, a.UserID)
	if err != nil {
		return Link{}, missing(err, errWithdrawn)
	}
	// A run before this one may have come as far as the link, or farther: the user may have ended it since.
	if i := indexLink(user.Links, a.LinkID); i >= 0 {
		if user.Links[i].State != LinkActive {
			return Link{}, errWithdrawn
		}
		return l.tell(ctx, a.UserID, user.Links[i], nil)
	}
	// Or it may have renewed a link that the user had: that is done, whatever the upstream says by now.
	if i := slices.IndexFunc(user.Links, func(o Link) bool { return o.State == LinkActive && o.AttemptID == a.ID }); i >= 0 {
		link, err := l.keep(ctx, a, user.Links[i])
		return l.tell(ctx, a.UserID, link, err)
	}
	if user.endedSince(a) {
		return Link{}, errWithdrawn // putLink would find it; so the slot goes without the upstream's help
	}
	if _, err := l.deps.Registry.Match(ctx, a.Claim); err != nil {
		return Link{}, matchError(err)
	}
	link, err := l.linkPerson(ctx, a, user)
	return l.tell(ctx, a.UserID, link, err)
}

// errWithdrawn says that the user ended the link while it was being written.
var errWithdrawn = errors.New("identity: withdrawn")

func matchError(err error) error {
	if errors.Is(err, ErrNotEnrolled) || errors.Is(err, ErrMismatch) {
		return ErrNotEnrolled
	}
	return ErrUpstreamUnavailable
}

// failure says which end an error means; "" where another run may succeed.
func failure(err error) string {
	switch {
	case errors.Is(err, ErrNotEnrolled):
		return FailedChanged
	case errors.Is(err, ErrLinkLimit):
		return FailedLimit
	case errors.Is(err, errWithdrawn):
		return FailedEnded
	}
	return ""
}

// waitedLong ends an attempt that the upstream keeps from being finished. It was proved before its code expired.
func (l *Linking) waitedLong(a *Attempt) bool {
	return l.deps.Now().After(a.LastSendAt.Add(l.cfg.CodeTTL + l.cfg.AttemptTTL))
}

// linkPerson makes person, slot and link. Another's unlink, the person's last, may end the person before our slot is
// taken: then it begins with a new one. From the slot on the person stays.
func (l *Linking) linkPerson(ctx context.Context, a *Attempt, user *PlatformUser) (Link, error) {
	for range personRounds {
		person, err := l.deps.Store.EnsurePerson(ctx, a.Claim, l.deps.Now())
		if err != nil {
			return Link{}, storeError(err)
		}
		link, err := l.takeSlot(ctx, a, user, person)
		if err == nil {
			err = l.stillNamed(ctx, a, person.ID)
		}
		if err == nil {
			return l.putLink(ctx, a, link)
		}
		if !errors.Is(err, errLost) {
			return Link{}, err
		}
	}
	return Link{}, ErrStore
}

// stillNamed makes sure, now that the slot is ours, that the ID document still leads to that person; errLost when not. A
// store that makes a person anew for a key it read a moment ago may have brought back one that was deleted meanwhile, and
// takes it away again. A key never leads to the same person twice, so one that does so now has done so all along.
func (l *Linking) stillNamed(ctx context.Context, a *Attempt, personID string) error {
	named, err := l.deps.Store.EnsurePerson(ctx, a.Claim, l.deps.Now())
	if err != nil {
		return storeError(err)
	}
	if named.ID != personID {
		return l.releaseThen(ctx, a.UserID, a.linkTo(personID), errLost)
	}
	return nil
}

// linkTo is as much of the link to be as is needed to take it back.
func (a *Attempt) linkTo(personID string) Link {
	return Link{ID: a.LinkID, PersonID: personID, Region: a.Claim.Region, Relation: a.Relation}
}

// takeSlot takes the person's side of the link, and returns the link to be. A repeated run finds its own slot with the
// time of the first.
//
// To renew a link takes one more than allowed for a moment. Where that link ends before it is renewed, nothing takes its
// place: the attempt's consent is older than the end.
func (l *Linking) takeSlot(ctx context.Context, a *Attempt, user *PlatformUser, person *Person) (Link, error) {
	slot := Slot{
		PersonID: person.ID, LinkID: a.LinkID, UserID: a.UserID,
		Region: a.Claim.Region, Relation: a.Relation, Since: l.deps.Now(),
		Unattended: a.Consent.Unattended, ConsentAt: a.Consent.At,
	}
	limit := l.cfg.LinksPerPerson
	if indexActive(user.Links, person.ID, a.Claim.Region) >= 0 {
		limit++
	}
	err := l.claimSlot(ctx, slot, limit, a.Claim.Name)
	if errors.Is(err, ErrLinkLimit) {
		return Link{}, l.settleThen(ctx, person.ID, ErrLinkLimit)
	}
	if err != nil {
		return Link{}, err
	}
	slots, err := l.settlePerson(ctx, person.ID, a.LinkID)
	if err != nil {
		return Link{}, err
	}
	if i := slices.IndexFunc(slots, func(s Slot) bool { return s.LinkID == a.LinkID }); i >= 0 {
		slot = slots[i]
	}
	return Link{
		ID: a.LinkID, PersonID: person.ID, Region: slot.Region, Relation: a.Relation,
		Method: a.Method, Assurance: AssuranceSMS, Consent: l.proven(a),
		MaskedName: MaskName(a.Claim.Name), MaskedIDNumber: MaskIDNumber(a.Claim.IDNumber),
		Since: slot.Since, State: LinkActive, AttemptID: a.ID,
	}, nil
}

// proven is the attempt's consent with its proof. Attempts keep none: it is a hash of who was claimed.
func (l *Linking) proven(a *Attempt) Consent {
	consent := a.Consent
	consent.Proof = l.deps.Digests.ConsentProof(ConsentParts(a.UserID, a.Claim, consent)...)
	return consent
}

// putLink adds the link to the user's document by one conditional write, and returns the link in force: the user's own
// earlier one to the same person in the same region, when there is one, renewed. Where the user has ended one since the
// attempt's consent, there is no link to be.
func (l *Linking) putLink(ctx context.Context, a *Attempt, link Link) (Link, error) {
	// Before the change: see Sessions.
	if err := l.deps.Store.RecordChange(ctx, a.UserID); err != nil {
		return Link{}, ErrStore
	}
	inForce := link
	_, err := l.deps.Store.UpdateUser(ctx, a.UserID, func(u *PlatformUser) error {
		if same := indexActive(u.Links, link.PersonID, link.Region); same >= 0 {
			u.Links[same].renew(link)
			inForce = u.Links[same]
			return nil
		}
		if u.endedSince(a) {
			return errWithdrawn
		}
		if countActive(u.Links) >= l.cfg.LinksPerUser {
			return ErrLinkLimit
		}
		inForce = link
		u.Links = append(u.Links, link)
		return nil
	})
	l.deps.Forget(a.UserID)
	switch {
	case errors.Is(err, ErrLinkLimit), errors.Is(err, errWithdrawn):
		// A kill here: the next run takes the slot again, or gives up at once, and frees it.
		return Link{}, l.releaseThen(ctx, a.UserID, link, err)
	case err != nil:
		return Link{}, ErrStore
	case inForce.ID != link.ID:
		return l.keep(ctx, a, inForce)
	}
	return inForce, nil
}

// renew gives a link what was agreed to, said and confirmed when it was proved again. It keeps its id and its start, so
// all that hangs on it stays. A relation that changes rests on this proof alone: a surer one before was given as
// somebody else. An attempt older than what it finds, finished late, changes nothing.
func (k *Link) renew(link Link) {
	if k.Consent.At.After(link.Consent.At) {
		return
	}
	if k.Relation != link.Relation {
		k.Relation, k.Method, k.Assurance = link.Relation, link.Method, link.Assurance
	}
	k.Consent, k.MaskedName, k.AttemptID = link.Consent, link.MaskedName, link.AttemptID
}

// keep brings the slot of a renewed link in line with it, and only then gives back the one that the attempt has taken: a
// person that becomes its own link is held as such all the time. After a kill in between the next run finds the renewed
// link, and comes here again.
func (l *Linking) keep(ctx context.Context, a *Attempt, kept Link) (Link, error) {
	kept, err := l.copyToSlot(ctx, a, kept)
	if err != nil {
		return Link{}, err
	}
	return kept, l.release(ctx, a.UserID, a.linkTo(kept.PersonID))
}

// tell lets the followers begin with the link.
func (l *Linking) tell(ctx context.Context, userID string, link Link, err error) (Link, error) {
	if err != nil {
		return Link{}, err
	}
	for _, f := range l.deps.Followers {
		if err := f.Linked(ctx, userID, link); err != nil {
			return Link{}, ErrStore
		}
	}
	return link, nil
}

// linked closes the attempt. Where the user ended the link meanwhile, what the followers have just begun is deleted when
// Run comes for the ending link again: see finishUnlink.
func (l *Linking) linked(ctx context.Context, a *Attempt, link Link) (*Attempt, error) {
	done, err := l.deps.Store.UpdateAttempt(ctx, a.ID, func(a *Attempt) error {
		if a.State != AttemptProved {
			return ErrAttemptOver
		}
		a.State, a.LinkID, a.UpdatedAt = AttemptLinked, link.ID, l.deps.Now()
		a.ExpiresAt = a.UpdatedAt.Add(l.cfg.AttemptTTL)
		a.wipe()
		return nil
	})
	return l.closed(a, done, err)
}

// giveUp takes back what a run before may have made, then fails the attempt.
func (l *Linking) giveUp(ctx context.Context, a *Attempt, reason string) (*Attempt, error) {
	if err := l.undo(ctx, a); err != nil {
		return a, nil // Run tries again
	}
	failed, err := l.deps.Store.UpdateAttempt(ctx, a.ID, func(a *Attempt) error {
		if a.State != AttemptProved {
			return ErrAttemptOver
		}
		a.fail(reason, l.deps.Now())
		a.ExpiresAt = a.UpdatedAt.Add(l.cfg.AttemptTTL)
		return nil
	})
	return l.closed(a, failed, err)
}

// closed answers where the attempt stands after its last write, whoever made it.
func (l *Linking) closed(proved, written *Attempt, err error) (*Attempt, error) {
	switch {
	case err == nil:
		return written, nil
	case errors.Is(err, ErrAttemptOver):
		return nil, ErrAttemptOver
	}
	return proved, nil
}

// undo frees the slot that a run before took, and removes the person if nobody is left. The person is found by its
// key, and so made again if need be; where it is new it goes again.
func (l *Linking) undo(ctx context.Context, a *Attempt) error {
	person, err := l.deps.Store.EnsurePerson(ctx, a.Claim, l.deps.Now())
	if err != nil {
		return ErrStore
	}
	return l.release(ctx, a.UserID, a.linkTo(person.ID))
}

func indexLink(links []Link, id string) int {
	return slices.IndexFunc(links, func(l Link) bool { return l.ID == id })
}

// indexActive finds the user's link in force to the person in the region.
func indexActive(links []Link, personID, region string) int {
	return slices.IndexFunc(links, func(o Link) bool {
		return o.State == LinkActive && o.PersonID == personID && o.Region == region
	})
}

func countActive(links []Link) int {
	n := 0
	for _, l := range links {
		if l.State == LinkActive {
			n++
		}
	}
	return n
}
