package insurer

import (
	"context"
	"slices"
	"strings"

	"yibao/balance"
	"yibao/identity"
	"yibao/platforms/internal/phone"
)

// Match asks whether the claimed person exists under that name and number, and for the phone on file where the region's
// local extension has it: eleven digits, "" where the region has none for the person or one that cannot be read, which is
// logged and counted. Errors are *Error and match identity.ErrNotEnrolled, ErrMismatch or ErrUpstreamUnavailable.
func (c *Client) Match(ctx context.Context, claim identity.Claim) (string, error) {
	r, infno, err := c.find(claim.Region, CapIdentity)
	if err != nil {
		return "", err
	}
	p, answer, err := r.person(ctx, infno, claim)
	if err != nil || r.PhoneOnFile.Path == "" {
		return "", err
	}
	output := answer.output
	if local := r.PhoneOnFile.Transaction; local != "" {
		if output, err = r.askLocal(ctx, local, p, claim); err != nil {
			return "", err
		}
	}
	text, blank := output.at(r.PhoneOnFile.Path)
	number, ok := phone.Normalise(text)
	if !ok && !blank {
		r.log.WarnContext(ctx, "insurer_phone_unreadable", "region", r.code)
		c.phoneUnreadable(r.code)
	}
	return number, nil
}

// askLocal is the region's own transaction. It asks by the person number that 1101 gave, so the region of insurance
// must be named; and by the identity triple, so that a number mixed up upstream shows.
func (r *region) askLocal(ctx context.Context, infno string, p *person, claim identity.Claim) (fields, error) {
	first, _, _ := strings.Cut(r.PhoneOnFile.Path, ".")
	a := ask{infno: infno, insuredRegion: r.insuredRegion(p), question: question(claim), want: first}
	a.question.PsnNo = p.personNo
	answer, err := r.do(ctx, a)
	if err != nil {
		return nil, err
	}
	return answer.output, nil
}

// insuredRegion is the region of the person's most important enrolment, or what the profile sends always.
func (r *region) insuredRegion(p *person) string {
	list, _, _ := r.enrolments(p.rows)
	at := slices.IndexFunc(list, func(e balance.Enrolment) bool { return e.Region != "" })
	switch {
	case r.InsuplcAdmdvs != "":
		return r.InsuplcAdmdvs
	case at >= 0:
		return list[at].Region
	default:
		return r.code
	}
}

// at follows a path of names with dots between: see PhoneOnFile. "" where it leads to no text; blank says that it leads to
// nothing at all, rather than to something that cannot be read.
func (f fields) at(path string) (text string, blank bool) {
	for {
		name, rest, more := strings.Cut(path, ".")
		inner, blank, ok := loosen(f[name])
		switch {
		case !more:
			return f.text(name), blank
		case blank || !ok:
			return "", blank
		}
		f, path = inner, rest
	}
}
