package wechat

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"yibao/config/setting"
	"yibao/identity"
	"yibao/platforms/internal/miniprogram"
	"yibao/platforms/internal/outside"
	"yibao/platforms/internal/wording"
	"yibao/reminder"
)

const (
	maxTimeout = 30 * time.Second
	maxPage    = 1024 // bytes; WeChat names no limit
)

// Config is the section wechat of the configuration: which apps there are and how they are reached.
type Config struct {
	BaseURL string         `koanf:"base_url"` // scheme, host and optional path prefix
	Timeout time.Duration  `koanf:"timeout"`  // of each exchange with the platform
	TLS     outside.TLS    `koanf:",squash"`
	Apps    map[string]App `koanf:"apps"` // by our names
}

// App is one mini-program.
type App struct {
	miniprogram.App `koanf:",squash"`
	Secret          setting.Secret `koanf:"secret"`
	State           string         `koanf:"state"` // which version a tap on a message opens: developer, trial or formal
}

// Template is a subscription-message template. Its Fields are all keys of the template (thing1, amount2 …).
type Template = miniprogram.Template

// SetDefaults fills the section.
func (c *Config) SetDefaults() {
	*c = Config{BaseURL: "https://api.weixin.qq.com", Timeout: 6 * time.Second}
}

// SetDefaults fills the app.
func (a *App) SetDefaults() { *a = App{State: "formal"} }

// Offers lists, by app, the codes of the regions that it offers.
func (c *Config) Offers() map[string][]string { return miniprogram.Offers(c.Apps) }

// Templates lists the templates of all apps.
func (c *Config) Templates() []reminder.Template {
	return miniprogram.Templates(identity.WeChat, c.Apps)
}

// Check adds every problem of the section; without an app there is none.
func (c *Config) Check(r setting.Report) { c.usable(r) }

// usable is Check. It returns the apps that can be asked, each with the templates that have no problem.
func (c *Config) usable(r setting.Report) map[string]map[string]Template {
	if len(c.Apps) == 0 {
		return nil
	}
	r.Address("base_url", c.BaseURL)
	c.TLS.Check(r)
	r.Numbers(*c)
	r.Need(c.Timeout <= maxTimeout, "timeout", "is above 30s", "the default is 6s")
	r = r.At("apps")
	miniprogram.Check(r, c.Apps)
	usable := map[string]map[string]Template{}
	for name, app := range c.Apps {
		r.At(name).Need(app.Secret != "", "secret", "is missing", "give secret or secret_file")
		setting.OneOf(r.At(name), "state", app.State, "developer", "trial", "formal")
		if templates, ok := checkApp(r.At(name), app); ok {
			usable[name] = templates
		}
	}
	return usable
}

const console = "take it from the WeChat console"

// checkApp adds the problems of ids and templates. It returns the templates that have none, and whether the app can be
// asked for.
func checkApp(r setting.Report, a App) (good map[string]Template, ok bool) {
	// The SDK puts app id and secret into the URL unescaped.
	r.Need(miniprogram.Plain(a.AppID), "app_id", "has characters that WeChat never uses", console)
	r.Need(miniprogram.Plain(a.Secret.Reveal()), "secret", "has characters that WeChat never uses", console)
	good = map[string]Template{}
	for name, t := range a.Templates {
		if problems := checkTemplate(name, t); len(problems) > 0 {
			r.At("templates").At(name).Take(problems)
		} else {
			good[name] = t
		}
	}
	return good, miniprogram.Plain(a.AppID) && miniprogram.Plain(a.Secret.Reveal())
}

var languages = []string{"zh_CN", "en_US", "zh_HK", "zh_TW"}

// checkTemplate reports everything wrong with a template: placeholders, field types, and texts that would break a
// field's rule with the amount shown, with it hidden, or with the highest line. {balance} in a field of type amount is
// such a text: it may be hidden.
func checkTemplate(name string, t Template) (problems setting.Problems) {
	r := setting.NewReport(&problems)
	r.Need(name != "", "", "has no name", "give the template a name of yours")
	r.Need(miniprogram.Plain(t.TemplateID), "template_id", "has characters that WeChat never uses", console)
	setting.OneOf(r, "lang", t.Lang, languages...)
	r.Need(len(t.Page) <= maxPage && !hasControl(t.Page) && !strings.ContainsAny(t.Page, " {}"), "page",
		"is too long or has spaces, braces or control characters", "such as pages/balance/index")
	for _, key := range slices.Sorted(maps.Keys(t.Fields)) {
		if err := checkField(key, t.Fields[key]); err != nil {
			r.At("fields").Add(key, err.Error(), "config.example.yaml shows the placeholders")
		}
	}
	return problems
}

func checkField(key, text string) error {
	if err := wording.Check(text); err != nil {
		return err
	}
	if strings.HasPrefix(key, "enum") && strings.Contains(text, "{") {
		return errors.New("an enum takes one of the template's listed values, not a placeholder")
	}
	for _, m := range wording.Samples() {
		if _, err := fill(key, text, m); err != nil {
			if errors.Is(err, errValue) && m.Balance == nil && wording.ShowsBalance(text) {
				return fmt.Errorf("%w when the owner hides the amount; use {threshold} or a thing field", err)
			}
			return err
		}
	}
	return nil
}
