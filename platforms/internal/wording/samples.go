package wording

import (
	"time"

	"yibao/balance"
	"yibao/reminder"
)

// Samples are messages to try a template with at start: with the amount shown, with the amount hidden, and with the
// longest amounts and names there are. What a template refuses here it would refuse in front of a user.
func Samples() []reminder.Message {
	shown, most := balance.Fen(8_650), balance.Fen(-99_999_999)
	usual := reminder.Message{
		Balance:    &shown,
		Threshold:  10_000,
		Region:     "示例市",
		Insurance:  "职工基本医疗保险",
		AsOf:       time.Date(2026, time.November, 21, 9, 30, 0, 0, balance.Shanghai),
		MaskedName: "测*甲",
	}
	concealed, long := usual, usual
	concealed.Balance = nil
	long.Balance, long.Threshold = &most, 100_000_000
	long.Region, long.Insurance, long.MaskedName = "示例自治区示例自治州本级", "一至六级残疾军人医疗补助", "测******·*****甲"
	long.AsOf = time.Date(2026, time.December, 21, 19, 30, 0, 0, balance.Shanghai)
	return []reminder.Message{usual, concealed, long}
}
