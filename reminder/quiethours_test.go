package reminder_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"yibao/balance"
	"yibao/reminder"
)

func shanghai(day, hour, minute int) time.Time {
	return time.Date(2026, 11, day, hour, minute, 0, 0, balance.Shanghai)
}

func TestQuietHours(t *testing.T) {
	t.Parallel()
	night := reminder.QuietHours{Start: 22 * 60, End: 7 * 60}
	siesta := reminder.QuietHours{Start: 12*60 + 30, End: 14 * 60}
	tillMidnight := reminder.QuietHours{Start: 23 * 60, End: 0}
	tests := []struct {
		name  string
		quiet reminder.QuietHours
		at    time.Time
		want  time.Time // zero: not quiet
	}{
		{"none", reminder.QuietHours{}, shanghai(21, 3, 0), time.Time{}},
		{"start equals end is none", reminder.QuietHours{Start: 600, End: 600}, shanghai(21, 10, 0), time.Time{}},
		{"before night", night, shanghai(21, 21, 59), time.Time{}},
		{"night begins", night, shanghai(21, 22, 0), shanghai(22, 7, 0)},
		{"before midnight", night, shanghai(21, 23, 59), shanghai(22, 7, 0)},
		{"midnight", night, shanghai(22, 0, 0), shanghai(22, 7, 0)},
		{"night's last minute", night, shanghai(22, 6, 59), shanghai(22, 7, 0)},
		{"night is over", night, shanghai(22, 7, 0), time.Time{}},
		{"last day of the month", night, shanghai(30, 23, 0), time.Date(2026, 12, 1, 7, 0, 0, 0, balance.Shanghai)},
		{"before siesta", siesta, shanghai(21, 12, 29), time.Time{}},
		{"siesta", siesta, shanghai(21, 12, 30), shanghai(21, 14, 0)},
		{"siesta is over", siesta, shanghai(21, 14, 0), time.Time{}},
		{"till midnight", tillMidnight, shanghai(21, 23, 30), shanghai(22, 0, 0)},
		{"midnight is over", tillMidnight, shanghai(22, 0, 0), time.Time{}},
		{"told in another zone", night, shanghai(21, 22, 0).UTC(), shanghai(22, 7, 0)},
	}
	for _, tt := range tests {
		want, quiet := tt.want, true
		if want.IsZero() {
			want, quiet = tt.at, false
		}
		if tt.quiet.Contains(tt.at) != quiet || !tt.quiet.NotBefore(tt.at).Equal(want) {
			t.Errorf("%s: got %v, %v", tt.name, tt.quiet.Contains(tt.at), tt.quiet.NotBefore(tt.at))
		}
	}
}

func TestQuietHoursProperties(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		minute := rapid.IntRange(0, 24*60-1)
		quiet := reminder.QuietHours{Start: minute.Draw(t, "start"), End: minute.Draw(t, "end")}
		at := noon.Add(time.Duration(rapid.Int64Range(0, int64(72*time.Hour)).Draw(t, "at")))
		end := quiet.NotBefore(at)
		switch {
		case end.Before(at) || end.Sub(at) > 24*time.Hour:
			t.Fatalf("%v at %v ends at %v", quiet, at, end)
		case quiet.Contains(end):
			t.Fatalf("%v at %v ends at %v, which is quiet", quiet, at, end)
		case quiet.Contains(at) != end.After(at):
			t.Fatalf("%v at %v: quiet %v but ends at %v", quiet, at, quiet.Contains(at), end)
		}
	})
}

func TestQuietHoursValid(t *testing.T) {
	t.Parallel()
	for quiet, want := range map[reminder.QuietHours]bool{
		{}: true, {Start: 1439, End: 1439}: true, {Start: -1}: false, {End: -1}: false, {Start: 1440}: false, {End: 1440}: false,
	} {
		if quiet.Valid() != want {
			t.Errorf("%v: %v", quiet, !want)
		}
	}
}
