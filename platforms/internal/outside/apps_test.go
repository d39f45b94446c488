package outside_test

import (
	"testing"

	"yibao/platforms/internal/outside"
)

func TestAppName(t *testing.T) {
	t.Parallel()
	one, two := map[string]int{"main": 1}, map[string]int{"main": 1, "other": 2}
	for _, c := range []struct {
		apps       map[string]int
		name, want string
	}{
		{one, "", "main"}, {one, "main", "main"}, {one, "other", "other"}, {two, "", ""}, {two, "other", "other"}, {nil, "", ""},
	} {
		if got := outside.AppName(c.apps, c.name); got != c.want {
			t.Errorf("%v %q: %q", c.apps, c.name, got)
		}
	}
}
