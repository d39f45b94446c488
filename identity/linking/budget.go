package linking

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"yibao/identity"
)

// A phone's budget bounds the messages that it gets, whoever asks. It is silent: a stranger must not learn by it that the
// phone exists. And it has shares, so that nobody uses up what the owner needs:
//
//   - Users that are linked to the person, or were so three days ago (identity.EndedKept), have a budget of their own, of the
//     same size.
//   - Of that of all others, two fifths are kept for users who have had no code for the phone in the window.
//   - There is a window of an hour beside that of a day, so what is used up comes back soon.
type budget struct {
	key, op string
	user    string // "" where repeated codes are no less welcome
}

// budgetOf names the budget that a code of the attempt is taken from. Where none leaves, a stand-in is counted, so that the
// store sees the same calls.
func (p sms) budgetOf(ctx context.Context, a *identity.Attempt, phone string) budget {
	subject := p.deps.Digests.Subject("phone", phone)
	if phone == "" {
		subject = p.deps.Digests.Subject("no-phone", p.numberOf(a))
	}
	op := a.UserID + ":" + sendOp(a.ID, a.Challenge.Sends)
	if p.knows(ctx, a) {
		return budget{key: "sends:phone:linked:" + subject, op: op}
	}
	return budget{key: "sends:phone:" + subject, op: op, user: a.UserID}
}

// knows says whether the user is linked to the claimed person, in any region, or was so until a short time ago.
func (p sms) knows(ctx context.Context, a *identity.Attempt) bool {
	user, err := p.deps.Store.User(ctx, a.UserID)
	if err != nil {
		return false // a stranger's budget is there, too
	}
	insured := p.deps.Digests.Insured(a.Claim)
	return slices.ContainsFunc(user.Links, func(l identity.Link) bool { return slices.Contains(insured, l.InsuredHash) })
}

var errSpent = errors.New("linking: the phone's budget is used up")

// spend counts a code, or says that it must not leave. If the store fails it must not.
func (p sms) spend(ctx context.Context, b budget) bool {
	now := p.deps.Now()
	err := p.deps.Store.UpdateCounter(ctx, b.key, func(c *identity.Counter) error {
		c.Hits = recent(c.Hits, now, day)
		if counted(c.Hits, b.op) {
			return errUnchanged
		}
		if b.spent(recent(c.Hits, now, time.Hour), p.cfg.SendsPerPhoneHourly) || b.spent(c.Hits, p.cfg.SendsPerPhone) {
			return errSpent
		}
		c.Hits = append(c.Hits, identity.Hit{Op: b.op, At: now})
		return nil
	})
	return changed(err) == nil
}

// spent says whether the window has no room for one more code.
func (b budget) spent(hits []identity.Hit, most int) bool {
	repeated := b.user != "" && slices.ContainsFunc(hits, func(h identity.Hit) bool { return strings.HasPrefix(h.Op, b.user+":") })
	if repeated {
		most = (most*3 + 4) / 5
	}
	return len(hits) >= most
}
