package alipay

import (
	"strings"
	"time"

	"yibao/reminder"
)

// verdict is what a signed answer to a send means for a delivery.
type verdict struct {
	kind   reminder.OutcomeKind
	reason reminder.Reason
	after  time.Duration // before trying again
	alarm  bool          // an operator has to mend it
	ask    bool          // the reason is found by asking for the subscription
}

var (
	accepted     = verdict{kind: reminder.OutcomeAccepted}
	badTemplate  = verdict{kind: reminder.OutcomePermanent, reason: reminder.ReasonBadTemplate, alarm: true}
	badText      = verdict{kind: reminder.OutcomePermanent, reason: reminder.ReasonBadText, alarm: true}
	badRecipient = verdict{kind: reminder.OutcomePermanent, reason: reminder.ReasonBadRecipient}
	busy         = verdict{kind: reminder.OutcomeRetry, reason: reminder.ReasonBusy, after: 30 * time.Second}
	backOff      = verdict{kind: reminder.OutcomeRetry, reason: reminder.ReasonBusy, after: 5 * time.Minute}
	// ours is our own configuration or clock: nothing was accepted, and it passes once an operator has mended it. Also
	// for codes that no list names; the delivery's own limits on tries and age end it.
	ours = verdict{kind: reminder.OutcomeRetry, reason: reminder.ReasonMisconfigured, after: 10 * time.Minute, alarm: true}
	// mute is a signed answer that says neither yes nor no.
	mute = verdict{kind: reminder.OutcomeUnknown, reason: reminder.ReasonLostAnswer}
	ask  = verdict{ask: true}
)

// byCode are the gateway's codes. Source: Alipay's list of public error codes.
var byCode = map[loose]verdict{
	"10000": accepted,
	"10003": mute, // "in progress" has no meaning for a message
	"20000": mute, // with isp.unknow-error also after a message that was accepted
	"20001": ours, // the token's permission
	"40001": ours,
	"40002": ours,
	"40003": ours,
	"40004": ask, // unless bySub knows better
	"40005": backOff,
	"40006": ours,
}

// bySub are sub codes, which count before the code. Source: Alipay's FAQ page of each. The sub code of "not subscribed"
// is in no source; that is why an unknown one under 40004 is asked after.
var bySub = map[loose]verdict{
	"USER_TEMPLATE_ILLEGAL":      badTemplate, // not ours, deleted, or wrong kind
	"USER_TEMPLATE_LACK_KEYWORD": badTemplate, // another number of keywords than the template's
	"USER_KEYWORD_LENGTH_ERROR":  badText,
	"FORM_ID_OVER_TIME":          badTemplate, // a template that wants a form id is no subscription template
	"FORM_ID_NOT_MATCH_APPID":    badTemplate,
	"TRADE_NO_NOT_MATCH_USERID":  badRecipient,
	"isv.invalid-app-id":         ours,
	"isv.invalid-signature":      ours,
	"isv.invalid-timestamp":      ours,
}

func verdictOf(r result) verdict {
	if r.Code == "" {
		return mute
	}
	if r.Code == "10000" {
		return accepted
	}
	if v, ok := bySub[r.SubCode]; ok {
		return v
	}
	if limited(r) {
		return backOff
	}
	if theirs(r) && r.Code != "20000" {
		return busy
	}
	if v, ok := byCode[r.Code]; ok {
		return v
	}
	return ours
}

// limited says whether the gateway asks to slow down.
func limited(r result) bool {
	return r.Code == "40005" || strings.Contains(string(r.SubCode), "call-limited")
}

// theirs says whether the refusal is the platform's own trouble, which passes by itself.
func theirs(r result) bool {
	return r.Code == "20000" || strings.HasPrefix(string(r.SubCode), "isp.")
}

// refusedUnsigned are the codes that the gateway cannot sign, as it does not know the app. Nothing was accepted.
var refusedUnsigned = map[string]bool{"unsigned/40002/isv.invalid-app-id": true}

func (v verdict) outcome(code string) reminder.Outcome {
	return reminder.Outcome{Kind: v.kind, Reason: v.reason, Code: code, RetryAfter: v.after}
}
