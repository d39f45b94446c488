package simulator_test

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"yibao/balance"
	"yibao/config/setting"
	"yibao/identity"
	"yibao/platforms/alipay"
	"yibao/platforms/insurer"
	"yibao/platforms/insurer/gm"
	"yibao/platforms/internal/miniprogram"
	"yibao/platforms/simulator"
	"yibao/platforms/sms"
	"yibao/platforms/wechat"
	"yibao/reminder"
)

type pair struct{ private, public string }

var pairs = sync.OnceValue(func() [2]pair {
	var made [2]pair
	for i := range made {
		key, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			panic(err)
		}
		public, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
		if err != nil {
			panic(err)
		}
		made[i] = pair{base64.StdEncoding.EncodeToString(x509.MarshalPKCS1PrivateKey(key)), base64.StdEncoding.EncodeToString(public)}
	}
	return made
})

// serve starts a world that the production adapters can talk to.
func serve(t *testing.T) (*simulator.World, string) {
	t.Helper()
	world, err := simulator.OpenWorld(simulator.WorldOptions{})
	if err != nil {
		t.Fatal(err)
	}
	keys := pairs()
	server := httptest.NewServer(simulator.Handler(world, simulator.Options{
		WeChatApps: []simulator.WeChatApp{{Name: "main", AppID: "wx0001", Secret: "test-secret", Templates: []simulator.WeChatTemplate{
			{ID: "wx-template", Keys: []string{"thing1", "amount2", "time3"}, OneTime: true},
		}}},
		AlipayApps: []simulator.AlipayApp{{Name: "main", AppID: "20210001", AppPublicKey: keys[0].public, GatewayPrivateKey: keys[1].private,
			Templates: []simulator.AlipayTemplate{{ID: "ali-template", Keywords: 2}}}},
		Regions: []simulator.Region{
			{Code: simulator.RegionA, PathMode: "suffix", Auth: "tif", PaasID: "paas", Secret: "test-tif", NumberMode: "number", InfcodeNumber: true, PhoneOnFile: true,
				QuotaLeft: true, Lists: simulator.ListsOf(simulator.RegionA)},
			{Code: simulator.RegionB, PathMode: "single", Auth: "apikey", APIKey: "test-key", SuccessCode: "1", Unwrap: "nested", Lists: simulator.ListsOf(simulator.RegionB)},
			{Code: simulator.RegionC, PathMode: "single", Family: "gm", PhoneOnFile: true, QuotaLeft: true, Lists: simulator.ListsOf(simulator.RegionC),
				GM: simulator.GM{AppID: gmApp, Secret: gmSecret, PrivateKey: gmPrivate, AppKey: gmPublic, UserID: "secret"}},
		},
		SMS: simulator.SMS{AppKey: "key", Secret: "test-sms", SignName: "测试", Templates: []string{"code"}},
	}))
	t.Cleanup(func() {
		_ = world.Close()
		server.Close()
	})
	return world, server.URL
}

func post(t *testing.T, url, body string) string {
	t.Helper()
	response, err := http.Post(url, "application/json", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK {
		t.Fatalf("%s: %d %s %v", url, response.StatusCode, text, err)
	}
	return strings.TrimSpace(string(text))
}

// signInAndSend is the same for both platforms: sign in, no quota, a grant, one message, no more quota.
func signInAndSend(t *testing.T, base, platform, template string, who identity.Authenticator, sender reminder.Sender) {
	t.Helper()
	ctx := context.Background()
	code := post(t, base+"/control/"+platform+"/code?user=demo1", "")
	account, err := who.SignIn(ctx, "main", code)
	if err != nil || account.OpenID == "" {
		t.Fatalf("sign-in: %+v %v", account, err)
	}
	if _, err = who.SignIn(ctx, "main", code); err != identity.ErrCodeInvalid {
		t.Errorf("a code used twice: %v", err)
	}
	to := reminder.Recipient{App: "main", OpenID: account.OpenID}
	message := reminder.Message{Threshold: 10000, Region: "示例市甲", Insurance: "职工医保", AsOf: time.Now(), MaskedName: "测*一"}
	send := func(want reminder.OutcomeKind) {
		t.Helper()
		if outcome := sender.Send(ctx, to, "low", message); outcome.Kind != want {
			t.Errorf("send: %+v, want %s", outcome, want)
		}
	}
	send(reminder.OutcomePermanent)
	post(t, base+"/control/grant", `{"platform":"`+platform+`","user":"demo1","template":"`+template+`"}`)
	send(reminder.OutcomeAccepted)
	send(reminder.OutcomePermanent)
}

func TestWeChatAdapter(t *testing.T) {
	t.Parallel()
	world, base := serve(t)
	var c wechat.Config
	c.SetDefaults()
	c.BaseURL = base + "/wechat"
	var app wechat.App
	app.SetDefaults()
	app.AppID, app.Secret, app.Regions = "wx0001", "test-secret", []string{simulator.RegionA}
	app.Templates = map[string]wechat.Template{"low": template("wx-template", "pages/balance/index",
		map[string]string{"thing1": "{insurance}余额低于提醒线", "amount2": "{threshold}", "time3": "{as_of}"})}
	c.Apps = map[string]wechat.App{"main": app}
	client, err := wechat.New(c, wechat.Options{})
	if err != nil {
		t.Fatal(err)
	}
	signInAndSend(t, base, "wechat", "wx-template", client, client)
	if n := len(world.Inbox(simulator.InboxQuery{User: "demo1"})); n != 1 {
		t.Errorf("%d messages", n)
	}
}

func TestAlipayAdapter(t *testing.T) {
	t.Parallel()
	world, base := serve(t)
	keys := pairs()
	var c alipay.Config
	c.SetDefaults()
	c.Gateway = base + "/alipay/gateway.do"
	app := alipay.App{PrivateKey: setting.Secret(keys[0].private), AlipayPublicKey: setting.Secret(keys[1].public)}
	app.AppID, app.Regions = "20210001", []string{simulator.RegionA}
	app.Templates = map[string]alipay.Template{"low": template("ali-template", "pages/balance/index?a=b",
		map[string]string{"keyword1": "低于提醒线", "keyword2": "{threshold}"})}
	c.Apps = map[string]alipay.App{"main": app}
	client, err := alipay.New(c, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err = client.ProbeGateway(context.Background(), "main"); err != nil {
		t.Error(err)
	}
	signInAndSend(t, base, "alipay", "ali-template", client, client)
	if n := len(world.Inbox(simulator.InboxQuery{User: "demo1"})); n != 1 {
		t.Errorf("%d messages", n)
	}
}

func template(id, page string, fields map[string]string) (t miniprogram.Template) {
	t.SetDefaults()
	t.TemplateID, t.Page, t.Fields = id, page, fields
	return t
}

// Both sides of the envelope of public services sign with one invented pair of keys here.
const (
	gmApp     = "SANDBOXAPPID00010000000000000001"
	gmSecret  = "SANDBOXSECRET0010000000000000001"
	gmPrivate = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAABE="
	gmPublic  = "BN0YqkrsJurEHJk/ARFcV/e/UROrhbXtRDaWn4t3El5qFh5YUZadqCIzYUk/dvrFD2zOYAHXwLhT4BgNVNSuIiE="
)

func insurerProfile(region, base string) (p insurer.Profile) {
	p.SetDefaults()
	p.Records = recordsOf(region)
	if region == simulator.RegionC {
		p.Family, p.PathMode, p.PhoneOnFile = insurer.FamilyGM, insurer.PathSingle, insurer.PhoneOnFile{Path: "baseinfo.exp_content.local_phone"}
		p.GM.AppID, p.GM.AppSecret, p.GM.PrivateKey, p.GM.PlatformKey = gmApp, gmSecret, gmPrivate, gmPublic
		p.GM.Dialect.UserID = gm.UserIDSecret
	}
	p.Name, p.BaseURL = region, base+"/insurer/"+region
	p.Auth.PaasID, p.Auth.Secret = "paas", "test-tif"
	p.FixmedinsCode, p.FixmedinsName, p.MdtrtareaAdmvs, p.InsuplcAdmdvs = "H99010000001", "测试机构", region, region
	p.Failures = insurer.Failures{
		NotEnrolled: []insurer.FailureRule{{Contains: simulator.DefaultNotFoundText}},
		Mismatch:    []insurer.FailureRule{{Contains: simulator.DefaultMismatchText}},
	}
	if region == simulator.RegionB {
		p.PathMode, p.Auth = insurer.PathSingle, insurer.Auth{Scheme: insurer.AuthAPIKey, Secret: "test-key", Header: "apikey"}
		p.SuccessCodes, p.Unwrap = []string{"0", "1"}, insurer.UnwrapNested
	}
	return p
}

func TestInsurerAdapter(t *testing.T) {
	t.Parallel()
	world, base := serve(t)
	local, byTransaction := insurerProfile(simulator.RegionA, base), insurerProfile(simulator.RegionA, base)
	local.PhoneOnFile = insurer.PhoneOnFile{Path: "baseinfo.exp_content.local_phone"}
	byTransaction.FixmedinsCode = "H99010000002" // two clients of one institution could make the same message id
	byTransaction.PhoneOnFile = insurer.PhoneOnFile{Transaction: "L101", Path: "phoneinfo.mobile"}
	for name, profile := range map[string]insurer.Profile{"in 1101": local, "by L101": byTransaction} {
		elsewhere := insurerProfile(simulator.RegionB, base)
		elsewhere.FixmedinsCode = profile.FixmedinsCode
		client, err := insurer.New(insurer.Profiles{simulator.RegionA: profile, simulator.RegionB: elsewhere,
			simulator.RegionC: insurerProfile(simulator.RegionC, base)}, insurer.Options{})
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range world.People() {
			askAbout(t, name, client, p)
		}
	}
}

// TestInsurerAdapterOfTheSiblingGateway: the signature goes in upper case there, and in lower case it is refused.
func TestInsurerAdapterOfTheSiblingGateway(t *testing.T) {
	t.Parallel()
	world, err := simulator.OpenWorld(simulator.WorldOptions{})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(simulator.Handler(world, simulator.Options{Regions: []simulator.Region{
		{Code: simulator.RegionA, PathMode: "suffix", Auth: "rio", PaasID: "paas", Secret: "test-tif", NumberMode: "number"},
	}}))
	t.Cleanup(func() {
		_ = world.Close()
		server.Close()
	})
	p := world.People()[0]
	claim := identity.Claim{Region: simulator.RegionA, Name: p.Name, IDType: p.CertType, IDNumber: p.IDNumber}
	for scheme, works := range map[insurer.AuthScheme]bool{insurer.AuthRIO: true, insurer.AuthTIF: false} {
		profile := insurerProfile(simulator.RegionA, server.URL)
		profile.Auth.Scheme = scheme
		client, err := insurer.New(insurer.Profiles{simulator.RegionA: profile}, insurer.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := client.Match(t.Context(), claim); (err == nil) != works {
			t.Errorf("%s: %v", scheme, err)
		}
	}
}

// A wrong credential is refused, and told apart from every other refusal.
func TestInsurerAdapterWithAWrongSecret(t *testing.T) {
	t.Parallel()
	world, base := serve(t)
	for _, region := range []string{simulator.RegionA, simulator.RegionB} {
		profile := insurerProfile(region, base)
		profile.Auth.Secret = "wrong"
		client, err := insurer.New(insurer.Profiles{region: profile}, insurer.Options{})
		if err != nil {
			t.Fatal(err)
		}
		p := world.People()[0]
		_, err = client.Match(context.Background(), identity.Claim{Region: region, Name: p.Name, IDType: p.CertType, IDNumber: p.IDNumber})
		var refused *insurer.Error
		if !errors.As(err, &refused) || refused.Class != insurer.ClassAccess {
			t.Errorf("%s: %v", region, err)
		}
	}
}

// askAbout asks for one person in every region; a phone is told in region A only.
func askAbout(t *testing.T, name string, client *insurer.Client, p simulator.Person) {
	t.Helper()
	ctx := context.Background()
	for _, row := range p.Enrolments {
		claim := identity.Claim{Region: row.Region, Name: p.Name, IDType: p.CertType, IDNumber: p.IDNumber}
		phone, err := client.Match(ctx, claim)
		if want := map[bool]string{true: p.Phone}[row.Region != simulator.RegionB]; err != nil || phone != want {
			t.Errorf("%s: %s in %s: phone %q, %v", name, p.Note, row.Region, phone, err)
		}
		answer, err := client.Enrolments(ctx, row.Region, claim)
		if err != nil || len(answer.Enrolments) == 0 {
			t.Fatalf("%s: %s in %s: %v", name, p.Note, row.Region, err)
		}
		if want := map[bool]string{true: "gm/1101", false: "fsi/1101"}[row.Region == simulator.RegionC]; answer.Source != want {
			t.Errorf("%s in %s: source %q", p.Note, row.Region, answer.Source)
		}
		if row.Account == "yes" && row.Status == "1" && (answer.Enrolments[0].Account.Exists != balance.AccountYes || answer.Enrolments[0].Account.Balance == nil) {
			t.Errorf("%s: %s in %s: %+v", name, p.Note, row.Region, answer.Enrolments[0])
		}
		claim.Name = "测试别人"
		if _, err = client.Match(ctx, claim); err == nil {
			t.Errorf("%s: %s in %s: another name matches", name, p.Note, row.Region)
		}
	}
}

func TestSMSAdapter(t *testing.T) {
	t.Parallel()
	_, base := serve(t)
	client, err := sms.New(sms.Config{URL: base + "/sms/send", AppKey: "key", Secret: "test-sms", SignName: "测试", Template: "code",
		Timeout: 6 * time.Second}, sms.Options{CodeTTL: 5 * time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	if err = client.SendCode(context.Background(), "19900000001", "654321", "attempt-1"); err != nil {
		t.Fatal(err)
	}
	response, err := http.Get(base + "/control/sms/latest?phone=19900000001")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	if text, _ := io.ReadAll(response.Body); strings.TrimSpace(string(text)) != "654321" {
		t.Errorf("code %q", text)
	}
}
