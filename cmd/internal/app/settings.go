package app

import (
	"yibao/config"
	"yibao/identity"
)

// The sections of package identity are still kept by package config; here they become its own.

func sessionsConfig(c *config.Config) identity.SessionsConfig {
	return identity.SessionsConfig{TokenKey: []byte(c.Token.Key.Reveal()), TokenTTL: c.Token.TTL}
}

func linkingConfig(c *config.Config, regions *identity.Regions) identity.LinkingConfig {
	l := c.Linking
	return identity.LinkingConfig{
		LinksPerUser: l.LinksPerUser, LinksPerPerson: l.LinksPerPerson, CodeTTL: l.CodeTTL, AttemptTTL: l.AttemptTTL,
		ResendAfter: l.ResendAfter, StartsPerUser: l.StartsPerUser, StartsPerAddress: l.StartsPerAddress,
		WrongPerPair: l.WrongPerPair, SendsPerPair: l.SendsPerPair, SendsPerPhone: l.SendsPerPhone,
		ConsentVersion: c.Consent.Version, ConsentText: c.Consent.Text,
		Apps: offered(regions),
	}
}

// offered says whether an app offers a region.
func offered(regions *identity.Regions) func(identity.Platform, string, string) bool {
	return func(platform identity.Platform, app, region string) bool {
		return regions.Offered(identity.AppKey{Platform: platform, App: app}, region)
	}
}
