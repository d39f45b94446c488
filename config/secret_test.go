package config_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"yibao/config"
	"yibao/config/setting"
	"yibao/platforms/insurer"
	"yibao/platforms/wechat"
)

// TestSecretIsNeverShown prints a secret in every way, alone and inside a configuration. (Only %p is past helping: fmt
// asks the value about every verb but that.)
func TestSecretIsNeverShown(t *testing.T) {
	t.Parallel()
	const value = "hunter2"
	secret := setting.Secret(value)
	whole := config.Default()
	whole.Token.Key = secret
	whole.WeChat.Apps = map[string]wechat.App{"main": {Secret: secret}}
	whole.Regions = insurer.Profiles{"990100": {Dialect: insurer.Dialect{Auth: insurer.Auth{Secret: secret}}}}
	for _, v := range []any{secret, &secret, []setting.Secret{secret}, map[string]any{"k": secret}, whole, &whole} {
		for _, verb := range "vsqxXdtcUbofgeT" {
			for _, flag := range []string{"", "+", "#", "-20", " "} {
				text := fmt.Sprintf("%"+flag+string(verb), v)
				if strings.Contains(text, value) || strings.Contains(strings.ToLower(text), "68756e74657232") {
					t.Errorf("%%%s%c of %T shows it", flag, verb, v)
				}
			}
		}
		var log bytes.Buffer
		for _, handler := range []slog.Handler{slog.NewTextHandler(&log, nil), slog.NewJSONHandler(&log, nil)} {
			slog.New(handler).Info("m", "v", v)
		}
		text, err := json.Marshal(v)
		if err != nil || strings.Contains(log.String(), value) || strings.Contains(string(text), value) {
			t.Errorf("a log or JSON of %T shows it: %v", v, err)
		}
	}
	if secret.Reveal() != value || secret.String() == value {
		t.Error("Reveal and String are mixed up")
	}
}
