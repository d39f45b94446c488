package miniprogram_test

import (
	"reflect"
	"strings"
	"testing"

	"yibao/config/setting"
	"yibao/identity"
	"yibao/platforms/internal/miniprogram"
	"yibao/reminder"
)

// app embeds the shared part as a platform's app does.
type app struct {
	miniprogram.App
}

func apps() map[string]app {
	var shows, hides miniprogram.Template
	shows.SetDefaults()
	shows.TemplateID, shows.Fields = "T-1", map[string]string{"a": "{threshold}", "b": "余额 {balance}"}
	hides.SetDefaults()
	hides.TemplateID, hides.Kind, hides.Title, hides.Fields = "T-2", reminder.LongTerm, "提醒", map[string]string{"a": "{threshold}"}
	return map[string]app{
		"second": {App: miniprogram.App{AppID: "2", Regions: []string{"990200"}, Templates: map[string]miniprogram.Template{"b": shows, "a": hides}}},
		"first":  {App: miniprogram.App{AppID: "1", Regions: []string{"990100", "990200"}, Templates: map[string]miniprogram.Template{"b": shows}}},
	}
}

func TestTemplatesAndOffers(t *testing.T) {
	t.Parallel()
	shows := reminder.Template{Name: "b", Platform: identity.WeChat, App: "first", TemplateID: "T-1", Kind: reminder.OneTime,
		Title: "医保余额提醒", ShowsAmount: true}
	hides := reminder.Template{Name: "a", Platform: identity.WeChat, App: "second", TemplateID: "T-2", Kind: reminder.LongTerm, Title: "提醒"}
	want := []reminder.Template{shows, hides, shows}
	want[2].App = "second"
	if got := miniprogram.Templates(identity.WeChat, apps()); !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v", got)
	}
	offers := map[string][]string{"first": {"990100", "990200"}, "second": {"990200"}}
	if got := miniprogram.Offers(apps()); !reflect.DeepEqual(got, offers) {
		t.Errorf("got %v", got)
	}
}

func TestCheck(t *testing.T) {
	t.Parallel()
	good := apps()
	bad := apps()["first"]
	bad.AppID, bad.Regions, bad.Templates = "", nil, map[string]miniprogram.Template{"t": {}}
	good["Bad name"] = bad
	var problems setting.Problems
	miniprogram.Check(setting.NewReport(&problems), good)
	for _, key := range []string{"Bad name", "Bad name.app_id", "Bad name.regions", "Bad name.templates.t.template_id",
		"Bad name.templates.t.kind", "Bad name.templates.t.fields"} {
		if !strings.Contains(problems.Error(), "\n  "+key+": ") {
			t.Errorf("%s is not reported", key)
		}
	}
	if len(problems) != 6 {
		t.Error(problems)
	}
}
