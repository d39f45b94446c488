package config

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/knadh/koanf/maps"
	"go.yaml.in/yaml/v3"

	"yibao/balance"
	"yibao/config/setting"
	"yibao/platforms/insurer"
)

// parse reads a text, with the problems as an error.
func parse(text []byte, environ []string) (*Config, error) {
	c, problems, _ := assemble(text, environ)
	return c, problems.Err()
}

// alipayKeys are a private key in PEM, and a public key of another pair.
var alipayKeys = sync.OnceValue(func() [2]string {
	ours, err := rsa.GenerateKey(rand.Reader, 2048)
	theirs, err2 := rsa.GenerateKey(rand.Reader, 2048)
	public, err3 := x509.MarshalPKIXPublicKey(theirs.Public())
	if err := errors.Join(err, err2, err3); err != nil {
		panic(err)
	}
	block := func(kind string, der []byte) string {
		return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
	}
	return [2]string{block("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(ours)), block("PUBLIC KEY", public)}
})

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
		value := "0123456789abcdef0123456789abcdeX"
		switch filepath.Ext(path) {
		case ".pub":
			value = alipayKeys()[1]
		case ".uri":
			value = "mongodb://localhost:27017"
		case ".json":
			value = file[1] // every key file holds another key
		}
		if strings.HasSuffix(path, "region-990300.key") {
			value = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAABE="
		}
		if strings.HasSuffix(path, "alipay-main.key") {
			value = alipayKeys()[0]
		}
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte(" "+value+"\n"), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	return strings.ReplaceAll(string(text), "/etc/yibao", dir)
}

func TestExampleIsValidAndShowsTheDefaults(t *testing.T) {
	c, err := parse([]byte(example(t)), nil)
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
	if got := c.WeChat.Apps["main"].Secret.Reveal(); got != "0123456789abcdef0123456789abcdeX" {
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
	each(reflect.New(typ).Elem(), func(key string, field reflect.Value) {
		below := field.Type()
		if key == "lang" && strings.HasPrefix(under, "alipay") {
			return // Alipay's templates have no language
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
				all := map[string]any{} // a key may stand in any of the entries
				for _, one := range sub {
					one, _ := one.(map[string]any)
					maps.Merge(one, all)
				}
				missing(t, below.Elem(), all, under+key+".…")
			}
		}
	})
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
	_, err := parse([]byte(text), nil)
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
		c, err := parse([]byte(text), []string{EnvPrefix + strings.ToUpper(strings.ReplaceAll(key, ".", "__")) + "=0"})
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
	c, err := parse([]byte(text), nil)
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
	c, err := parse([]byte(example(t)), nil)
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
	_, err := parse([]byte(text), nil)
	onlyProblem(t, err, "sms")
	path := "path: baseinfo.exp_content.local_phone"
	if _, err := parse([]byte(strings.Replace(text, path, `path: ""`, 1)), nil); err != nil {
		t.Error(err)
	}
}

func TestEnvironmentWinsOverTheFile(t *testing.T) {
	c, err := parse([]byte(example(t)), []string{
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
		_, err := parse([]byte(strings.Replace(text, "uri_file:", edit, 1)), nil)
		if err == nil || !strings.Contains(err.Error(), "mongodb.uri_file") {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestBrokenYAMLDoesNotQuoteTheFile(t *testing.T) {
	_, err := parse([]byte("token:\n  key: hunter2hunter2\n bad indent: ["), nil)
	if err == nil || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("got %v", err)
	}
}

// TestARefusedValueIsShownUnlessSecret: a person sees what they wrote, but no secret, nor the parts of an address or an
// unknown key that may be one.
func TestARefusedValueIsShownUnlessSecret(t *testing.T) {
	text := edited(t, "read_timeout: 10s", "read_timeout: soon", "key_file: /", "key: hunter2hunter2 #", "path_mode: suffix",
		"path_mode: \"side ways\"", "url: https://sms.example.com/send", "url: https://me:hunter2@host/send?key=hunter2",
		"hsts: false", "hsts: false\n  secrt: hunter2", "private_key_file: /", "private_key: hunter2 #")
	_, err := parse([]byte(text), nil)
	if err == nil || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("a secret is shown: %v", err)
	}
	for _, want := range []string{`server.read_timeout: is not a duration with its unit: "soon"`, `.path_mode: is not one of the known values: "side ways"`,
		`sms.url: is not an http(s) address: "https://***@host/send?…"`, "token.key: ", "server.secrt: ", "alipay.apps.main.private_key: "} {
		if !strings.Contains(err.Error(), "\n  "+want) && !strings.Contains(err.Error(), want) {
			t.Errorf("no word of %q: %v", want, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte("server: {listen: a}"))
	f.Add([]byte("regions: {990100: {insurer: 3}}"))
	f.Add([]byte("wechat: {apps: [1,2]}\ntoken: 5"))
	f.Add([]byte("a: &a [*a]"))
	f.Fuzz(func(t *testing.T, text []byte) {
		if c, err := parse(text, nil); c == nil && err == nil {
			t.Error("neither a configuration nor an error")
		}
	})
}

// TestAMissingFileIsToldOnce: a file that cannot be read is one problem, not two, and a key's file is looked for as well.
func TestAMissingFileIsToldOnce(t *testing.T) {
	text := strings.ReplaceAll(example(t), "/region-990100.secret", "/missing")
	text = strings.ReplaceAll(text, "/seal.json", "/missing.json")
	var problems setting.Problems
	if _, err := parse([]byte(text), nil); !errors.As(err, &problems) || len(problems) != 2 ||
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
		_, err := parse([]byte(edited(t, edit[0], edit[1])), nil)
		if p := onlyProblem(t, err, key); !strings.Contains(p.Mend, `"10s"`) {
			t.Errorf("%s: %q does not show a unit", key, p.Mend)
		}
	}
	_, err := parse([]byte(example(t)), []string{"YIBAO_SERVER__READ_TIMEOUT=10"})
	onlyProblem(t, err, "server.read_timeout")
	c, err := parse([]byte(edited(t, "cooldown: 24h", "cooldown: 0")), nil)
	if err != nil || c.Reminder.Cooldown != 0 {
		t.Errorf("0 means none and needs no unit: %v", err)
	}
}

func TestTextStaysAsItIsWritten(t *testing.T) {
	c, err := parse([]byte(edited(t,
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
	c, err := parse([]byte(edited(t, "batch: 50", "batch: 050", "hsts: false", `hsts: "true"`)), []string{"YIBAO_LIMITS__PER_USER_PER_MINUTE=0300"})
	if err != nil || c.Reminder.Batch != 50 || c.Limits.PerUser != 300 || !c.Server.HSTS {
		t.Errorf("%+v", err)
	}
	_, err = parse([]byte(edited(t, "batch: 50", "batch: 5.5")), nil)
	onlyProblem(t, err, "reminder.batch")
	_, err = parse([]byte(edited(t, "hsts: false", "hsts: yes")), nil)
	onlyProblem(t, err, "server.hsts")
}

// TestBrokenYAMLTellsLineAndReason: the line is the one that breaks the text, not that where the group around it begins.
func TestBrokenYAMLTellsLineAndReason(t *testing.T) {
	const above = "log:\n  level: info\n" // two lines, so that no number is right by chance
	for text, want := range map[string]string{
		"server:\n  listen: \"hunter2\\x\"\n":                "a backslash stands in double quotes, near line 4",
		"server:\n  listen: hunter2\n  listen: hunter2\n":    "a key is there twice, near line 5",
		"server:\n  listen: a\n\tidle_timeout: hunter2\n":    "a tab indents a line, near line 5",
		"server:\n  listen: a\n   metrics: hunter2\n":        "a colon stands where no key can be, near line 5",
		"server:\n  listen: hunter2: b\n":                    "a colon stands where no key can be, near line 4",
		"server:\n  listen：hunter2\n  metrics: true\n":       "a colon stands where no key can be, near line 5",
		"server:\n  listen: @hunter2\n":                      "keeps for itself, such as @ ` %, near line 4",
		"server:\n  listen: \"hunter2\nx:\n  y: z\n":         "a quote is opened and not closed, near line 4",
		"server:\n  trusted_proxies: [hunter2\nx:\n  y: z\n": "a [ or { is opened and not closed, near line 4",
		"server:\n  listen: 'it's hunter2'\n":                "a value goes on behind its closing quote",
		"server:\n  listen: a\nhunter2\n":                    "a line holds no colon, or a text is not indented, near line 5",
		"server:\n  listen: *hunter2\n":                      "a value begins with * or &, which YAML keeps for itself, near line 4",
		"---\nserver:\n  listen: hunter2\n":                  "a line --- begins a second document, near line 3",
	} {
		_, err := parse([]byte(above+text), nil)
		if err == nil || !strings.Contains(err.Error(), "(file): is not valid YAML: ") || !strings.Contains(err.Error(), want) ||
			strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%q: want %q, got %v", text, want, err)
		}
	}
	for text, want := range map[string]string{
		"- hunter2":          "there are no keys with values, near line 1",
		"hunter2":            "there are no keys with values, near line 1",
		"\xff\xfes\x00e\x00": "is UTF-16",
		"server: \xb2\xe2":   "is not UTF-8",
	} {
		if _, err := parse([]byte(text), nil); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%q: want %q, got %v", text, want, err)
		}
	}
}

func TestYAMLAnchorsAndMerges(t *testing.T) {
	c, err := parse([]byte(edited(t, `opter: yibao`, `opter: &who yibao`, "opter_name: yibao", "opter_name: *who",
		"  tick: 5s", "  <<: {tick: 6s}")), nil)
	if err != nil || c.Regions["990100"].OpterName != "yibao" || c.Reminder.Tick != 6*time.Second {
		t.Errorf("%v", err)
	}
}

// A region that one wrong value kept from being read is still configured.
func TestAWrongValueInARegionIsOneProblem(t *testing.T) {
	_, err := parse([]byte(edited(t, "retries: 1", "retries: one")), nil)
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
		_, err := parse([]byte(edited(t, edit[0], edit[1])), nil)
		var found setting.Problems
		if !errors.As(err, &found) || len(found) != 1 || !strings.HasSuffix(found[0].Key, key) {
			t.Errorf("%s: want %s, got %v", edit[1], key, err)
		}
	}
	_, err := parse([]byte(edited(t, account, `- {insurtype: "390", exists: "no"}`)), nil)
	if err == nil || !strings.Contains(err.Error(), ".insurtype: is not a known key") || !strings.Contains(err.Error(), "would fit everybody") {
		t.Errorf("a rule with a typo: %v", err)
	}
}

// TestForeignVariablesArePassedOver: Kubernetes sets these for Services named yibao, yibao-server and yibao-mongodb.
func TestForeignVariablesArePassedOver(t *testing.T) {
	_, err := parse([]byte(example(t)), []string{
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
		_, err := parse([]byte(example(t)), []string{name + "=hunter2"})
		if p := onlyProblem(t, err, name); strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%v quotes the value", p)
		}
	}
}

func TestALeaseHasRoomForSends(t *testing.T) {
	_, err := parse([]byte(edited(t, "lease: 2m", "lease: 29s")), nil)
	onlyProblem(t, err, "reminder.lease")
	if _, err := parse([]byte(edited(t, "lease: 2m", "lease: 30s")), nil); err != nil {
		t.Error(err)
	}
}

func TestInsuranceCodesAreOfPlatforms(t *testing.T) {
	_, err := parse([]byte(edited(t, "alipay: {scheme:", "alipays: {scheme:")), nil)
	onlyProblem(t, err, "regions.990100.insurance_code")
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
	_, err = parse([]byte(text), nil)
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
	if _, err := parse([]byte(text), nil); !errors.As(err, &found) {
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
		_, err := parse([]byte(edited(t, `metrics_listen: ""`, "metrics_listen: "+strconv.Quote(address))), nil)
		if (err == nil) != good || err != nil && !strings.Contains(err.Error(), "\n  server.metrics_listen: ") {
			t.Errorf("%s: %v", address, err)
		}
	}
}

// TestEveryWrongValueOfOneFileIsNamed: one wrong value hides no other, in the same section, the same region or the same
// list, whether it has the wrong type or the right type and a wrong value.
func TestEveryWrongValueOfOneFileIsNamed(t *testing.T) {
	text := edited(t, "read_timeout: 10s", "read_timeout: soon", "idle_timeout: 1m", "idle_timeout: 60", "hsts: false", "hsts: perhaps",
		"retries: 1 ", "retries: one ", "path_mode: suffix", "path_mode: sideways", "unattended: true", "unattended: perhaps",
		"paas_id: PAAS-ID", "paas_id: [PAAS-ID]", "batch: 50", "batch: {a: b}", "ttl: 2h ", "ttl: 2s ", `infver: V1.0`, `infver: V1.0.0.0`,
		`regions: ["990100", "990200"]`, `regions: {"990100": yes}`, "timeout: 8s               # of one exchange", "timeout: 8 # of one exchange")
	_, err := parse([]byte(text), nil)
	var found setting.Problems
	if !errors.As(err, &found) {
		t.Fatal(err)
	}
	want := []string{"regions.990100.insurer.infver", "regions.990100.insurer.paas_id", "regions.990100.insurer.path_mode",
		"regions.990100.insurer.retries", "regions.990100.insurer.timeout", "regions.990100.unattended", "reminder.batch", "server.hsts",
		"server.idle_timeout", "server.read_timeout", "token.ttl", "wechat.apps.main.regions"}
	var got []string
	for _, p := range found {
		got = append(got, p.Key)
	}
	if !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q\n%v", got, want, err)
	}
}

// TestNothingIsCheckedThatHasNoValue: a value that cannot be read is one problem. What would be judged together with it is
// not, as the default in its place is not what was written.
func TestNothingIsCheckedThatHasNoValue(t *testing.T) {
	for key, edit := range map[string][]string{
		"server.request_timeout":              {"request_timeout: 20s", "request_timeout: 5", "write_timeout: 30s ", "write_timeout: 10s "},
		"linking.code_ttl":                    {"code_ttl: 5m", "code_ttl: 1", "attempt_ttl: 15m", "attempt_ttl: 2m"},
		"reminder.send_timeout":               {"send_timeout: 10s", "send_timeout: 1", "lease: 2m", "lease: 20s"},
		"regions":                             {"regions:\n  \"990100\":", "regions: none\nregion_s:\n  \"990100\":"},
		"wechat":                              {"wechat:\n", "wechat: none\nwe_chat:\n"},
		"regions.990100.local_phone_on_file":  {"local_phone_on_file:\n", "local_phone_on_file: none\n    phone:\n"},
		"regions.990100.insurer.transactions": {"transactions: {identity: \"1101\", enrolment: \"1101\", balance: \"1101\"}", "transactions: 1101"},
		"sms.url":                             {"url: https://sms.example.com/send", "url: [https://sms.example.com/send]"},
		"sms":                                 {"\nsms:\n", "\nsms: none\ns_ms:\n"},
	} {
		_, err := parse([]byte(edited(t, edit...)), nil)
		var found setting.Problems
		if !errors.As(err, &found) {
			t.Fatal(key, err)
		}
		found = slices.DeleteFunc(found, func(p setting.Problem) bool { return strings.Contains(p.What, "not a known key") })
		onlyProblem(t, found.Err(), key)
	}
}

// TestTheEnvironmentReplacesASecretsFile: either of x and x_file replaces both of the file, and what is wrong with it is told
// with the variable's name.
func TestTheEnvironmentReplacesASecretsFile(t *testing.T) {
	c, err := parse([]byte(edited(t, "uri_file: /", "uri_file: /nowhere/")), []string{"YIBAO_MONGODB__URI=mongodb://elsewhere"})
	if err != nil || c.MongoDB.URI.Reveal() != "mongodb://elsewhere" {
		t.Errorf("%v", err)
	}
	path := filepath.Join(t.TempDir(), "uri")
	if err := os.WriteFile(path, []byte("mongodb://file"), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err = parse([]byte(edited(t, "uri_file: /", "uri: mongodb://text # /")), []string{"YIBAO_MONGODB__URI_FILE=" + path})
	if err != nil || c.MongoDB.URI.Reveal() != "mongodb://file" {
		t.Errorf("%v", err)
	}
	_, err = parse([]byte(example(t)), []string{"YIBAO_MONGODB__URI=hunter2"})
	p := onlyProblem(t, err, "mongodb.uri")
	if !strings.Contains(err.Error(), "(from YIBAO_MONGODB__URI)") || strings.Contains(err.Error(), "hunter2") {
		t.Error(p)
	}
	_, err = parse([]byte(example(t)), []string{"YIBAO_MONGODB__URI_FILE=/no/such/file"})
	onlyProblem(t, err, "mongodb.uri_file")
	if !strings.Contains(err.Error(), "there is no file /no/such/file (from YIBAO_MONGODB__URI_FILE)") {
		t.Error(err)
	}
	_, err = parse([]byte(example(t)), []string{"YIBAO_MONGODB__URI=mongodb://a", "YIBAO_MONGODB__URI_FILE=" + path})
	onlyProblem(t, err, "mongodb.uri_file")
	_, err = parse([]byte(example(t)), []string{"YIBAO_SERVER__READ_TIMEOUT=soon", "YIBAO_SERVER__COLOUR=hunter2"})
	if text := fmt.Sprint(err); !strings.Contains(text, `server.read_timeout: is not a duration with its unit: "soon" (from YIBAO_SERVER__READ_TIMEOUT)`) ||
		!strings.Contains(text, "server.colour: is not a known key (from YIBAO_SERVER__COLOUR)") || strings.Contains(text, "hunter2") {
		t.Error(err)
	}
}

func TestBlanksAfterCommasAreTrimmed(t *testing.T) {
	c, err := parse([]byte(example(t)), []string{"YIBAO_WECHAT__APPS__MAIN__REGIONS=990100, 990200 ",
		"YIBAO_SERVER__TRUSTED_PROXIES=10.0.0.1 , 10.1.0.0/16", "YIBAO_SERVER__READ_TIMEOUT= 7s ", "YIBAO_TOKEN__KEY= 0123456789abcdef0123456789abcdeX\n"})
	if err != nil || !reflect.DeepEqual(c.WeChat.Apps["main"].Regions, []string{"990100", "990200"}) ||
		!reflect.DeepEqual(c.Server.TrustedProxies, []string{"10.0.0.1", "10.1.0.0/16"}) || c.Server.ReadTimeout != 7*time.Second ||
		len(c.Token.Key.Reveal()) != 32 {
		t.Errorf("%v %+v", err, c)
	}
}

// TestEveryFileIsJudgedAlike: each file that holds a secret, by whatever key it is named, must be there, for few to read, and
// plain text. The message has the path and the cause.
func TestEveryFileIsJudgedAlike(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	write := func(name, text string, mode os.FileMode) {
		if err := errors.Join(os.WriteFile(at(name), []byte(text), 0o600), os.Chmod(at(name), mode)); err != nil {
			t.Fatal(err)
		}
	}
	write("open", "0123456789abcdef0123456789abcdeX", 0o666)
	write("readable", "0123456789abcdef0123456789abcdeX", 0o604)
	write("bom", "\ufeff0123456789abcdef0123456789abcdeX", 0o600)
	write("wide", "\xff\xfe0\x00", 0o600)
	write("large", strings.Repeat("x", 65<<10), 0o600)
	write("sealed", "x", 0)
	causes := map[string]string{
		at("missing"): "there is no file " + at("missing"), dir: dir + " is a folder", at("open"): at("open") + " is open to everybody on this machine (mode 0666): chmod 600 it",
		at("readable"): "(mode 0604)", at("bom"): at("bom") + " begins with a byte order mark (BOM)", at("wide"): at("wide") + " is UTF-16",
		at("large"): at("large") + " is no file of at most 64 KB",
	}
	if os.Geteuid() != 0 { // root may read everything
		causes[at("sealed")] = "this user may not read " + at("sealed")
	}
	text := regexp.MustCompile(`(?m)_file: \S+/(alipay|wechat|region|sms|keys|mongodb)\S*`)
	for path, want := range causes {
		_, err := parse([]byte(text.ReplaceAllString(example(t), "_file: "+path)), nil)
		var found setting.Problems
		if !errors.As(err, &found) {
			t.Fatal(path, err)
		}
		keys := map[string]bool{}
		for _, p := range found {
			keys[p.Key] = true
			if !strings.Contains(p.String(), want) {
				t.Errorf("%s: %v, want %q", path, p, want)
			}
		}
		for _, key := range []string{"keys.seal_file", "keys.lookup_file", "keys.proof_file", "keys.code_file", "token.key_file", "mongodb.uri_file",
			"wechat.apps.main.secret_file", "alipay.apps.main.private_key_file", "alipay.apps.main.alipay_public_key_file",
			"regions.990100.insurer.secret_file", "sms.secret_file"} {
			if !keys[key] {
				t.Errorf("%s takes %s", key, path)
			}
		}
	}
}

// TestAMisplacedSecretIsNotShown: the secret itself, written where its file belongs, is told as that and not repeated.
func TestAMisplacedSecretIsNotShown(t *testing.T) {
	for _, secret := range []string{"hunter2", "0a1bhunter2c9d", "mongodb://me:hunter2@host/db.net", `"-----BEGIN KEY-----\nhunter2/x\n"`} {
		_, err := parse([]byte(edited(t, "0000\n      secret_file: /", "0000\n      secret_file: "+secret+" # /")), nil)
		p := onlyProblem(t, err, "wechat.apps.main.secret_file")
		if strings.Contains(err.Error(), "hunter2") || !strings.Contains(p.What, "could be the secret itself") || !strings.Contains(p.Mend, "write the secret as secret") {
			t.Error(err)
		}
	}
}

// TestAWeakTokenKeyIsRefused: 32 characters are no key when they are few different ones, or one piece again and again.
func TestAWeakTokenKeyIsRefused(t *testing.T) {
	for _, key := range []string{strings.Repeat("a", 52), strings.Repeat("ab", 20), strings.Repeat("0123456789abcdef", 4), "aaaaaaaabbbbbbbbccccccccdddddddd",
		strings.Repeat("changeme", 5), `"{\"primaryKeyId\":1,\"key\":[{\"keyData\":{}}]}"`, `"-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----"`} {
		_, err := parse([]byte(edited(t, "key_file: /", "key: "+key+" # /")), nil)
		onlyProblem(t, err, "token.key")
	}
}

// TestHints: what can be used, and is not often meant.
func TestHints(t *testing.T) {
	for _, one := range []struct {
		key, want string
		edit      []string
	}{
		{"server.trusted_proxies", "is empty", nil},
		{"server.trusted_proxies", "nearly every address", []string{"trusted_proxies: [] ", "trusted_proxies: [\"0.0.0.0/0\"] "}},
		{"server.trusted_proxies", "nearly every address", []string{"trusted_proxies: [] ", "trusted_proxies: [10.0.0.1, \"::/0\"] "}},
		{"regions.990100.insurer.base_url", "is plain http", []string{"base_url: https://fsi", "base_url: http://fsi"}},
		{"sms.url", "is plain http", []string{"url: https://sms.example.com", "url: http://10.0.0.9"}},
		{"alipay.gateway", "is plain http", []string{"gateway: https:", "gateway: http:"}},
		{"regions.990200.insurer.mdtrtarea_admvs", "is the code of another region", []string{`mdtrtarea_admvs: "990200"`, `mdtrtarea_admvs: "990100"`}},
		{"alipay.apps.main.regions", "no person can be linked", []string{"path: baseinfo.exp_content.local_phone", `path: ""`}},
		{"wechat.apps.main.regions", "no person can be linked", []string{"path: baseinfo.exp_content.local_phone", `path: ""`}},
		{"wechat.apps.main.app_id", "is the value of config.example.yaml", nil},
		{"consent.text", "has places that are not filled in", nil},
		{"consent.unattended_text", "has places that are not filled in", nil},
	} {
		_, found, _ := assemble([]byte(edited(t, one.edit...)), nil)
		if found.Err() != nil || !slices.ContainsFunc(found, func(p setting.Problem) bool {
			return p.Hint && p.Key == one.key && strings.Contains(p.What, one.want) && p.Mend != ""
		}) {
			t.Errorf("no hint at %s that it %q: %v", one.key, one.want, found)
		}
	}
	text := edited(t, "trusted_proxies: [] ", "trusted_proxies: [10.0.0.1] ", "gateway: https://openapi.alipay.com/gateway.do", "gateway: http://127.0.0.1:8090/alipay")
	_, found, _ := assemble([]byte(text), nil)
	for _, p := range found {
		if p.Hint && !strings.Contains(p.What, "config.example.yaml") && !strings.HasPrefix(p.Key, "consent.") {
			t.Errorf("a needless hint: %v", p)
		}
	}
}

// TestWhatTheExampleCannotKnowIsToldUntilReplaced: every value of the example that is neither a default, a name of ours, nor
// a choice among a few is told while it is still there.
func TestWhatTheExampleCannotKnowIsToldUntilReplaced(t *testing.T) {
	_, found, _ := assemble([]byte(example(t)), nil)
	for _, key := range []string{"wechat.apps.main.app_id", "wechat.apps.main.templates.low_balance.template_id", "alipay.apps.main.app_id",
		"alipay.apps.main.templates.low_balance.template_id", "regions.990100.insurer.base_url", "regions.990100.insurer.paas_id",
		"regions.990100.insurer.fixmedins_name", "regions.990200.insurer.base_url", "regions.990200.insurer.fixmedins_name", "sms.url",
		"sms.app_key", "sms.sign_name"} {
		if !slices.ContainsFunc(found, func(p setting.Problem) bool { return p.Hint && p.Key == key }) {
			t.Errorf("%s is not told", key)
		}
	}
}

// TestAnOpenFileWithSecretsInIt: the configuration file itself is a file with secrets, where they are written into it.
func TestAnOpenFileWithSecretsInIt(t *testing.T) {
	for text, told := range map[string]bool{example(t): false, edited(t, "uri_file: /", "uri: mongodb://me:hunter2@host # /"): true} {
		for mode, open := range map[os.FileMode]bool{0o644: true, 0o640: false} {
			path := filepath.Join(t.TempDir(), "config.yaml")
			if err := errors.Join(os.WriteFile(path, []byte(text), 0o600), os.Chmod(path, mode)); err != nil {
				t.Fatal(err)
			}
			_, found, err := Read(path, []string{"YIBAO_TOKEN__KEY=0123456789abcdef0123456789abcdeX"})
			is := slices.ContainsFunc(found, func(p setting.Problem) bool { return p.Key == "(file)" && p.Hint })
			if err != nil || found.Err() != nil || is != (told && open) {
				t.Errorf("mode %o: told %v, %v %v", mode, is, found, err)
			}
		}
	}
}

// TestProfilesOfDialectsAreValid: each example of a dialect can take the place of the regions of the example.
func TestProfilesOfDialectsAreValid(t *testing.T) {
	paths, err := filepath.Glob("../docs/profiles/*.yaml")
	if err != nil || len(paths) < 7 {
		t.Fatal(paths, err)
	}
	dir := t.TempDir()
	for name, value := range map[string]string{"x.secret": "0123456789abcdef0123456789abcdeX", "x.key": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAABE="} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(value), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	files := regexp.MustCompile(`/etc/yibao/region-\d+`)
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(text), "# Not verified against a live bureau") {
			t.Error(path, "does not say that it was tried nowhere")
		}
		var tree map[string]any
		if err := yaml.Unmarshal([]byte(files.ReplaceAllString(string(text), filepath.Join(dir, "x"))), &tree); err != nil {
			t.Fatal(path, err)
		}
		whole := map[string]any{}
		if err := yaml.Unmarshal([]byte(example(t)), &whole); err != nil {
			t.Fatal(err)
		}
		whole["regions"] = tree["regions"]
		for _, platform := range []string{"wechat", "alipay"} {
			app := whole[platform].(map[string]any)["apps"].(map[string]any)["main"].(map[string]any)
			var codes []string
			for code := range tree["regions"].(map[string]any) {
				codes = append(codes, code)
			}
			app["regions"] = codes
		}
		edited, err := yaml.Marshal(whole)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := parse(edited, nil); err != nil {
			t.Errorf("%s: %v", path, err)
		}
	}
}
