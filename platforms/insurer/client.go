package insurer

import (
	"context"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/failsafe-go/failsafe-go"

	"yibao/balance"
	"yibao/config/setting"
	"yibao/identity"
	"yibao/platforms/insurer/gm"
	"yibao/platforms/internal/outside"
)

// Options are what all regions share. The zero value is good.
type Options struct {
	Now func() time.Time // for FetchedAt, and how long a region is left alone; nil means time.Now. Requests carry the machine's clock
	Log *slog.Logger     // nil for none
	// PhoneUnreadable is called with the region's code for each phone on file that is no mobile number, two numbers, or a
	// number with a note: its person gets no code. nil means that none are counted.
	PhoneUnreadable func(region string)
}

// Client asks the upstreams of several regions. It is safe for concurrent use.
type Client struct {
	regions         map[string]*region
	now             func() time.Time
	phoneUnreadable func(region string)
}

type region struct {
	code string
	Profile
	http     *http.Client
	gm       *gm.Codec // of FamilyGM
	retry    failsafe.Executor[reply]
	sequence *sequence
	throttle throttle
	now      func() time.Time
	log      *slog.Logger
}

var (
	_ identity.Registry = (*Client)(nil)
	_ balance.Upstream  = (*Client)(nil)
)

// New makes no connection. Its error is setting.Problems, with every problem of every region. The client comes even so: it
// asks the regions that have none.
func New(profiles Profiles, options Options) (*Client, error) {
	c := &Client{regions: make(map[string]*region), now: options.Now, phoneUnreadable: options.PhoneUnreadable}
	if c.now == nil {
		c.now = time.Now
	}
	if c.phoneUnreadable == nil {
		c.phoneUnreadable = func(string) {}
	}
	log := options.Log
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	numbers := newSequence() // shared: several regions may be asked in one institution's name
	var problems setting.Problems
	for code, p := range profiles {
		var found setting.Problems
		p.check(setting.NewReport(&found).At(code), code)
		if problems = append(problems, found...); found.Err() != nil {
			continue
		}
		var codec *gm.Codec
		if p.Family == FamilyGM {
			codec, _ = p.GM.codec() // its errors are among the problems
		}
		p.BaseURL = strings.TrimRight(p.BaseURL, "/")
		c.regions[code] = &region{
			code: code, Profile: p, gm: codec, retry: newRetry(p.Retries), sequence: numbers, now: c.now, log: log,
			http: outside.NewClient(outside.Options{Timeout: p.Timeout, TLS: p.TLS.Config()}),
		}
	}
	return c, problems.Err()
}

// find returns the region and the transaction number of the capability, or an error of ClassUnsupported.
func (c *Client) find(code string, ability Capability) (*region, string, error) {
	r := c.regions[code]
	if r == nil || r.Capabilities[ability] == "" {
		return nil, "", &Error{Class: ClassUnsupported, Region: code}
	}
	return r, r.Capabilities[ability], nil
}

// person asks for the claimed person and makes sure that the answer is about that person, whatever code it came with.
func (r *region) person(ctx context.Context, infno string, claim identity.Claim) (*person, reply, error) {
	a := ask{infno: infno, insuredRegion: r.InsuplcAdmdvs, question: question(claim), want: "baseinfo"}
	answer, err := r.do(ctx, a)
	if err != nil {
		return nil, reply{}, err
	}
	refuse := func(class Class) (*person, reply, error) {
		return nil, reply{}, r.fail(ctx, a, &Error{Class: class, Status: answer.status, Reference: answer.reference})
	}
	p, ok := readPerson(answer.output)
	switch {
	case !ok:
		return refuse(ClassMalformed)
	case p == nil && r.EmptyMeansNotEnrolled:
		return refuse(ClassNotEnrolled)
	case p == nil:
		return refuse(ClassMalformed)
	case !p.confirms(claim):
		return refuse(ClassMismatch)
	}
	return p, answer, nil
}

// Enrolments asks for the person's enrolments with their balances, most important first. Errors are *Error and match
// balance.ErrUnsupported, ErrNotEnrolled (the person is unknown or has no enrolment at all), ErrMismatch, ErrUpstream,
// ErrTimeout or ErrMalformed. The answer is Partial where a figure could not be known.
func (c *Client) Enrolments(ctx context.Context, code string, claim identity.Claim) (*balance.Answer, error) {
	r, infno, err := c.find(code, CapEnrolment)
	if err != nil {
		return nil, err
	}
	p, answer, err := r.person(ctx, infno, claim)
	if err != nil {
		return nil, err
	}
	refuse := func(class Class) (*balance.Answer, error) {
		a := ask{infno: infno, question: question(claim)}
		return nil, r.fail(ctx, a, &Error{Class: class, Status: answer.status, Reference: answer.reference})
	}
	if !p.hasRows {
		return refuse(ClassMalformed) // no list is not an empty list
	}
	if len(p.rows) == 0 {
		return refuse(ClassNotEnrolled)
	}
	list, complete, butZeros := r.enrolments(p.rows)
	if len(list) == 0 {
		return refuse(ClassMalformed)
	}
	result := &balance.Answer{
		Enrolments: list, FetchedAt: c.now(), Source: string(r.Family) + "/" + infno,
		Reference: safeReference(answer.reference, claim.IDNumber), Coverage: balance.Partial,
		ZerosOnly: butZeros && !complete,
	}
	if complete {
		result.Coverage = balance.Complete
	}
	result.AsOf = asOf(answer.at, result.FetchedAt)
	return result, nil
}

// asOf never lets an answer be from later than it was fetched: a clock that is ahead must not make it look fresh.
func asOf(upstream, fetched time.Time) time.Time {
	if upstream.IsZero() || upstream.After(fetched) {
		return fetched
	}
	return upstream
}
