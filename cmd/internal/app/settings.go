package app

import (
	"cmp"
	"slices"
	"strings"

	"yibao/balance"
	"yibao/config"
	"yibao/identity"
	"yibao/reminder"
)

// What follows turns the configuration into what each package takes.

func sessionsConfig(c *config.Config) identity.SessionsConfig {
	return identity.SessionsConfig{TokenKey: []byte(c.Token.Key.Reveal()), TokenTTL: c.Token.TTL}
}

func linkingConfig(c *config.Config) identity.LinkingConfig {
	l := c.Linking
	return identity.LinkingConfig{
		LinksPerUser: l.LinksPerUser, LinksPerPerson: l.LinksPerPerson, CodeTTL: l.CodeTTL, AttemptTTL: l.AttemptTTL,
		ResendAfter: l.ResendAfter, StartsPerUser: l.StartsPerUser, StartsPerAddress: l.StartsPerAddress,
		WrongPerPair: l.WrongPerPair, SendsPerPair: l.SendsPerPair, SendsPerPhone: l.SendsPerPhone,
		ConsentVersion: c.Consent.Version, ConsentText: c.Consent.Text,
		Apps: func(platform identity.Platform, app, region string) bool {
			return slices.Contains(regionsOf(c, platform, app), region)
		},
	}
}

// regionsOf lists the regions that an app offers.
func regionsOf(c *config.Config, platform identity.Platform, app string) []string {
	if platform == identity.WeChat {
		return c.WeChat.Apps[app].Regions
	}
	return c.Alipay.Apps[app].Regions
}

func balanceConfig(c *config.Config) balance.Config {
	b := c.Balance
	at, _ := config.TimeOfDay(b.DailyAt) // checked when it was loaded
	return balance.Config{
		DisplayAge: b.DisplayAge, DecisionAge: b.DecisionAge, AskTimeout: b.AskTimeout, Slots: b.Slots,
		UnattendedSlots: b.UnattendedSlots, DailyAt: at, DailySpread: b.DailySpread, CollectEvery: b.CollectEvery,
	}
}

func reminderConfig(c *config.Config) reminder.Config {
	r := c.Reminder
	return reminder.Config{
		CheckEvery: r.CheckEvery, Lease: r.Lease, Cooldown: noneIsNegative(r.Cooldown), DeliveryTTL: r.DeliveryTTL,
		UnknownFor: r.UnknownFor, SendTimeout: r.SendTimeout, Tick: r.Tick, Batch: r.Batch, Parallel: r.Parallel,
		MaxAttempts: r.MaxAttempts, MaxFree: r.MaxFree, DecisionAge: c.Balance.DecisionAge,
		DefaultMargin: noneIsNegative(balance.Fen(r.DefaultDelta)),
	}
}

// noneIsNegative turns our "0 means none" into the "negative means none, 0 the default" of services and profiles.
func noneIsNegative[T ~int | ~int64](n T) T {
	if n == 0 {
		return -1
	}
	return n
}

// templates lists every app's message templates, in a stable order.
func templates(c *config.Config) []reminder.Template {
	var all []reminder.Template
	add := func(platform identity.Platform, app string, of map[string]config.Template) {
		for name, t := range of {
			all = append(all, reminder.Template{Name: name, Platform: platform, App: app, TemplateID: t.TemplateID,
				Kind: reminder.Kind(t.Kind), Title: t.Title, ShowsAmount: showsAmount(t)})
		}
	}
	for name, app := range c.WeChat.Apps {
		add(identity.WeChat, name, app.Templates)
	}
	for name, app := range c.Alipay.Apps {
		add(identity.Alipay, name, app.Templates)
	}
	slices.SortFunc(all, func(a, b reminder.Template) int {
		return cmp.Or(cmp.Compare(a.Platform, b.Platform), cmp.Compare(a.App, b.App), cmp.Compare(a.Name, b.Name))
	})
	return all
}

func showsAmount(t config.Template) bool {
	for _, text := range t.Fields {
		if strings.Contains(text, "{balance}") {
			return true
		}
	}
	return false
}
