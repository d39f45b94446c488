package balance

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"yibao/config/setting"
)

func defaults() (c Config) {
	c.SetDefaults()
	return c
}

func TestDailyTimesAreADayApartAndInTheSpread(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s, who, now := drawDaily(t)
		next := s.nextDaily(who, now)
		if wait := next.Sub(now); wait <= 0 || wait > 24*time.Hour {
			t.Fatalf("read at %v, and next at %v", now, next)
		}
		begins := DayOf(next).Start().Add(time.Duration(s.cfg.DailyAt))
		if into := (next.Sub(begins) + 24*time.Hour) % (24 * time.Hour); into > s.cfg.DailySpread {
			t.Fatalf("%v is not within %v of %v", next, s.cfg.DailySpread, begins)
		}
		if again := s.nextDaily(who, next); again.Sub(next) != 24*time.Hour {
			t.Fatalf("%v, then %v", next, again)
		}
	})
}

// Every day has its reading, even if the worker is late, also past midnight.
func TestEveryDayIsRead(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s, who, now := drawDaily(t)
		due := s.nextDaily(who, now)
		for n := range 10 {
			late := time.Duration(rapid.Int64Range(0, int64(24*time.Hour)-1).Draw(t, "late"))
			next := s.nextDaily(who, due.Add(late))
			if next.Sub(due) != 24*time.Hour {
				t.Fatalf("day %d: due %v, read %v later, due again %v", n, due, late, next)
			}
			due = next
		}
	})
}

// drawDaily draws when readings are taken, a subject, and a moment.
func drawDaily(t *rapid.T) (*Service, Subject, time.Time) {
	minutes := rapid.IntRange(0, 24*60)
	cfg := defaults()
	cfg.DailyAt = setting.TimeOfDay(minutes.Draw(t, "at")) * setting.TimeOfDay(time.Minute)
	cfg.DailySpread = time.Duration(minutes.Draw(t, "spread")) * time.Minute
	s := NewService(cfg, Deps{})
	who := Subject{PersonID: rapid.String().Draw(t, "person"), Region: "990100"}
	return s, who, Day("2026-11-21").Start().Add(time.Duration(rapid.Int64Range(0, int64(1000*time.Hour)).Draw(t, "now")))
}

func TestDailyTimesAroundMidnight(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ slot, read, next string }{
		{"06:30", "21 08:00", "22 06:30"},
		{"06:30", "21 05:00", "21 06:30"},
		{"22:00", "21 22:00", "22 22:00"},
		{"02:00", "21 23:59", "22 02:00"},
		{"23:59", "22 00:03", "22 23:59"}, // the reading of the 21st came late
		{"23:30", "22 01:15", "22 23:30"}, // the upstream is away around midnight: else the 22nd would have none
		{"00:00", "22 00:00", "23 00:00"},
	} {
		slot, err := time.Parse("15:04", c.slot)
		if err != nil {
			t.Fatal(err)
		}
		at := func(text string) time.Time {
			t, _ := time.ParseInLocation("2006-01-02 15:04", "2026-11-"+text, Shanghai)
			return t
		}
		sinceMidnight := slot.Sub(slot.Truncate(24 * time.Hour))
		for _, daily := range []time.Duration{sinceMidnight, sinceMidnight + 24*time.Hour} { // as if spread past midnight
			cfg := defaults()
			cfg.DailyAt, cfg.DailySpread = setting.TimeOfDay(daily), 0
			s := NewService(cfg, Deps{})
			if got := s.nextDaily(Subject{PersonID: "person", Region: "990100"}, at(c.read)); !got.Equal(at(c.next)) {
				t.Errorf("daily time %s, read on %s: next %v, want %s", c.slot, c.read, got, c.next)
			}
		}
	}
}

func TestBackoffNeverOverflows(t *testing.T) {
	t.Parallel()
	for _, failures := range []int{-1, 0, 1, 7, 8, 64, 1 << 40} {
		if wait := backoff(failures); wait < firstRetry || wait > 48*time.Hour {
			t.Errorf("%d failures wait %v", failures, wait)
		}
	}
}
