package balance

import (
	"time"

	"yibao/config/setting"
)

// Config is the section balance of the configuration: how fresh figures must be, and how hard a region's upstream is
// asked. A zero is a value, not a default.
type Config struct {
	DisplayAge      time.Duration     `koanf:"display_age"`                 // an answer this old is shown without asking again
	DecisionAge     time.Duration     `koanf:"decision_age"`                // the same for decisions
	AskTimeout      time.Duration     `koanf:"ask_timeout"`                 // of one question
	Slots           int               `koanf:"slots_per_region"`            // questions at once with a person waiting
	UnattendedSlots int               `koanf:"unattended_slots_per_region"` // questions at once with no person waiting
	DailyAt         setting.TimeOfDay `koanf:"daily_at"`                    // in Asia/Shanghai: when the daily readings begin
	DailySpread     time.Duration     `koanf:"daily_spread"`                // over how long they are spread, also past midnight
	CollectEvery    time.Duration     `koanf:"collect_every"`               // how often the worker looks for due readings
}

// SetDefaults fills the section.
func (c *Config) SetDefaults() {
	*c = Config{
		DisplayAge: 10 * time.Minute, DecisionAge: 30 * time.Minute, AskTimeout: 15 * time.Second, Slots: 32,
		UnattendedSlots: 8, DailyAt: setting.TimeOfDay(6 * time.Hour), DailySpread: 2 * time.Hour, CollectEvery: time.Minute,
	}
}

// Check adds every problem of the section.
func (c *Config) Check(r setting.Report) {
	r.Numbers(*c, "daily_spread")
	r.Need(c.DailySpread < 24*time.Hour, "daily_spread", "must be less than a day", "such as 2h")
}
