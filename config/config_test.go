package config

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"

	"yibao/balance"
	"yibao/config/setting"
	"yibao/platforms/insurer"
)

// example returns config.example.yaml with its /etc/yibao files laid into a folder of the test.
func example(t testing.TB) string {
	t.Helper()
	text, err := os.ReadFile("../config.example.yaml")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	files := regexp.MustCompile(`_file: /etc/yibao/(\S+)`).FindAllStringSubmatch(string(text), -1)
	for _, file := range files {
		path := filepath.Join(dir, file[1])
		value := "0123456789abcdef0123456789abcdef"
		switch filepath.Ext(path) {
		case ".uri":
			value = "mongodb://localhost:27017"
		case ".json":
			value = file[1] // every key file holds another key
		}
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte(" "+value+"\n"), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	return strings.ReplaceAll(string(text), "/etc/yibao", dir)
}

func TestExampleIsValidAndShowsTheDefaults(t *testing.T) {
	c, err := Parse([]byte(example(t)), nil)
	if err != nil {
		t.Fatal(err)
	}
	want := Default()
	for name, pair := range map[string][2]any{
		"server": {c.Server.ReadTimeout, want.Server.ReadTimeout}, "linking": {c.Linking, want.Linking},
		"balance": {c.Balance, want.Balance}, "reminder": {c.Reminder, want.Reminder}, "limits": {c.Limits, want.Limits},
		"log": {c.Log, want.Log}, "base_url": {c.WeChat.BaseURL, want.WeChat.BaseURL},
		"gateway": {c.Alipay.Gateway, want.Alipay.Gateway}, "listen": {c.Server.Listen, want.Server.Listen},
	} {
		if !reflect.DeepEqual(pair[0], pair[1]) {
			t.Errorf("%s: the example shows %+v, the default is %+v", name, pair[0], pair[1])
		}
	}
	if got := c.Regions["990200"].InfVer; got != "V1.0" {
		t.Errorf("a region does not get its defaults: infver is %q", got)
	}
	if got := c.WeChat.Apps["main"].Secret.Reveal(); got != "0123456789abcdef0123456789abcdef" {
		t.Errorf("a secret's file is not trimmed: %d bytes", len(got))
	}
}

// TestExampleShowsEveryKey walks the struct: a key that config.example.yaml does not name fails here.
func TestExampleShowsEveryKey(t *testing.T) {
	var tree map[string]any
	if err := yaml.Unmarshal([]byte(example(t)), &tree); err != nil {
		t.Fatal(err)
	}
	missing(t, reflect.TypeFor[Config](), tree, "")
}

func missing(t *testing.T, typ reflect.Type, tree map[string]any, under string) {
	for key, below := range keys(typ) {
		if key == "lang" && strings.HasPrefix(under, "alipay") {
			continue // Alipay's templates have no language
		}
		value, ok := tree[key]
		if _, file := tree[key+"_file"]; !ok && !file {
			t.Errorf("%s%s is not in config.example.yaml", under, key)
		}
		sub, _ := value.(map[string]any)
		switch below.Kind() {
		case reflect.Struct:
			missing(t, below, sub, under+key+".")
		case reflect.Map:
			if below.Elem().Kind() == reflect.Struct {
				first := sub["main"]
				for _, name := range []string{"low_balance", "990100"} {
					if one, ok := sub[name]; ok {
						first = one
					}
				}
				one, _ := first.(map[string]any)
				missing(t, below.Elem(), one, under+key+".…")
			}
		}
	}
}

func TestEveryProblemIsReportedAtOnce(t *testing.T) {
	text := example(t)
	for _, edit := range [][2]string{
		{"read_timeout: 10s", "read_timeout: soon"},
		{"hsts: false", "hsts: false\n  colour: blue"},
		{"ttl: 2h ", "ttl: 2s "},
		{"state: formal ", "state: final "},
		{`regions: ["990100"]`, `regions: ["123456"]`},
		{"path_mode: suffix", "path_mode: sideways"},
		{"cooldown: 24h", "cooldown: -1h"},
		{"daily_at: \"06:00\"", "daily_at: \"6 o'clock\""},
		{"url: https://sms.example.com/send", "url: sms.example.com"},
	} {
		if !strings.Contains(text, edit[0]) {
			t.Fatalf("the example no longer has %q", edit[0])
		}
		text = strings.Replace(text, edit[0], edit[1], 1)
	}
	_, err := Parse([]byte(text), nil)
	var found setting.Problems
	if !errors.As(err, &found) {
		t.Fatalf("got %v", err)
	}
	want := []string{"server.read_timeout", "server.colour", "token.ttl", "wechat.apps.main.state",
		"alipay.apps.main.regions", "regions.990100.insurer.path_mode", "reminder.cooldown", "balance.daily_at", "sms.url"}
	for _, key := range want {
		if !strings.Contains(err.Error(), "\n  "+key+": ") {
			t.Errorf("%s is not reported", key)
		}
	}
	if len(found) != len(want) {
		t.Errorf("want %d problems, got: %v", len(want), err)
	}
	for _, p := range found {
		if p.What == "" || p.Mend == "" {
			t.Errorf("%s does not say what is wrong and how to mend it", p.Key)
		}
	}
}

// TestAZeroIsAValue writes a zero for every number of every section: it is a problem or stays a zero, and never becomes
// the default. See package setting.
func TestAZeroIsAValue(t *testing.T) {
	text, tried := example(t), 0
	try := func(key string, typ reflect.Type, found func(*Config) reflect.Value) {
		if typ.Kind() != reflect.Int && typ.Kind() != reflect.Int64 || typ == reflect.TypeFor[setting.TimeOfDay]() {
			return
		}
		tried++
		c, err := Parse([]byte(text), []string{EnvPrefix + strings.ToUpper(strings.ReplaceAll(key, ".", "__")) + "=0"})
		var problems setting.Problems
		switch {
		case errors.As(err, &problems):
			if !slices.ContainsFunc(problems, func(p setting.Problem) bool { return p.Key == key }) {
				t.Errorf("%s: %v", key, err)
			}
		case !found(c).IsZero():
			t.Errorf("%s: 0 became %v", key, found(c))
		}
	}
	whole := reflect.TypeFor[Config]()
	for i := range whole.NumField() {
		section := whole.Field(i)
		if section.Type.Kind() != reflect.Struct {
			continue
		}
		for j := range section.Type.NumField() {
			if key := section.Type.Field(j).Tag.Get("koanf"); key != "" {
				try(section.Tag.Get("koanf")+"."+key, section.Type.Field(j).Type,
					func(c *Config) reflect.Value { return reflect.ValueOf(c).Elem().Field(i).Field(j) })
			}
		}
	}
	dialect := reflect.TypeFor[insurer.Dialect]()
	for i := range dialect.NumField() {
		try("regions.990100.insurer."+dialect.Field(i).Tag.Get("koanf"), dialect.Field(i).Type,
			func(c *Config) reflect.Value { return reflect.ValueOf(c.Regions["990100"].Dialect).Field(i) })
	}
	if tried < 35 {
		t.Errorf("only %d numbers were tried", tried)
	}
}

// TestAListTakesThePlaceOfTheDefault: nothing of a default list or map is left beside what is written.
func TestAListTakesThePlaceOfTheDefault(t *testing.T) {
	rules := regexp.MustCompile(`(?s)accounts:\n.*?(  "990200")`)
	text := rules.ReplaceAllString(edited(t, `transactions: {identity: "1101", enrolment: "1101", balance: "1101"}`,
		`transactions: {identity: "1102"}`), "accounts:\n      - {hi_type: \"1\", exists: \"yes\"}\n$1")
	c, err := Parse([]byte(text), nil)
	if err != nil {
		t.Fatal(err)
	}
	region := c.Regions["990100"]
	if want := []insurer.AccountRule{{HIType: "1", Exists: balance.AccountYes}}; !reflect.DeepEqual(region.Accounts.Rules, want) {
		t.Errorf("account rules %+v", region.Accounts.Rules)
	}
	if want := map[insurer.Capability]string{"identity": "1102"}; !reflect.DeepEqual(region.Capabilities, want) {
		t.Errorf("transactions %v", region.Capabilities)
	}
	other := c.Regions["990200"]
	if !reflect.DeepEqual(other.Accounts.Rules, insurer.DefaultAccountRules()) || len(other.Capabilities) != 3 {
		t.Errorf("a region that writes neither has %+v", other)
	}
}

// TestExampleRulesAreTheBuiltInOnes: starting from the example changes nothing for employees, civil servants, flexible
// workers and retirees; it only adds that residents have no account.
func TestExampleRulesAreTheBuiltInOnes(t *testing.T) {
	c, err := Parse([]byte(example(t)), nil)
	if err != nil {
		t.Fatal(err)
	}
	want := append(insurer.DefaultAccountRules(), insurer.AccountRule{InsuranceType: "390", Exists: balance.AccountNo})
	if got := c.Regions["990100"].Accounts.Rules; !reflect.DeepEqual(got, want) {
		t.Errorf("the example has\n%+v\nbuilt in is\n%+v", got, want)
	}
}

// TestAProofBySMSNeedsAGateway: the section may be left out only where no region makes a code.
func TestAProofBySMSNeedsAGateway(t *testing.T) {
	text := regexp.MustCompile(`(?s)\nsms:\n.*?\n\n`).ReplaceAllString(example(t), "\n")
	_, err := Parse([]byte(text), nil)
	onlyProblem(t, err, "sms")
	path := "path: baseinfo.exp_content.local_phone"
	if _, err := Parse([]byte(strings.Replace(text, path, `path: ""`, 1)), nil); err != nil {
		t.Error(err)
	}
}

func TestEnvironmentWinsOverTheFile(t *testing.T) {
	c, err := Parse([]byte(example(t)), []string{
		"YIBAO_SERVER__LISTEN=127.0.0.1:9999", "YIBAO_REMINDER__TICK=1s", "YIBAO_WECHAT__APPS__MAIN__REGIONS=990200",
		"YIBAO_LOG__LEVEL=debug", "OTHER=1",
	})
	if err != nil {
		t.Fatal(err)
	}
	if c.Server.Listen != "127.0.0.1:9999" || c.Reminder.Tick != time.Second || c.Log.Level != "debug" ||
		!reflect.DeepEqual(c.WeChat.Apps["main"].Regions, []string{"990200"}) {
		t.Errorf("the environment was not heard: %+v", c.Server)
	}
}

func TestSecretFiles(t *testing.T) {
	text := example(t)
	for name, edit := range map[string]string{
		"both":    "uri: mongodb://x\n  uri_file:",
		"missing": "uri_file: /nowhere/at/all #",
	} {
		_, err := Parse([]byte(strings.Replace(text, "uri_file:", edit, 1)), nil)
		if err == nil || !strings.Contains(err.Error(), "mongodb.uri_file") {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestBrokenYAMLDoesNotQuoteTheFile(t *testing.T) {
	_, err := Parse([]byte("token:\n  key: hunter2hunter2\n bad indent: ["), nil)
	if err == nil || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("got %v", err)
	}
	_, err = Parse([]byte("server:\n  read_timeout: hunter2hunter2\n"), nil)
	if err == nil || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("got %v", err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte("server: {listen: a}"))
	f.Add([]byte("regions: {990100: {insurer: 3}}"))
	f.Add([]byte("wechat: {apps: [1,2]}\ntoken: 5"))
	f.Add([]byte("a: &a [*a]"))
	f.Fuzz(func(t *testing.T, text []byte) {
		if c, err := Parse(text, nil); (c == nil) == (err == nil) {
			t.Error("neither a configuration nor an error")
		}
	})
}

// TestAMissingFileIsToldOnce: a file that cannot be read is one problem, not two, and a key's file is looked for as well.
func TestAMissingFileIsToldOnce(t *testing.T) {
	text := strings.ReplaceAll(example(t), "/region-990100.secret", "/missing")
	text = strings.ReplaceAll(text, "/seal.json", "/missing.json")
	var problems setting.Problems
	if _, err := Parse([]byte(text), nil); !errors.As(err, &problems) || len(problems) != 2 ||
		problems[0].Key != "keys.seal_file" || problems[1].Key != "regions.990100.insurer.secret_file" {
		t.Errorf("%v", problems)
	}
}

// edited is the example with texts replaced; each must be in it.
func edited(t *testing.T, oldnew ...string) string {
	t.Helper()
	text := example(t)
	for i := 0; i < len(oldnew); i += 2 {
		if !strings.Contains(text, oldnew[i]) {
			t.Fatalf("the example no longer has %q", oldnew[i])
		}
		text = strings.Replace(text, oldnew[i], oldnew[i+1], 1)
	}
	return text
}

// onlyProblem wants exactly one problem, of the key.
func onlyProblem(t *testing.T, err error, key string) setting.Problem {
	t.Helper()
	var found setting.Problems
	if !errors.As(err, &found) || len(found) != 1 || found[0].Key != key {
		t.Fatalf("want one problem of %s, got: %v", key, err)
	}
	return found[0]
}

func TestADurationNeedsItsUnit(t *testing.T) {
	for key, edit := range map[string][2]string{
		"server.read_timeout": {"read_timeout: 10s", "read_timeout: 10"},
		"linking.code_ttl":    {"code_ttl: 5m", "code_ttl: 5"},
		"reminder.cooldown":   {"cooldown: 24h", "cooldown: 24.0"},
	} {
		_, err := Parse([]byte(edited(t, edit[0], edit[1])), nil)
		if p := onlyProblem(t, err, key); !strings.Contains(p.Mend, `"10s"`) {
			t.Errorf("%s: %q does not show a unit", key, p.Mend)
		}
	}
	_, err := Parse([]byte(example(t)), []string{"YIBAO_SERVER__READ_TIMEOUT=10"})
	onlyProblem(t, err, "server.read_timeout")
	c, err := Parse([]byte(edited(t, "cooldown: 24h", "cooldown: 0")), nil)
	if err != nil || c.Reminder.Cooldown != 0 {
		t.Errorf("0 means none and needs no unit: %v", err)
	}
}

func TestTextStaysAsItIsWritten(t *testing.T) {
	c, err := Parse([]byte(edited(t,
		`recer_sys_code: "01"`, `recer_sys_code: 01`, `app_key: APP-KEY`, `app_key: 0123456`, `version: "2026-11"`, `version: 2026-11-01`,
		`opter_name: yibao`, `opter_name: true`, `insutype: "390"`, `insutype: 0390`, `success_codes: ["0"] `, `success_codes: [00, 1e2] `,
		`"990200":`, `990200:`, `extra: {}`, `extra: {recer_admvs: 0990}`)), nil)
	if err != nil {
		t.Fatal(err)
	}
	region := c.Regions["990100"]
	last := region.Accounts.Rules[len(region.Accounts.Rules)-1]
	got := []string{region.RecerSysCode, c.SMS.AppKey, c.Consent.Version, region.OpterName, last.InsuranceType,
		region.SuccessCodes[0], region.SuccessCodes[1], c.Regions["990200"].Name, region.Extra["recer_admvs"]}
	want := []string{"01", "0123456", "2026-11-01", "true", "0390", "00", "1e2", "示例市乙", "0990"}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestNumbersAreDecimal(t *testing.T) {
	c, err := Parse([]byte(edited(t, "batch: 50", "batch: 050", "hsts: false", `hsts: "true"`)), []string{"YIBAO_LIMITS__PER_USER_PER_MINUTE=0300"})
	if err != nil || c.Reminder.Batch != 50 || c.Limits.PerUser != 300 || !c.Server.HSTS {
		t.Errorf("%+v", err)
	}
	_, err = Parse([]byte(edited(t, "batch: 50", "batch: 5.5")), nil)
	onlyProblem(t, err, "reminder.batch")
	_, err = Parse([]byte(edited(t, "hsts: false", "hsts: yes")), nil)
	onlyProblem(t, err, "server.hsts")
}

func TestBrokenYAMLTellsTheLine(t *testing.T) {
	for text, want := range map[string]string{
		"server:\n  listen: \"hunter2\\x\"\n":             "not valid YAML, near line 2",
		"server:\n  listen: hunter2\n  listen: hunter2\n": "twice, near line 3",
		"- hunter2": "line 1",
	} {
		_, err := Parse([]byte(text), nil)
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestYAMLAnchorsAndMerges(t *testing.T) {
	c, err := Parse([]byte(edited(t, `opter: yibao`, `opter: &who yibao`, "opter_name: yibao", "opter_name: *who",
		"  tick: 5s", "  <<: {tick: 6s}")), nil)
	if err != nil || c.Regions["990100"].OpterName != "yibao" || c.Reminder.Tick != 6*time.Second {
		t.Errorf("%v", err)
	}
}

// A region that one wrong value kept from being read is still configured.
func TestAWrongValueInARegionIsOneProblem(t *testing.T) {
	_, err := Parse([]byte(edited(t, "retries: 1", "retries: one")), nil)
	onlyProblem(t, err, "regions.990100.insurer.retries")
}

func TestTyposInListsAreReported(t *testing.T) {
	const account, rule = `- {insutype: "390", exists: "no"}`, `access: [{code: "401", contains: ""}]`
	for edit, key := range map[[2]string]string{
		{rule, `access: [{code: "-1", contain: x}]`}:      "regions.990100.insurer.failures.access.0.contain",
		{rule, `access: [{code: "401"}, {}]`}:             "regions.990100.insurer.failures.access.1",
		{account, `- {insutype: "390", exists: "nope"}`}:  ".exists",
		{`success_codes: ["0"] `, `success_codes: [""] `}: "regions.990100.insurer.success_codes",
	} {
		_, err := Parse([]byte(edited(t, edit[0], edit[1])), nil)
		var found setting.Problems
		if !errors.As(err, &found) || len(found) != 1 || !strings.HasSuffix(found[0].Key, key) {
			t.Errorf("%s: want %s, got %v", edit[1], key, err)
		}
	}
	_, err := Parse([]byte(edited(t, account, `- {insurtype: "390", exists: "no"}`)), nil)
	if err == nil || !strings.Contains(err.Error(), ".insurtype: is not a known key") || !strings.Contains(err.Error(), "would fit everybody") {
		t.Errorf("a rule with a typo: %v", err)
	}
}

// TestForeignVariablesArePassedOver: Kubernetes sets these for Services named yibao, yibao-server and yibao-mongodb.
func TestForeignVariablesArePassedOver(t *testing.T) {
	_, err := Parse([]byte(example(t)), []string{
		"YIBAO_SERVICE_HOST=10.0.0.7", "YIBAO_SERVICE_PORT=8080", "YIBAO_SERVICE_PORT_HTTP=8080", "YIBAO_PORT=tcp://10.0.0.7:8080",
		"YIBAO_PORT_8080_TCP=tcp://10.0.0.7:8080", "YIBAO_PORT_8080_TCP_PROTO=tcp", "YIBAO_PORT_8080_TCP_ADDR=10.0.0.7",
		"YIBAO_SERVER_SERVICE_HOST=10.0.0.7", "YIBAO_SERVER_PORT_8080_TCP_PORT=8080", "YIBAO_MONGODB_PORT=tcp://10.0.0.8:27017",
	})
	if err != nil {
		t.Error(err)
	}
}

func TestOneUnderscoreBetweenLevelsIsATypo(t *testing.T) {
	for _, name := range []string{"YIBAO_SERVER_LISTEN", "YIBAO_MONGODB_URI_FILE", "YIBAO_REGIONS_990100_INSURER_BASE_URL",
		"YIBAO_WECHAT_APPS_MAIN_TEMPLATES_LOW_BALANCE_FIELDS_THING1"} {
		_, err := Parse([]byte(example(t)), []string{name + "=hunter2"})
		if p := onlyProblem(t, err, name); strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%v quotes the value", p)
		}
	}
}

func TestALeaseHasRoomForSends(t *testing.T) {
	_, err := Parse([]byte(edited(t, "lease: 2m", "lease: 29s")), nil)
	onlyProblem(t, err, "reminder.lease")
	if _, err := Parse([]byte(edited(t, "lease: 2m", "lease: 30s")), nil); err != nil {
		t.Error(err)
	}
}

func TestKeyFilesDiffer(t *testing.T) {
	text := example(t)
	lookup := regexp.MustCompile(`lookup_file: (\S+)`).FindStringSubmatch(text)[1]
	copied, err := os.ReadFile(lookup)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(strings.Replace(lookup, "lookup", "code", 1), copied, 0o600); err != nil {
		t.Fatal(err)
	}
	_, err = Parse([]byte(text), nil)
	if p := onlyProblem(t, err, "keys.code_file"); !strings.Contains(p.What, "lookup_file") {
		t.Error(p)
	}
}

func TestAMissingKeyFileIsNamedInFull(t *testing.T) {
	text := regexp.MustCompile(`(?m)^  (seal|key)_file: \S+`).ReplaceAllString(example(t), "  ${1}_file: keys/$1")
	t.Chdir(t.TempDir())
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	var found setting.Problems
	if _, err := Parse([]byte(text), nil); !errors.As(err, &found) {
		t.Fatal(err)
	}
	seal, token := found[0], found[len(found)-1]
	if seal.Key != "keys.seal_file" || !strings.Contains(seal.What, filepath.Join(here, "keys/seal")) ||
		!strings.Contains(seal.Mend, "existing database") {
		t.Error(seal)
	}
	if token.Key != "token.key_file" || !strings.Contains(token.Mend, here) {
		t.Error(token)
	}
}

// TestMetricsAreOffThePublicAddress: by default nothing answers /metrics beside an API, and never what the public reaches.
func TestMetricsAreOffThePublicAddress(t *testing.T) {
	if got := Default().Server.MetricsListen; got != "" {
		t.Errorf("by default metrics are at %s", got)
	}
	for address, good := range map[string]bool{"127.0.0.1:9090": true, "127.0.0.1:8080": false, "9090": false, "127.0.0.1:": false} {
		_, err := Parse([]byte(edited(t, `metrics_listen: ""`, "metrics_listen: "+strconv.Quote(address))), nil)
		if (err == nil) != good || err != nil && !strings.Contains(err.Error(), "\n  server.metrics_listen: ") {
			t.Errorf("%s: %v", address, err)
		}
	}
}
