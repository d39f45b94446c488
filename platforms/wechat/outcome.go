package wechat

import (
	"strconv"
	"time"

	"yibao/reminder"
)

// verdict is what an errcode of subscribe/send means for a delivery.
type verdict struct {
	kind   reminder.OutcomeKind
	reason reminder.Reason
	after  time.Duration // before trying again
	alarm  bool          // an operator has to mend it
}

// verdicts is the one table of errcodes. Sources: WeChat's page api_sendmessage for 40001 to 47003, the mini-game page
// of the same call for 41030, WxJava's WxMaErrorMsgEnum for 45009.
var verdicts = map[int64]verdict{
	0:     {kind: reminder.OutcomeAccepted},
	-1:    {kind: reminder.OutcomeRetry, reason: reminder.ReasonBusy, after: 30 * time.Second},
	40001: {kind: reminder.OutcomeRetry, reason: reminder.ReasonMisconfigured, after: time.Minute, alarm: true}, // token, twice
	40014: {kind: reminder.OutcomeRetry, reason: reminder.ReasonMisconfigured, after: time.Minute, alarm: true},
	42001: {kind: reminder.OutcomeRetry, reason: reminder.ReasonMisconfigured, after: time.Minute, alarm: true},
	40003: {kind: reminder.OutcomePermanent, reason: reminder.ReasonBadRecipient},
	40037: {kind: reminder.OutcomePermanent, reason: reminder.ReasonBadTemplate, alarm: true}, // wrong, deleted, other kind
	41030: {kind: reminder.OutcomePermanent, reason: reminder.ReasonBadTemplate, alarm: true}, // page not released
	43107: {kind: reminder.OutcomePermanent, reason: reminder.ReasonBadTemplate, alarm: true}, // banned
	43101: {kind: reminder.OutcomePermanent, reason: reminder.ReasonNotSubscribed},
	43108: {kind: reminder.OutcomeRetry, reason: reminder.ReasonBusy, after: 5 * time.Second}, // parallel sends to one user
	45009: {kind: reminder.OutcomeRetry, reason: reminder.ReasonBusy, after: 10 * time.Minute, alarm: true},
	45168: {kind: reminder.OutcomePermanent, reason: reminder.ReasonBadText, alarm: true}, // sensitive word
	47003: {kind: reminder.OutcomePermanent, reason: reminder.ReasonBadText, alarm: true}, // a field breaks its rule
}

// unlisted is the verdict on every other errcode: nothing was accepted, and whether it ever will be is not known. It is
// tried again after a long pause; the delivery's own limits on tries and age end it.
var unlisted = verdict{kind: reminder.OutcomeRetry, reason: reminder.ReasonMisconfigured, after: 10 * time.Minute, alarm: true}

// tokenRefused are the errcodes that mean "this access token is no good".
var tokenRefused = map[int64]bool{40001: true, 40014: true, 42001: true}

func verdictOf(errcode int64) verdict {
	if v, ok := verdicts[errcode]; ok {
		return v
	}
	return unlisted
}

func (v verdict) outcome(errcode int64, msgid string) reminder.Outcome {
	o := reminder.Outcome{
		Kind: v.kind, Code: strconv.FormatInt(errcode, 10), Reason: v.reason, RetryAfter: v.after,
	}
	if v.kind == reminder.OutcomeAccepted {
		o.MessageID = msgid
	}
	return o
}
