package reminder

import (
	"time"

	"yibao/balance"
)

// QuietHours is a half-open span of the day [Start, End) in Asia/Shanghai, minutes since midnight; it may cross midnight.
// Start == End means none.
type QuietHours struct {
	Start int `bson:"start"`
	End   int `bson:"end"`
}

const minutesPerDay = 24 * 60

// Valid says whether both ends are minutes of a day.
func (q QuietHours) Valid() bool {
	return q.Start >= 0 && q.Start < minutesPerDay && q.End >= 0 && q.End < minutesPerDay
}

// Contains says whether t lies in the quiet hours: Start belongs to them, End does not.
func (q QuietHours) Contains(t time.Time) bool {
	local := t.In(balance.Shanghai)
	minute := local.Hour()*60 + local.Minute()
	if q.Start <= q.End {
		return q.Start <= minute && minute < q.End
	}
	return minute >= q.Start || minute < q.End
}

// NotBefore returns t, or the end of the quiet hours if t lies in them.
func (q QuietHours) NotBefore(t time.Time) time.Time {
	if !q.Contains(t) {
		return t
	}
	year, month, day := t.In(balance.Shanghai).Date()
	end := time.Date(year, month, day, 0, q.End, 0, 0, balance.Shanghai)
	if !end.After(t) { // the span crosses midnight and t is before it
		end = time.Date(year, month, day+1, 0, q.End, 0, 0, balance.Shanghai)
	}
	return end
}
