package balance

import (
	"time"
	_ "time/tzdata" // containers often have no zone data
)

// Shanghai is the zone of every day, month and quiet hour.
var Shanghai = mustLoad("Asia/Shanghai")

func mustLoad(name string) *time.Location {
	zone, err := time.LoadLocation(name)
	if err != nil {
		panic(err) // the data is embedded
	}
	return zone
}

const dayLayout = "2006-01-02"

// DayOf returns the day of t in Asia/Shanghai.
func DayOf(t time.Time) Day { return Day(t.In(Shanghai).Format(dayLayout)) }

// ParseDay reads "2026-11-21"; the day must exist.
func ParseDay(text string) (Day, error) {
	if _, err := time.Parse(dayLayout, text); err != nil {
		return "", ErrRange
	}
	return Day(text), nil
}

// Start returns midnight at the beginning of the day in Asia/Shanghai; the zero time for a Day not made by this package.
func (d Day) Start() time.Time {
	t, err := time.ParseInLocation(dayLayout, string(d), Shanghai)
	if err != nil {
		return time.Time{}
	}
	return t
}

// Add returns the day n days later.
func (d Day) Add(n int) Day { return DayOf(d.Start().AddDate(0, 0, n)) }

// Month returns "2026-11".
func (d Day) Month() string { return string(d)[:7] }
