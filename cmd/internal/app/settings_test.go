package app

import (
	"testing"

	"yibao/config"
)

func TestZeroIsNoneAndNotTheDefault(t *testing.T) {
	t.Parallel()
	c := config.Default()
	if m := reminderConfig(&c); m.Cooldown != c.Reminder.Cooldown || m.DefaultMargin != 1000 {
		t.Errorf("%+v", m)
	}
	c.Reminder.Cooldown, c.Reminder.DefaultDelta = 0, 0
	if m := reminderConfig(&c); m.Cooldown >= 0 || m.DefaultMargin >= 0 {
		t.Errorf("cooldown %v, margin %v", m.Cooldown, m.DefaultMargin)
	}
}
