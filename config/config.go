// Package config puts the sections of the configuration together: read from a YAML file and the environment, secrets also
// from files, and checked whole at start. Most sections belong to the packages that use them; see package setting for what
// a section is and for the one meaning of zero. config.example.yaml shows every key.
package config

import (
	"reflect"
	"strings"

	"yibao/balance"
	"yibao/balance/records"
	"yibao/config/setting"
	"yibao/identity/linking"
	"yibao/identity/session"
	"yibao/platforms/alipay"
	"yibao/platforms/insurer"
	"yibao/platforms/sms"
	"yibao/platforms/wechat"
	"yibao/reminder"
)

// Config is everything that can be set. Durations are Go durations ("10m"), money is in fen, times of day are "06:00"
// in Asia/Shanghai. Every field is a section.
type Config struct {
	Server   Server           `koanf:"server"`
	MongoDB  MongoDB          `koanf:"mongodb"`
	Keys     Keys             `koanf:"keys"`
	Token    session.Config   `koanf:"token"`
	WeChat   wechat.Config    `koanf:"wechat"`
	Alipay   alipay.Config    `koanf:"alipay"`
	Regions  insurer.Profiles `koanf:"regions"` // by six-digit code
	SMS      sms.Config       `koanf:"sms"`
	Consent  Consent          `koanf:"consent"`
	Linking  linking.Config   `koanf:"linking"`
	Balance  balance.Config   `koanf:"balance"`
	Records  records.Config   `koanf:"records"`
	Reminder reminder.Config  `koanf:"reminder"`
	Limits   Limits           `koanf:"limits"`
	Log      Log              `koanf:"log"`
}

// section is one part of the configuration.
type section interface{ Check(r setting.Report) }

// filled is a section, or a struct in one, that has defaults.
type filled interface{ SetDefaults() }

// platform is a section that has apps.
type platform interface {
	Offers() map[string][]string // by app, the codes of the regions that it offers
}

// sections returns every section by its key.
func (c *Config) sections() map[string]section {
	all := map[string]section{}
	v := reflect.ValueOf(c).Elem()
	for i := range v.NumField() {
		all[v.Type().Field(i).Tag.Get("koanf")] = v.Field(i).Addr().Interface().(section) // every field is one
	}
	return all
}

// Default returns the configuration before a file or the environment is read. Apps, regions and addresses of the
// outside have none.
func Default() (c Config) {
	for _, one := range c.sections() {
		if f, ok := one.(filled); ok {
			f.SetDefaults()
		}
	}
	return c
}

// check adds every problem: first those of each section, then those between sections.
func (c *Config) check(r setting.Report) {
	apps := false
	for key, one := range c.sections() {
		one.Check(r.At(key))
		if p, ok := one.(platform); ok {
			apps = apps || len(p.Offers()) > 0
			c.checkOffers(r.Knowing("regions"), key+".apps.", p)
		}
	}
	r.Knowing("wechat", "wechat.apps", "alipay", "alipay.apps").Need(apps, "wechat.apps", "there is no app at all",
		"configure at least one app under wechat.apps or alipay.apps")
	phones := false
	for code, region := range c.Regions {
		phones = phones || region.PhoneOnFile.Path != ""
		for name := range region.InsuranceCode {
			_, known := c.sections()[string(name)].(platform)
			r.Need(known, "regions."+code+".insurance_code", "names what is no platform ("+string(name)+")", "the platforms are named as their sections")
		}
		for key, area := range map[string]string{"mdtrtarea_admvs": region.MdtrtareaAdmvs, "insuplc_admdvs": region.InsuplcAdmdvs} {
			_, another := c.Regions[area]
			r.Hint(!another || area == code, "regions."+code+".insurer."+key, "is the code of another region", "is "+code+" meant?")
		}
	}
	r.Knowing("sms.url").Need(c.SMS.URL != "" || !phones, "sms", "is missing, though a region offers a proof by SMS",
		"give url, app_key, secret, sign_name and template, or take local_phone_on_file out of the region")
}

// checkOffers looks at the regions that each app offers.
func (c *Config) checkOffers(r setting.Report, under string, p platform) {
	for app, codes := range p.Offers() {
		linkable, unknown := false, []string{}
		for _, code := range codes {
			region, known := c.Regions[code]
			linkable = linkable || len(region.Methods()) > 0
			if !known {
				unknown = append(unknown, code)
			}
		}
		key := under + app + ".regions"
		r.Need(len(unknown) == 0, key, "names what is not a configured region ("+strings.Join(unknown, ", ")+")",
			"add it under regions, or take it out")
		r.Hint(linkable || len(codes) == 0 || len(unknown) > 0, key, "are all without a proof, so no person can be linked in this app",
			"give one of them local_phone_on_file or local_card_password")
	}
}
