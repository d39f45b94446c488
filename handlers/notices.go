package handlers

import (
	"strings"

	"yibao/balance"
	"yibao/handlers/web"
)

// noticeView is a sentence that the user should read beside what is shown, and the time that it is about.
type noticeView struct {
	Code    string `json:"code" example:"stale"`
	Message string `json:"message" example:"暂时无法获取最新数据，以下为2026年11月21日08:00的数据，请稍后再查看"`
	At      moment `json:"at"`
}

// The codes of notices.
const (
	noticeStale       = "stale"
	noticeThrottled   = "throttled"
	noticePartial     = "partial"
	noticeUnsupported = "unsupported"
	noticeGaps        = "gaps"
	noticeUnreachable = "unreachable"
	noticeRecent      = "records_incomplete"
	noticeNoAmounts   = "amounts_not_given"
	noticeCompleteTo  = "complete_to"
)

// noticeTexts are the sentences; {at} becomes the time that they are about.
var noticeTexts = map[string]text{
	noticeStale: {
		"暂时无法获取最新数据，以下为{at}的数据，请稍后再查看",
		"The latest figures cannot be had at the moment. These are the figures of {at}; please look again later.",
	},
	noticeThrottled: {
		"医保系统查询繁忙，以下为{at}的数据，请稍后再查看",
		"The medical-insurance system is busy. These are the figures of {at}; please look again later.",
	},
	noticePartial: {
		"截至{at}，部分信息暂时无法获取；如有疑问，可拨打12393医保服务热线咨询",
		"As of {at}, some of the information is not available. For questions, please call the medical-insurance hotline 12393.",
	},
	noticeUnsupported: {
		"截至{at}，未查询到可展示的个人账户；如有疑问，可拨打12393医保服务热线咨询",
		"As of {at}, there is no personal account to show. For questions, please call the medical-insurance hotline 12393.",
	},
	noticeGaps: {
		"截至{at}，部分日期没有余额记录",
		"As of {at}, some days have no balance on record.",
	},
	noticeRecent: {
		"截至{at}，部分月份的记录可能尚未到齐，请以后续更新为准",
		"As of {at}, records of some months may still be missing; they appear once they are known.",
	},
	noticeNoAmounts: {
		"截至{at}，参保地仅提供缴费月份，不提供缴费金额；如需查询，可拨打12393医保服务热线咨询",
		"As of {at}, this region tells the months that were paid, and no amounts. To ask for these, please call the medical-insurance hotline 12393.",
	},
	noticeUnreachable: {
		"截至{at}，暂时无法向您发送提醒消息，请重新订阅提醒消息",
		"As of {at}, no reminder can be sent to you at present. Please subscribe to reminders again.",
	},
	noticeCompleteTo: {
		"{at}及以前的记录已收录完整，之后的记录可能尚未传到，请过几天再查看",
		"Records up to {at} are complete. Later ones may not have arrived yet; please look again in a few days.",
	},
}

func notice(code string, at moment, l web.Language) noticeView {
	return noticeView{Code: code, Message: strings.ReplaceAll(noticeTexts[code][l], "{at}", sayTime(at, l)), At: at}
}

// completeNotice says up to which day a list has everything.
func completeNotice(day balance.Day, l web.Language) noticeView {
	said := strings.ReplaceAll(noticeTexts[noticeCompleteTo][l], "{at}", sayDay(day, l))
	return noticeView{Code: noticeCompleteTo, Message: said, At: stamp(day.Start())}
}

// sayDay says a day as a sentence does: 2026年11月21日.
func sayDay(day balance.Day, l web.Language) string {
	if l == web.English {
		return string(day)
	}
	return string(day[:4]) + "年" + strings.TrimPrefix(string(day[5:7]), "0") + "月" + strings.TrimPrefix(string(day[8:]), "0") + "日"
}

// sayTime says a time as a sentence does: 2026年11月21日08:00.
func sayTime(at moment, l web.Language) string {
	day, clock := sayDay(balance.Day(at[:10]), l), string(at[11:16])
	if l == web.English {
		return day + " " + clock
	}
	return day + clock
}

// balanceNotices say what is not as one would expect of an answer. The list is never nil.
func balanceNotices(a *balance.Answer, l web.Language) []noticeView {
	list := []noticeView{}
	switch {
	case a.Stale && a.Because == balance.StaleThrottled:
		list = append(list, notice(noticeThrottled, stamp(a.AsOf), l))
	case a.Stale:
		list = append(list, notice(noticeStale, stamp(a.AsOf), l))
	}
	switch a.Coverage {
	case balance.Partial:
		list = append(list, notice(noticePartial, stamp(a.AsOf), l))
	case balance.Unsupported:
		list = append(list, notice(noticeUnsupported, stamp(a.AsOf), l))
	}
	return list
}

// trendNotices do the same for a chart. One without any reading speaks of the present.
func (s *server) trendNotices(t *balance.Trend, l web.Language) []noticeView {
	at := stamp(t.AsOf)
	if at == "" {
		at = stamp(s.Now())
	}
	switch t.Coverage {
	case balance.Partial:
		return []noticeView{notice(noticeGaps, at, l)}
	case balance.Unsupported:
		return []noticeView{notice(noticeUnsupported, at, l)}
	}
	return []noticeView{}
}
