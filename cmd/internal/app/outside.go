package app

import (
	"context"
	"log/slog"
	"time"

	"yibao/config"
	"yibao/config/setting"
	"yibao/identity"
	"yibao/platforms/insurer"
	"yibao/platforms/sms"
	"yibao/reminder"
)

// Outside is every adapter to the services outside, and the directory of the regions.
type Outside struct {
	Insurer *insurer.Client
	SMS     *sms.Client // nil without a gateway
	Regions *identity.Regions

	platforms []platform
}

// newOutside connects to nothing. Its error is setting.Problems; what has none works even so, which `server check` uses.
func newOutside(c *config.Config, log *slog.Logger, now func() time.Time, phoneUnreadable func(string)) (*Outside, error) {
	var problems setting.Problems
	var err error
	r := setting.NewReport(&problems)
	o := &Outside{platforms: platforms(c, log)}
	for _, p := range o.platforms {
		r.At(string(p.name)).Take(p.err)
	}
	o.Insurer, err = insurer.New(c.Regions, insurer.Options{Now: now, Log: log, PhoneUnreadable: phoneUnreadable})
	r.At("regions").Take(err)
	if c.SMS.URL != "" {
		o.SMS, err = sms.New(c.SMS, sms.Options{CodeTTL: c.Linking.CodeTTL, Log: log})
		r.At("sms").Take(err)
	}
	o.Regions = directory(c.Regions, o.platforms)
	return o, problems.Err()
}

// directory puts together what the regions are and which apps offer them.
func directory(profiles insurer.Profiles, platforms []platform) *identity.Regions {
	var regions []identity.Region
	for code, p := range profiles {
		regions = append(regions, identity.Region{Code: code, Name: p.Name, Methods: p.Methods(), Unattended: p.Unattended,
			InsuranceCode: p.InsuranceCode})
	}
	offers := map[identity.AppKey][]string{}
	for _, p := range platforms {
		for app, codes := range p.offers {
			offers[identity.AppKey{Platform: p.name, App: app}] = codes
		}
	}
	return identity.NewRegions(regions, offers)
}

func (o *Outside) authenticators() map[identity.Platform]identity.Authenticator {
	all := map[identity.Platform]identity.Authenticator{}
	for _, p := range o.platforms {
		all[p.name] = p.client
	}
	return all
}

func (o *Outside) senders() map[identity.Platform]reminder.Sender {
	all := map[identity.Platform]reminder.Sender{}
	for _, p := range o.platforms {
		all[p.name] = p.client
	}
	return all
}

func (o *Outside) templates() (all []reminder.Template) {
	for _, p := range o.platforms {
		all = append(all, p.templates...)
	}
	return all
}

// codes never returns nil: linking works without a gateway, it only offers no proof by SMS.
func (o *Outside) codes() identity.CodeSender {
	if o.SMS == nil {
		return noCodes{}
	}
	return o.SMS
}

// noCodes is used where no gateway is configured. No region makes a code then: the configuration is checked for that.
type noCodes struct{}

func (noCodes) SendCode(context.Context, string, string, string) error {
	return identity.ErrNotSent
}
