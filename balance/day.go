package balance

import (
	"time"
	_ "time/tzdata" // containers often have no zone data
)

// Day is a calendar day in Asia/Shanghai, "2026-11-21".
type Day string

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

// Start returns the beginning of the day in Asia/Shanghai; the zero time for a Day not made by this package.
func (d Day) Start() time.Time {
	t, err := time.ParseInLocation(dayLayout, string(d), Shanghai)
	if err != nil {
		return time.Time{}
	}
	return t
}

// date is the day as a UTC midnight. Days are counted in UTC, because Shanghai's clock changes left some midnights out.
func (d Day) date() time.Time {
	t, err := time.Parse(dayLayout, string(d))
	if err != nil {
		return time.Time{}
	}
	return t
}

// Add returns the day n days later.
func (d Day) Add(n int) Day { return Day(d.date().AddDate(0, 0, n).Format(dayLayout)) }

// until returns the number of days from d to the other day.
func (d Day) until(other Day) int { return int(other.date().Sub(d.date()) / (24 * time.Hour)) }

// monday returns the Monday of the day's week (ISO 8601: weeks begin on Monday).
func (d Day) monday() Day { return d.Add(-((int(d.date().Weekday()) + 6) % 7)) }

// MonthEnd returns the last day of the day's month.
func (d Day) MonthEnd() Day {
	t := d.date()
	return Day(t.AddDate(0, 1, -t.Day()).Format(dayLayout))
}

// Month returns "2026-11".
func (d Day) Month() string { return string(d)[:7] }
