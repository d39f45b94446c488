package records

import (
	"time"

	"yibao/config/setting"
)

// Config is the section records of the configuration: how long rows stay in memory.
type Config struct {
	FreshFor time.Duration `koanf:"fresh_for"` // rows this old are shown without asking again
	KeepFor  time.Duration `koanf:"keep_for"`  // rows this old are shown when the region gives no answer
}

// SetDefaults fills the section.
func (c *Config) SetDefaults() { *c = Config{FreshFor: 10 * time.Minute, KeepFor: 6 * time.Hour} }

// Check adds every problem of the section.
func (c *Config) Check(r setting.Report) {
	r.Numbers(*c)
	r.Need(c.KeepFor >= c.FreshFor, "keep_for", "is less than fresh_for", "such as 6h")
	r.Need(c.KeepFor <= 24*time.Hour, "keep_for", "is more than a day", "rows are kept no longer, such as 6h")
}
