package wording_test

import (
	"strings"
	"testing"
	"time"

	"yibao/balance"
	"yibao/platforms/internal/wording"
	"yibao/reminder"
)

func message() reminder.Message {
	shown := balance.Fen(123_450)
	return reminder.Message{
		Balance: &shown, Threshold: 200_000, Region: "示例市", Insurance: "职工医保",
		AsOf: time.Date(2026, 11, 20, 17, 5, 0, 0, time.UTC), MaskedName: "测*甲",
	}
}

func TestRender(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"{balance}":   "¥1234.50",
		"{threshold}": "¥2000.00",
		"{as_of}":     "2026年11月21日 01:05", // the next day in Asia/Shanghai
		"{region}{insurance}余额低于提醒线": "示例市职工医保余额低于提醒线",
		"{name}的账户":                  "测*甲的账户",
		"没有占位符":                      "没有占位符",
		"{unknown}":                  "{unknown}",
	} {
		if got := wording.Render(text, message()); got != want {
			t.Errorf("%s became %q, want %q", text, got, want)
		}
	}
}

func TestRenderSpecialBalances(t *testing.T) {
	t.Parallel()
	m := message()
	m.Balance = nil
	if got := wording.Render("{balance}", m); got != "请进入小程序查看" {
		t.Errorf("hidden balance is %q", got)
	}
	for fen, want := range map[balance.Fen]string{0: "¥0.00", -300: "-¥3.00", 5: "¥0.05"} {
		m.Balance = &fen
		if got := wording.Render("{balance}", m); got != want {
			t.Errorf("%d is %q, want %q", fen, got, want)
		}
	}
}

func TestRenderDoesNotLookIntoValues(t *testing.T) {
	t.Parallel()
	m := message()
	m.Region = "{balance}"
	if got := wording.Render("{region}", m); got != "{balance}" {
		t.Errorf("a value was rendered: %q", got)
	}
}

func TestCheck(t *testing.T) {
	t.Parallel()
	for text, problem := range map[string]string{
		"余额 {balance}，提醒线 {threshold}":     "",
		"{insurance}{region}{as_of}{name}": "",
		"":                                 "empty",
		"  ":                               "empty",
		"{amount}":                         "unknown placeholder {amount}",
		"{Balance}":                        "unknown placeholder {Balance}",
		"{}":                               "unknown placeholder {}",
		"{balance":                         "brace",
		"balance}":                         "brace",
		"{{balance}}":                      "brace",
		"{a}{b}":                           "unknown placeholder {b}",
	} {
		err := wording.Check(text)
		if problem == "" && err != nil {
			t.Errorf("%q: %v", text, err)
		}
		if problem != "" && (err == nil || !strings.Contains(err.Error(), problem)) {
			t.Errorf("%q: %v, want %q", text, err, problem)
		}
	}
}

func TestHasFigure(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"余额 {balance}": true, "{threshold}": true, "{region} {as_of}": true, "{region}{insurance}{name}": false, "balance": false,
	} {
		if wording.HasFigure(text) != want {
			t.Error(text)
		}
	}
}

func TestSamplesShowAndHide(t *testing.T) {
	t.Parallel()
	shown, hidden := 0, 0
	for _, m := range wording.Samples() {
		if m.Balance == nil {
			hidden++
		} else {
			shown++
		}
	}
	if shown == 0 || hidden == 0 {
		t.Fatalf("%d shown, %d hidden", shown, hidden)
	}
}

func FuzzCheckedTextsRenderWhole(f *testing.F) {
	f.Add("{balance} of {name}")
	f.Add("{{x}}")
	f.Fuzz(func(t *testing.T, text string) {
		if wording.Check(text) != nil {
			return
		}
		if got := wording.Render(text, message()); strings.ContainsAny(got, "{}") {
			t.Fatalf("%q left a placeholder: %q", text, got)
		}
	})
}
