package alipay

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"

	"yibao/config/setting"
	"yibao/identity"
	"yibao/platforms/internal/miniprogram"
	"yibao/platforms/internal/outside"
	"yibao/platforms/internal/wording"
	"yibao/reminder"
)

// Config is the section alipay of the configuration: which apps there are and how they are reached.
type Config struct {
	Gateway string         `koanf:"gateway"` // the whole URL
	Timeout time.Duration  `koanf:"timeout"` // of each exchange with the gateway
	TLS     outside.TLS    `koanf:",squash"`
	Apps    map[string]App `koanf:"apps"` // by our names
}

// App is one mini-program.
type App struct {
	miniprogram.App `koanf:",squash"`
	PrivateKey      setting.Secret `koanf:"private_key"`       // the app's RSA key, PKCS#1 or PKCS#8, PEM or bare base64
	AlipayPublicKey setting.Secret `koanf:"alipay_public_key"` // Alipay's, from the console; not the app's own public key
}

// Template is a message template. Its Fields are all keywords of the template (keyword1 …), each at most 50 characters.
type Template = miniprogram.Template

// SetDefaults fills the section.
func (c *Config) SetDefaults() {
	*c = Config{Gateway: "https://openapi.alipay.com/gateway.do", Timeout: 8 * time.Second}
}

// Offers lists, by app, the codes of the regions that it offers.
func (c *Config) Offers() map[string][]string { return miniprogram.Offers(c.Apps) }

// Templates lists the templates of all apps.
func (c *Config) Templates() []reminder.Template {
	return miniprogram.Templates(identity.Alipay, c.Apps)
}

// Check adds every problem of the section; without an app there is none.
func (c *Config) Check(r setting.Report) { c.usable(r) }

// usable is Check. It returns the apps that can be asked, each with the templates that have no problem.
func (c *Config) usable(r setting.Report) map[string]*app {
	if len(c.Apps) == 0 {
		return nil
	}
	r.Address("gateway", c.Gateway)
	c.TLS.Check(r)
	r.Numbers(*c)
	r = r.At("apps")
	miniprogram.Check(r, c.Apps)
	usable := map[string]*app{}
	for name, a := range c.Apps {
		if ready := checkApp(r.At(name), name, a); ready != nil {
			usable[name] = ready
		}
	}
	return usable
}

const console = "take it from the Alipay console"

// checkApp adds the problems of id, keys and templates. The app comes without the templates that have any; it is nil where
// id or keys have.
func checkApp(r setting.Report, name string, a App) *app {
	ready := &app{name: name, appID: strings.TrimSpace(a.AppID), templates: map[string]Template{}}
	r.Need(miniprogram.Plain(ready.appID), "app_id", "has characters that Alipay never uses", console)
	var err, err2 error
	if ready.private, err = parsePrivate(a.PrivateKey.Reveal()); err != nil {
		r.Add("private_key", err.Error(), "give the app's own RSA key, PKCS#1 or PKCS#8, as private_key or private_key_file")
	}
	if ready.alipay, err2 = parsePublic(a.AlipayPublicKey.Reveal()); err2 != nil {
		r.Add("alipay_public_key", err2.Error(), "give Alipay's public key, not the app's own, from the Alipay console")
	}
	if err == nil && err2 == nil && ready.private.PublicKey.Equal(ready.alipay) {
		err = errMixedUp
		r.Knowing("private_key").Add("alipay_public_key", err.Error(), "give Alipay's public key, from the Alipay console")
	}
	for name, t := range a.Templates {
		if problems := checkTemplate(name, t); len(problems) > 0 {
			r.At("templates").At(name).Take(problems)
		} else {
			ready.templates[name] = t
		}
	}
	if err != nil || err2 != nil || !miniprogram.Plain(ready.appID) {
		return nil
	}
	return ready
}

var fieldKey = regexp.MustCompile(`^[A-Za-z][0-9A-Za-z_]{0,31}$`)

// checkTemplate reports everything wrong with a template: placeholders, keys, and texts that would break a limit with
// the amount shown, with it hidden, or with the highest line.
func checkTemplate(name string, t Template) (problems setting.Problems) {
	r := setting.NewReport(&problems)
	r.Need(name != "", "", "has no name", "give the template a name of yours")
	r.Need(miniprogram.Plain(t.TemplateID), "template_id", "has characters that Alipay never uses", console)
	plain := !strings.ContainsFunc(t.Page, unicode.IsControl) && !strings.ContainsAny(t.Page, " {}")
	r.Need(len(t.Page) <= maxPage && plain, "page",
		"is longer than 128 bytes or has spaces, braces or control characters", "such as pages/balance/index")
	fields := r.At("fields")
	for _, key := range slices.Sorted(maps.Keys(t.Fields)) {
		fields.Need(fieldKey.MatchString(key), key, "is not a key like keyword1", console)
		if err := wording.Check(t.Fields[key]); err != nil {
			fields.Add(key, err.Error(), "config.example.yaml shows the placeholders")
		}
	}
	if len(problems) > 0 {
		return problems
	}
	for _, m := range wording.Samples() {
		if _, code := render(t, m); code != "" {
			r.Add("fields", "an example message breaks a limit: "+code, "50 characters a value, 2048 bytes in all")
			break
		}
	}
	return problems
}
