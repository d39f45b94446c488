package main

import (
	"bytes"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"yibao/cmd/internal/world"
)

// mistake is one thing wrong with a configuration, and what `server check` must say of it.
type mistake struct {
	key, value string // of the configuration; a key in capitals is an environment variable
	line       string // the line begins so
	cause      string // and holds this
	remedy     string // and so does the line below it, or the line itself
}

// mistakes are of every kind at once: types, spelling, limits, files, secrets, keys, addresses, TLS, credentials. {dir} is a
// folder with files, {closed} an address that nothing listens at, {world} that of the simulated platforms.
var mistakes = []mistake{
	{"server.read_timeout", "soon", "FAIL  server.read_timeout: ", `is not a duration with its unit: "soon"`, `such as "10s"`},
	{"server.idle_timeout", "60", "FAIL  server.idle_timeout: ", `is not a duration with its unit: "60"`, `such as "10s"`},
	{"server.colour", "blue", "FAIL  server.colour: ", "is not a known key", "check the spelling"},
	{"YIBAO_REMINDER__BATCH", "many", "FAIL  reminder.batch: ", `is not a whole number: "many" (from YIBAO_REMINDER__BATCH)`, "digits alone"},
	{"token.key", strings.Repeat("a", 52), "FAIL  token.key: ", "can be guessed", "server keys new"},
	{"wechat.apps.demo.templates.low_balance.fields.thing1", "{nobody}", "FAIL  wechat.apps.demo.templates.low_balance.fields.thing1: ",
		"unknown placeholder {nobody}", "config.example.yaml"},
	{"wechat.apps.demo.secret", "0123456789abcdef", "FAIL  wechat.apps.demo: ", "errcode 40125", "secret is not this app's"},
	{"wechat.apps.second.secret_file", "{dir}/open", "FAIL  wechat.apps.second.secret_file: ", "{dir}/open is open to everybody on this machine (mode 0666)", "chmod 600"},
	{"alipay.apps.demo.private_key_file", "{dir}", "FAIL  alipay.apps.demo.private_key_file: ", "{dir} is a folder", "the file must be there"},
	{"alipay.apps.demo.alipay_public_key_file", "{dir}/missing.pem", "FAIL  alipay.apps.demo.alipay_public_key_file: ", "there is no file {dir}/missing.pem",
		"relative paths count from"},
	{"regions.990100.insurer.base_url", "https://{world}/insurer/990100", "FAIL  regions.990100: ", "tls_plain", "it does not speak TLS"},
	{"regions.990200.insurer.secret", "wrong", "FAIL  regions.990200: ", "insurer: access", "are secret, paas_id"},
	{"sms.url", "https://nothing.invalid/send", "FAIL  sms: ", "dns", "the host in sms.url is not known to DNS"},
	{"mongodb.uri", "mongodb://me:hunter2@{closed}/", "FAIL  mongodb: ", "refused", "is the port in mongodb.uri right?"},
	{"server.trusted_proxies", "0.0.0.0/0", "hint  server.trusted_proxies: ", "nearly every address", "X-Forwarded-For"},
	{"regions.990200.insurer.insuplc_admdvs", "990100", "hint  regions.990200.insurer.insuplc_admdvs: ", "is the code of another region", "is 990200 meant?"},
}

// TestCheckNamesEveryMistakeOfOneFile: one run tells all of them, each with its cause and its remedy, and no secret.
func TestCheckNamesEveryMistakeOfOneFile(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "open"), []byte("0123456789abcdef"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(filepath.Join(dir, "open"), 0o666); err != nil {
		t.Fatal(err)
	}
	outside := freeAddress(t)
	fill := strings.NewReplacer("{dir}", dir, "{closed}", freeAddress(t), "{world}", outside).Replace
	settings := map[string]any{"wechat.apps.second.app_id": "wx1", "wechat.apps.second.regions": []string{"990100"}}
	var environ []string
	for _, one := range mistakes {
		if strings.HasPrefix(one.key, "YIBAO_") {
			environ = append(environ, one.key+"="+one.value)
		} else {
			settings[one.key] = fill(one.value)
		}
	}
	settings["alipay.apps.demo.private_key"], settings["alipay.apps.demo.alipay_public_key"] = nil, nil
	w, err := world.Open(t.Context(), world.Options{Dir: t.TempDir(), Listen: outside, Server: "127.0.0.1:0",
		Log: slog.New(slog.DiscardHandler), Settings: settings})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = w.Close() }()
	var out, errs bytes.Buffer
	if code := run(t.Context(), []string{"check", "--config", w.ConfigFile}, environ, &out, &errs); code != exitUsage {
		t.Errorf("exit %d, want %d: %s", code, exitUsage, errs.String())
	}
	text := "\n" + out.String()
	for _, one := range mistakes {
		_, rest, found := strings.Cut(text, "\n"+one.line)
		line, after, _ := strings.Cut(rest, "\n")
		next, _, _ := strings.Cut(after, "\n")
		if !found || !strings.Contains(line, fill(one.cause)) || !strings.Contains(line+next, one.remedy) {
			t.Errorf("want %q with %q and %q:\n%s\n%s", one.line, fill(one.cause), one.remedy, line, next)
		}
	}
	if n := strings.Count(text, "\nFAIL  "); n != len(mistakes)-2 {
		t.Errorf("%d lines fail for %d mistakes:\n%s", n, len(mistakes)-2, text)
	}
	for _, secret := range append(w.Secrets(), "hunter2", strings.Repeat("a", 52), "0123456789abcdef") {
		if strings.Contains(text, secret) {
			t.Errorf("a secret is printed: %s", text)
		}
	}
}
