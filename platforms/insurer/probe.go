package insurer

import (
	"context"
	"errors"
	"net/http"
	"time"

	"yibao/identity"
	"yibao/identity/document"
)

// nobody is a person that cannot exist: birthday 00000000, and a name that says what the question is for.
var nobody = identity.Claim{Name: "连接测试", IDType: document.Resident, IDNumber: "000000000000000000"}

// Finding is what an insurer's answer to Probe shows.
type Finding struct {
	Understood bool   // the profile takes it for "there is no such person", as it must for everybody who mistypes a name or number
	Code       string // the upstream's code, when it is short and plain
	ErrMsgOnly bool   // its code says success, and a text in err_msg that it is none; the profile has no err_msg_means_failure
	// NoAccessRule says that the profile has no rule in failures.access. Then a wrong secret may have been answered like this
	// as well: many regions refuse it by infcode -1, as everything else.
	NoAccessRule bool
}

// Probe asks for a person that cannot exist. A nil error means that the insurer itself answered; it does not prove that the
// credential is right, see Finding. Otherwise the class of the *Error tells: access (the region's rules recognise a refused
// credential or signature, or HTTP says so), timeout (nothing answers at the address), malformed (something else answers),
// throttled (too many questions at present), business with Gateway set (a gateway refused and no rule of the profile says
// why).
func (c *Client) Probe(ctx context.Context, code string) (Finding, error) {
	r := c.regions[code]
	if r == nil {
		return Finding{}, &Error{Class: ClassUnsupported, Region: code}
	}
	found := Finding{NoAccessRule: len(r.Failures.Access) == 0}
	_, err := r.do(ctx, r.probe())
	var e *Error
	if !errors.As(err, &e) {
		found.Understood = r.EmptyMeansNotEnrolled
		return found, nil
	}
	found.Understood = e.Class == ClassNotEnrolled || e.Class == ClassMismatch
	found.Code, found.ErrMsgOnly = e.Code, e.ErrMsgOnly && !r.ErrMsgMeansFailure
	if (found.Understood || e.Class == ClassBusiness) && !e.Gateway && e.Status/100 == 2 {
		return found, nil
	}
	return Finding{}, err
}

// ClockOffset returns how far the upstream's clock is ahead of this machine's, from the Date header of one answer;
// exact to about a second. Any answer will do, a refusal too.
func (c *Client) ClockOffset(ctx context.Context, code string) (time.Duration, error) {
	r := c.regions[code]
	if r == nil {
		return 0, &Error{Class: ClassUnsupported, Region: code}
	}
	a := r.probe()
	if until, throttled := r.throttle.end(r.now()); throttled {
		return 0, r.fail(ctx, a, &Error{Class: ClassThrottled, Until: until})
	}
	answer, refusal := r.send(ctx, a)
	if refusal != nil {
		return 0, r.fail(ctx, a, refusal)
	}
	date, err := http.ParseTime(answer.header.Get("Date"))
	if err != nil {
		return 0, r.fail(ctx, a, &Error{Class: ClassMalformed, Status: answer.status})
	}
	// The header cuts the second off, so on average it is half a second more.
	return date.Add(500 * time.Millisecond).Sub(answer.sent.Add(answer.took / 2)), nil
}

func (r *region) probe() ask {
	infno := defaultInfNo
	for _, ability := range []Capability{CapIdentity, CapEnrolment} {
		if number := r.Capabilities[ability]; number != "" {
			infno = number
			break
		}
	}
	return ask{infno: infno, insuredRegion: r.InsuplcAdmdvs, question: question(nobody), want: "baseinfo"}
}
