package insurer

import (
	"strconv"
	"strings"
	"time"

	"yibao/balance"
	"yibao/identity"
)

// Class says what went wrong, in our words.
type Class string

// The classes.
const (
	ClassAccess      Class = "access"       // credential, signature, address or another part of the configuration
	ClassNotEnrolled Class = "not_enrolled" // the upstream does not know the person
	ClassMismatch    Class = "mismatch"     // it knows another name or number
	ClassUnsupported Class = "unsupported"  // the region does not offer this
	ClassBusiness    Class = "business"     // it refused for a reason of its own
	ClassTimeout     Class = "timeout"      // no answer: nobody knows; asking again may help
	ClassMalformed   Class = "malformed"    // the answer cannot be read
	ClassThrottled   Class = "throttled"    // it asks for fewer questions (429); until then none is asked
)

// Error is every error of this package's questions. It matches, by errors.Is, the error of package balance and the one
// of package identity that its class stands for. It holds no text of the upstream and nothing of a person.
type Error struct {
	Class       Class
	Region      string    // of the profile
	Transaction string    // infno; "" when nothing was asked
	Code        string    // the upstream's code when it is short and plain, else ""
	Reference   string    // inf_refmsgid, by which the bureau finds the question; "" without one
	Status      int       // of HTTP; 0 without an answer
	Cause       string    // why no answer came, as a word of outside.Cause; "" for an answer
	Gateway     bool      // the refusal was a gateway's own: it had no infcode
	ErrMsgOnly  bool      // the refusal's code says success; a text in err_msg and no output say that it is none
	Unsigned    bool      // a success that nobody has signed, or not rightly; FamilyGM
	Until       time.Time // end of a ClassThrottled
	cause       error     // the context's error, if that was why
}

// Error returns the class, the region, the transaction, the code and the cause.
func (e *Error) Error() string {
	var text strings.Builder
	text.WriteString("insurer: " + string(e.Class) + ": region " + safeRegion(e.Region))
	for _, part := range [][2]string{{"transaction", e.Transaction}, {"code", e.Code}, {"cause", e.Cause}} {
		if part[1] != "" {
			text.WriteString(" " + part[0] + " " + part[1])
		}
	}
	if e.Status != 0 {
		text.WriteString(" status " + strconv.Itoa(e.Status))
	}
	return text.String()
}

// Unwrap returns the domain errors that the class stands for, and the context's error if that was why.
func (e *Error) Unwrap() []error {
	errs := domainErrors[e.Class]
	if e.Class == ClassThrottled {
		errs = append(errs[:len(errs):len(errs)], &balance.ThrottledError{Until: e.Until})
	}
	if e.cause != nil {
		errs = append(errs[:len(errs):len(errs)], e.cause)
	}
	return errs
}

var domainErrors = map[Class][]error{
	ClassAccess:      {balance.ErrUpstream, identity.ErrUpstreamUnavailable},
	ClassNotEnrolled: {balance.ErrNotEnrolled, identity.ErrNotEnrolled},
	ClassMismatch:    {balance.ErrMismatch, identity.ErrMismatch},
	ClassUnsupported: {balance.ErrUnsupported, identity.ErrNotOffered, identity.ErrUpstreamUnavailable},
	ClassBusiness:    {balance.ErrUpstream, identity.ErrUpstreamUnavailable},
	ClassTimeout:     {balance.ErrTimeout, identity.ErrUpstreamUnavailable},
	ClassMalformed:   {balance.ErrMalformed, identity.ErrUpstreamUnavailable},
	ClassThrottled:   {balance.ErrThrottled, identity.ErrUpstreamUnavailable},
}

// safeRegion keeps an error's text short: a region that was asked for need not be a code.
func safeRegion(region string) string {
	if sixDigits.MatchString(region) {
		return region
	}
	return "(no region)"
}

// safeCode lets an upstream's code into an error only when it cannot be a sentence, a name, a phone or an ID number.
func safeCode(code string) string {
	if len(code) > 10 || !plainToken(code) {
		return ""
	}
	return code
}

// safeReference lets a trace number pass unless the number of the person asked for is in it.
func safeReference(reference, idNumber string) string {
	if len(reference) > 40 || !plainToken(reference) || (idNumber != "" && strings.Contains(reference, idNumber)) {
		return ""
	}
	return reference
}

func plainToken(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool {
		return (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z') && r != '-' && r != '_'
	})
}
