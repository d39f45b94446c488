// Package miniprogram is the part of the configuration that all platforms share: the apps, the regions that they offer,
// and their message templates.
package miniprogram

import (
	"cmp"
	"maps"
	"regexp"
	"slices"
	"strings"

	"yibao/config/setting"
	"yibao/identity"
	"yibao/platforms/internal/wording"
	"yibao/reminder"
)

// App is what every platform's app is configured by. A platform embeds it and adds its credentials.
type App struct {
	AppID     string              `koanf:"app_id"`    // the platform's
	Regions   []string            `koanf:"regions"`   // codes of the regions that the app offers
	Templates map[string]Template `koanf:"templates"` // by our names
}

// Template is a message template as taken in the platform's console, with the texts to fill in.
type Template struct {
	TemplateID string            `koanf:"template_id"` // the platform's
	Kind       reminder.Kind     `koanf:"kind"`
	Title      string            `koanf:"title"` // as GET /v1/templates shows it
	Page       string            `koanf:"page"`  // page that a tap opens, parameters after "?"; "" opens none
	Lang       string            `koanf:"lang"`  // WeChat only
	Fields     map[string]string `koanf:"fields"`
}

// SetDefaults fills the template.
func (t *Template) SetDefaults() {
	*t = Template{Kind: reminder.OneTime, Lang: "zh_CN", Title: "医保余额提醒"}
}

// Shared returns the shared part of an app that embeds it.
func (a App) Shared() App { return a }

type shared interface{ Shared() App }

var appName = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,31}$`)

// Check adds the problems of the shared part of each app.
func Check[A shared](r setting.Report, apps map[string]A) {
	for name, one := range apps {
		a, app := r.At(name), one.Shared()
		a.Need(appName.MatchString(name), "", "is not a name for an app", "small letters, digits, - and _")
		a.Need(app.AppID != "", "app_id", "is missing", "the id that the platform's console shows")
		a.Need(len(app.Regions) > 0, "regions", "is empty", "list the codes of the regions that the app offers")
		for name, t := range app.Templates {
			one := a.At("templates").At(name)
			one.Need(t.TemplateID != "", "template_id", "is missing", "the id that the platform's console shows")
			setting.OneOf(one, "kind", t.Kind, reminder.OneTime, reminder.LongTerm)
			one.Need(len(t.Fields) > 0, "fields", "is empty", "give each key of the template a text")
		}
	}
}

// Offers lists, by app, the codes of the regions that it offers.
func Offers[A shared](apps map[string]A) map[string][]string {
	all := map[string][]string{}
	for name, a := range apps {
		all[name] = a.Shared().Regions
	}
	return all
}

// Templates lists the templates of all apps, by app and name.
func Templates[A shared](platform identity.Platform, apps map[string]A) []reminder.Template {
	var all []reminder.Template
	for app, a := range apps {
		for name, t := range a.Shared().Templates {
			shows := slices.ContainsFunc(slices.Collect(maps.Values(t.Fields)), wording.ShowsBalance)
			all = append(all, reminder.Template{Name: name, Platform: platform, App: app, TemplateID: t.TemplateID,
				Kind: t.Kind, Title: t.Title, ShowsAmount: shows})
		}
	}
	slices.SortFunc(all, func(a, b reminder.Template) int {
		return cmp.Or(strings.Compare(a.App, b.App), strings.Compare(a.Name, b.Name))
	})
	return all
}

// Plain says whether a text has only the characters of app ids, secrets and template ids. An empty one is plain: Check
// tells that it is missing.
var Plain = regexp.MustCompile(`^[0-9A-Za-z_-]{0,128}$`).MatchString
