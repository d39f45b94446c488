package panics_test

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"

	"yibao/identity/panics"
)

func caught(log *slog.Logger) {
	defer func() {
		if cause := recover(); cause != nil {
			panics.Log(log, "test_panic", cause, "region", "990100")
		}
	}()
	fails("测试甲")
}

func fails(name string) { panic(name) }

func TestLogNamesThePlaceAndNotTheValue(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	caught(slog.New(slog.NewTextHandler(&out, nil)))
	line := out.String()
	for _, want := range []string{"test_panic", "region=990100", "type=string", "panics_test.fails:", "panics_test.caught:"} {
		if !strings.Contains(line, want) {
			t.Errorf("%q is missing in %s", want, line)
		}
	}
	if strings.Contains(line, "测试甲") {
		t.Error("the value is logged")
	}
}
