package handlers

import (
	"maps"

	"yibao/handlers/web"
	"yibao/identity"
	"yibao/reminder"
)

// Sentences that answers carry; the sentences of errors are in errors.go.
var (
	textLinked         = text{"绑定成功", "Linked."}
	textFull           = text{"您的医保信息已被其他账号绑定，数量已达上限。请解除不认识或不再需要的绑定，解除后将自动完成本次绑定", "As many accounts as allowed are linked to you already. Please remove one that you do not know or do not need; linking then goes on by itself."}
	textNoAccount      = text{"无个人账户", "No personal account"}
	textBalanceUnknown = text{"暂时无法获取", "Not available at the moment"}
	textAccountUnknown = text{"暂时无法确认是否有个人账户", "It is not known whether there is a personal account"}
	textOther          = text{"其他原因", "Another reason"}
)

// failureTexts say why a link attempt failed.
var failureTexts = map[string]text{
	identity.FailedTries:    {"输错次数过多，请重新发起", "Too many wrong answers. Please start again."},
	identity.FailedExpired:  {"申请已过期，请重新发起", "The request has expired. Please start again."},
	identity.FailedUpstream: {"医保系统暂时无法访问，请约10分钟后重新发起；也可拨打12393医保服务热线咨询", "The medical-insurance system cannot be reached. Please start again in about 10 minutes, or call the medical-insurance hotline 12393."},
	identity.FailedLimit:    {"绑定人数已达上限，请先解除不需要的绑定", "The number of links has reached its limit. Please remove one first."},
	identity.FailedChanged:  {"信息与参保登记不一致，请核对后重新发起；如有疑问，可拨打12393医保服务热线咨询", "The details do not match the registration. Please check them and start again; for questions, call the medical-insurance hotline 12393."},
	identity.FailedEnded:    {"申请已撤回", "The request was withdrawn."},
}

// deliveryTexts name the states of a delivery.
var deliveryTexts = map[string]text{
	string(reminder.DeliveryPending):  {"待发送", "Waiting to be sent"},
	string(reminder.DeliverySending):  {"发送中", "Being sent"},
	string(reminder.DeliveryAccepted): {"已发送", "Sent"},
	string(reminder.DeliveryRefused):  {"平台未接收", "Refused by the platform"},
	string(reminder.DeliveryUnknown):  {"发送结果未知", "Not known whether it arrived"},
	string(reminder.DeliveryDropped):  {"未发送", "Not sent"},
}

// evaluationTexts name the outcomes of an evaluation.
var evaluationTexts = map[string]text{
	string(reminder.ReasonFired):          {"余额低于提醒金额，已提醒", "The balance fell below the threshold."},
	string(reminder.ReasonAbove):          {"余额不低于提醒金额", "The balance is not below the threshold."},
	string(reminder.ReasonAlreadyBelow):   {"设置时余额已低于提醒金额，回升后再提醒", "The balance was below the threshold already; it must recover first."},
	string(reminder.ReasonStillBelow):     {"余额仍低于提醒金额", "The balance is still below the threshold."},
	string(reminder.ReasonRearmed):        {"余额已回升，提醒重新生效", "The balance has recovered; the reminder is on again."},
	string(reminder.ReasonCooldown):       {"近期已提醒过，暂不重复提醒", "A reminder was sent not long ago."},
	string(reminder.ReasonNotFresh):       {"暂时无法获取最新余额，稍后再查", "No fresh balance could be had; it is tried again later."},
	string(reminder.ReasonRegionBusy):     {"医保系统查询繁忙，稍后再查", "The region's system is busy; it is asked again later."},
	string(reminder.ReasonNoAccount):      {"无个人账户", "There is no personal account."},
	string(reminder.ReasonAccountUnknown): {"暂时无法确认是否有个人账户", "It is not known whether there is a personal account."},
	string(reminder.ReasonBalanceUnknown): {"暂时无法获取余额", "The balance is not known."},
	string(reminder.ReasonNotActive):      {"当前未处于正常参保状态；如有疑问，可拨打12393医保服务热线咨询", "The enrolment is not active. For questions, please call the medical-insurance hotline 12393."},
	string(reminder.ReasonStatusUnknown):  {"暂时无法确认参保状态", "It is not known whether the enrolment is active."},
	string(reminder.ReasonNoEnrolment):    {"未查询到该险种的参保信息；如有疑问，可拨打12393医保服务热线咨询", "There is no such enrolment. For questions, please call the medical-insurance hotline 12393."},
	string(reminder.ReasonNoConsent):      {"尚未同意定期查询余额", "Consent to regular reading is missing."},
	string(reminder.ReasonLinkEnded):      {"已解除绑定", "The link has ended."},
	string(reminder.ReasonUnattended):     {"该地区暂不支持定期查询余额", "The region does not allow regular reading just now."},
}

// reasonTexts name the outcomes of a delivery. A message that waited is checked against the balance again, so the outcomes
// of evaluations are among them.
var reasonTexts = joined(evaluationTexts, map[string]text{
	string(reminder.ReasonNoQuota):       {"可接收的提醒消息已用完，请重新订阅", "No more reminders can be sent; please subscribe again."},
	string(reminder.ReasonQuietHours):    {"免打扰时段，稍后发送", "Quiet hours; it is sent later."},
	string(reminder.ReasonRecovered):     {"余额已回升，未发送", "The balance had recovered."},
	string(reminder.ReasonRuleOff):       {"提醒已取消", "The reminder was removed."},
	string(reminder.ReasonExpired):       {"超过时限，未发送", "It was not sent in time."},
	string(reminder.ReasonNotSubscribed): {"平台未收到您的消息订阅，请重新订阅", "The platform has no subscription of yours for this message; please subscribe again."},
	string(reminder.ReasonBadTemplate):   {"提醒消息暂时无法发送，请更新小程序后重新设置提醒", "The reminder cannot be sent. Please update the mini-program and set the reminder again."},
	string(reminder.ReasonBadText):       {"平台不接受消息内容", "The platform refuses the text."},
	string(reminder.ReasonBadRecipient):  {"平台无法送达该用户", "The platform cannot reach the user."},
	string(reminder.ReasonBusy):          {"平台繁忙，稍后将再次发送", "The platform is busy; it is sent again later."},
	string(reminder.ReasonMisconfigured): {"服务暂时无法发送提醒，恢复后将再次发送", "The service cannot send reminders just now; the message is sent once it can."},
	string(reminder.ReasonLostAnswer):    {"未收到平台答复，无法确认是否送达", "The platform's answer was lost."},
	string(reminder.ReasonUnknownBefore): {"上一条消息结果未知，暂缓发送", "An earlier message is still unknown."},
})

func joined(a, b map[string]text) map[string]text {
	all := maps.Clone(a)
	maps.Copy(all, b)
	return all
}

// reasonText looks up a sentence. A reason without one is shown as "other", never as an internal word.
func reasonText(texts map[string]text, reason string, l web.Language) string {
	if found, ok := texts[reason]; ok {
		return found[l]
	}
	return textOther[l]
}
