package reminder

// Reason names the result of an evaluation or of a delivery: "why not sent" is data.
type Reason string

// The reasons of an evaluation.
const (
	ReasonFired          Reason = "fired"
	ReasonAbove          Reason = "above_line"
	ReasonAlreadyBelow   Reason = "already_below" // set while below: waits for recovery
	ReasonStillBelow     Reason = "still_below"
	ReasonRearmed        Reason = "rearmed"
	ReasonCooldown       Reason = "cooldown"
	ReasonNotFresh       Reason = "not_fresh"   // stale, or the upstream gave no answer
	ReasonRegionBusy     Reason = "region_busy" // the region asks for fewer questions; tried when it may be asked again
	ReasonNoAccount      Reason = "no_account"
	ReasonAccountUnknown Reason = "account_unknown"
	ReasonBalanceUnknown Reason = "balance_unknown"
	ReasonNotActive      Reason = "enrolment_not_active"
	ReasonStatusUnknown  Reason = "status_unknown" // of the enrolment: the upstream tells none
	ReasonNoEnrolment    Reason = "no_enrolment"   // none of that insurance, or not enrolled, or another name
	ReasonNoConsent      Reason = "no_consent"
	ReasonLinkEnded      Reason = "link_ended"
	ReasonUnattended     Reason = "region_not_unattended" // the region no longer allows unattended questions
)

// The reasons for which a delivery is refused, dropped or postponed.
const (
	ReasonNoQuota       Reason = "no_quota" // waits until the user subscribes again, then expires
	ReasonQuietHours    Reason = "quiet_hours"
	ReasonRecovered     Reason = "recovered"
	ReasonRuleOff       Reason = "rule_off"
	ReasonExpired       Reason = "expired"
	ReasonNotSubscribed Reason = "not_subscribed" // says the platform; waits as for no_quota
	ReasonBadTemplate   Reason = "template_refused"
	ReasonBadText       Reason = "text_refused"
	ReasonBadRecipient  Reason = "recipient_refused"
	ReasonBusy          Reason = "platform_busy"
	ReasonMisconfigured Reason = "service_misconfigured" // the operator has to mend it; tried again
	ReasonLostAnswer    Reason = "answer_lost"
	ReasonUnknownBefore Reason = "earlier_message_unknown"
)
