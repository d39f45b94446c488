package insurer

import (
	"bytes"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"

	"yibao/platforms/internal/lenient"
)

// reply is a successful answer's envelope.
type reply struct {
	status    int             // of HTTP
	output    fields          // nil when it was blank
	raw       json.RawMessage // the output of a list, as it came
	reference string          // as it came; see safeReference
	at        time.Time
}

// readReply tells an answer from a refusal. It fills Class, Code, Reference, Status and Gateway of the error only. want
// is a field of the output: see Profile.output.
func (p Profile) readReply(status int, body []byte, a ask) (reply, *Error) {
	body = lenient.JSON(body)
	outer, ok := object(body)
	class := statusClass(status)
	switch {
	case class == ClassThrottled, (class == ClassTimeout || class == ClassAccess) && saysThrottled(outer):
		return reply{}, &Error{Class: ClassThrottled, Status: status, Code: safeCode(outer.firstText("infcode", "code"))}
	case class == ClassTimeout || class == ClassAccess:
		return reply{}, &Error{Class: class, Status: status, Code: safeCode(outer.firstText("infcode", "code"))}
	case !ok:
		return reply{}, &Error{Class: withoutEnvelope(class, body), Status: status}
	}
	envelope := p.envelopeOf(outer)
	output, ok := p.output(envelope, a.want)
	raw := p.rawOutput(envelope)
	if a.list {
		ok = true // listAt reads it
	}
	refusal := p.verdict(envelope, ok && output == nil && (!a.list || len(raw) == 0 || string(raw) == "null"))
	if refusal == nil && class != "" {
		refusal = &Error{Class: class} // an HTTP error that calls itself a success
	}
	reference := envelope.text("inf_refmsgid")
	if refusal != nil {
		refusal.Status, refusal.Reference = status, reference
		return reply{}, refusal
	}
	if !ok {
		return reply{}, &Error{Class: ClassMalformed, Status: status, Reference: reference}
	}
	return reply{status: status, output: output, raw: raw, reference: reference, at: stamp(envelope)}, nil
}

// statusClass is what an HTTP status says by itself; "" for a success.
func statusClass(status int) Class {
	switch {
	case status/100 == 2:
		return ""
	case status == http.StatusTooManyRequests:
		return ClassThrottled
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

// verdict returns nil for a success. A success code with a text in err_msg and without output is a refusal: the text says
// why there is nothing.
func (p Profile) verdict(envelope fields, empty bool) *Error {
	code, gateway := lenient.Whole(envelope.text("infcode")), false
	if code == "" {
		code, gateway = lenient.Whole(envelope.text("code")), true
	}
	said := envelope.text("err_msg")
	errMsgOnly := empty && said != "" && !saysSuccess(said)
	refused := strings.EqualFold(envelope.text("success"), "false") || errMsgOnly || (p.ErrMsgMeansFailure && said != "")
	message := envelope.firstText("err_msg", "msg", "message")
	success := p.succeeds(code)
	switch {
	case success && !refused && (!gateway || p.Unwrap == UnwrapNested):
		return nil
	case success && !refused, code == "" && !refused && message == "":
		// A gateway's "ok" is not the insurer's, and an object without any verdict is neither.
		return &Error{Class: ClassMalformed, Gateway: gateway}
	}
	class := p.Failures.class(code, message)
	switch {
	case gateway && class != ClassAccess && saysTimeout(message):
		class = ClassTimeout // the relay waited in vain, though a rule for "no data" may fit its words
	case class == ClassBusiness && saysThrottled(envelope):
		class = ClassThrottled
	case class == ClassBusiness && success && errMsgOnly && p.EmptyMeansNotEnrolled:
		class = ClassNotEnrolled
	}
	return &Error{Class: class, Code: safeCode(code), Gateway: gateway, ErrMsgOnly: success && errMsgOnly}
}

// saysSuccess says whether a text in err_msg tells of no failure.
func (d Dialect) succeeds(code string) bool {
	return slices.Contains(d.SuccessCodes, lenient.Whole(code))
}

func saysSuccess(text string) bool {
	return slices.Contains([]string{"成功", "操作成功", "调用成功", "处理成功", "success", "ok"}, strings.ToLower(text))
}

func (f Failures) class(code, message string) Class {
	for _, list := range []struct {
		rules []FailureRule
		class Class
	}{
		{f.Throttled, ClassThrottled}, {f.Access, ClassAccess}, {f.NotEnrolled, ClassNotEnrolled}, {f.Mismatch, ClassMismatch}, {f.NoAnswer, ClassTimeout},
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
