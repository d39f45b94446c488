package insurer

import (
	"bytes"
	"net/http"
	"slices"
	"strings"
	"time"

	"yibao/platforms/internal/lenient"
)

// reply is a successful answer's envelope.
type reply struct {
	output    fields // nil when it was blank
	reference string // as it came; see safeReference
	at        time.Time
}

// readReply tells an answer from a refusal. It fills Class, Code, Reference, Status and Gateway of the error only. want
// is a field of the output: see Profile.output.
func (p Profile) readReply(status int, body []byte, want string) (reply, *Error) {
	body = lenient.JSON(body)
	outer, ok := object(body)
	class := statusClass(status)
	switch {
	case class == ClassTimeout || class == ClassAccess:
		return reply{}, &Error{Class: class, Status: status, Code: safeCode(outer.firstText("infcode", "code"))}
	case !ok:
		return reply{}, &Error{Class: withoutEnvelope(class, body), Status: status}
	}
	envelope := p.envelopeOf(outer)
	refusal := p.verdict(envelope)
	if refusal == nil && class != "" {
		refusal = &Error{Class: class} // an HTTP error that calls itself a success
	}
	reference := envelope.text("inf_refmsgid")
	if refusal != nil {
		refusal.Status, refusal.Reference = status, reference
		return reply{}, refusal
	}
	output, ok := p.output(envelope, want)
	if !ok {
		return reply{}, &Error{Class: ClassMalformed, Status: status, Reference: reference}
	}
	return reply{output: output, reference: reference, at: stamp(envelope)}, nil
}

// statusClass is what an HTTP status says by itself; "" for a success.
func statusClass(status int) Class {
	switch {
	case status/100 == 2:
		return ""
	case status == http.StatusRequestTimeout, status == http.StatusBadGateway,
		status == http.StatusServiceUnavailable, status == http.StatusGatewayTimeout:
		return ClassTimeout
	case status/100 == 3, status == http.StatusUnauthorized, status == http.StatusForbidden,
		status == http.StatusNotFound, status == http.StatusMethodNotAllowed, status == http.StatusProxyAuthRequired,
		status == http.StatusUnsupportedMediaType:
		return ClassAccess
	default:
		return ClassBusiness
	}
}

// withoutEnvelope classes a body that is no JSON object. A relay that waited in vain says so in HTML or in words, often
// with status 200: that is no answer, and never "no data".
func withoutEnvelope(byStatus Class, body []byte) Class {
	if bytes.HasPrefix(body, []byte("<")) {
		return ClassTimeout
	}
	if saysTimeout(string(body)) {
		return ClassTimeout
	}
	if byStatus != "" {
		return byStatus
	}
	return ClassMalformed
}

func saysTimeout(text string) bool {
	text = strings.ToLower(text[:min(len(text), 1024)])
	return slices.ContainsFunc([]string{"timeout", "timed out", "time out", "超时"},
		func(sign string) bool { return strings.Contains(text, sign) })
}

// verdict returns nil for a success.
func (p Profile) verdict(envelope fields) *Error {
	code, gateway := lenient.Whole(envelope.text("infcode")), false
	if code == "" {
		code, gateway = lenient.Whole(envelope.text("code")), true
	}
	refused := strings.EqualFold(envelope.text("success"), "false") ||
		(p.ErrMsgMeansFailure && envelope.text("err_msg") != "")
	message := envelope.firstText("err_msg", "msg", "message")
	success := slices.Contains(p.SuccessCodes, code)
	switch {
	case success && !refused && (!gateway || p.Unwrap == UnwrapNested):
		return nil
	case success && !refused, code == "" && !refused && message == "":
		// A gateway's "ok" is not the insurer's, and an object without any verdict is neither.
		return &Error{Class: ClassMalformed, Gateway: gateway}
	default:
		class := p.Failures.class(code, message)
		if gateway && class != ClassAccess && saysTimeout(message) {
			class = ClassTimeout // the relay waited in vain, though a rule for "no data" may fit its words
		}
		return &Error{Class: class, Code: safeCode(code), Gateway: gateway}
	}
}

func (f Failures) class(code, message string) Class {
	for _, list := range []struct {
		rules []FailureRule
		class Class
	}{
		{f.Access, ClassAccess}, {f.NotEnrolled, ClassNotEnrolled}, {f.Mismatch, ClassMismatch}, {f.NoAnswer, ClassTimeout},
	} {
		if slices.ContainsFunc(list.rules, func(r FailureRule) bool { return r.fits(code, message) }) {
			return list.class
		}
	}
	return ClassBusiness
}

func (r FailureRule) fits(code, message string) bool {
	return r != (FailureRule{}) && (r.Code == "" || r.Code == code) && strings.Contains(message, r.Contains)
}
