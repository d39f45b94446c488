package app

import (
	"log/slog"
	"maps"
	"slices"

	"yibao/balance"
	"yibao/config"
	"yibao/platforms/alipay"
	"yibao/platforms/insurer"
	"yibao/platforms/sms"
	"yibao/platforms/wechat"
)

// What follows turns the configuration into what each adapter takes.

func wechatConfig(c *config.Config, log *slog.Logger) wechat.Config {
	result := wechat.Config{BaseURL: c.WeChat.BaseURL, Timeout: c.WeChat.Timeout, Log: log}
	for _, name := range slices.Sorted(maps.Keys(c.WeChat.Apps)) {
		app := c.WeChat.Apps[name]
		one := wechat.App{Name: name, AppID: app.AppID, Secret: app.Secret.Reveal(), MiniProgramState: app.State}
		for _, key := range slices.Sorted(maps.Keys(app.Templates)) {
			t := app.Templates[key]
			one.Templates = append(one.Templates, wechat.Template{Name: key, TemplateID: t.TemplateID, Page: t.Page,
				Lang: t.Lang, Fields: t.Fields})
		}
		result.Apps = append(result.Apps, one)
	}
	return result
}

func alipayConfig(c *config.Config, log *slog.Logger) alipay.Config {
	result := alipay.Config{Gateway: c.Alipay.Gateway, Timeout: c.Alipay.Timeout, Log: log}
	for _, name := range slices.Sorted(maps.Keys(c.Alipay.Apps)) {
		app := c.Alipay.Apps[name]
		one := alipay.App{Name: name, AppID: app.AppID, PrivateKey: app.PrivateKey.Reveal(),
			AlipayPublicKey: app.AlipayPublicKey.Reveal()}
		for _, key := range slices.Sorted(maps.Keys(app.Templates)) {
			t := app.Templates[key]
			one.Templates = append(one.Templates, alipay.Template{Name: key, TemplateID: t.TemplateID, Page: t.Page,
				Fields: t.Fields})
		}
		result.Apps = append(result.Apps, one)
	}
	return result
}

func smsConfig(c *config.Config, log *slog.Logger) sms.Config {
	return sms.Config{URL: c.SMS.URL, AppKey: c.SMS.AppKey, Secret: c.SMS.Secret.Reveal(), SignName: c.SMS.SignName,
		Template: c.SMS.Template, Timeout: c.SMS.Timeout, CodeTTL: c.Linking.CodeTTL, Log: log}
}

// profiles lists the regions' profiles by code.
func profiles(c *config.Config) []insurer.Profile {
	var all []insurer.Profile
	for _, code := range slices.Sorted(maps.Keys(c.Regions)) {
		all = append(all, profile(code, c.Regions[code]))
	}
	return all
}

func profile(code string, region config.Region) insurer.Profile {
	i := region.Insurer
	p := insurer.Profile{
		Region: code, Name: region.Name, Unattended: region.Unattended, BaseURL: i.BaseURL,
		PathMode: insurer.PathMode(i.PathMode), ContentType: i.ContentType, Timeout: i.Timeout, Retries: noneIsNegative(i.Retries),
		Auth: insurer.Auth{Scheme: insurer.AuthScheme(i.Auth), PaasID: i.PaasID, Secret: i.Secret.Reveal(),
			Header: i.APIKeyHeader, ServiceID: i.ServiceID},
		InfVer: i.InfVer, RecerSysCode: i.RecerSysCode, MdtrtareaAdmvs: i.CareRegion, InsuplcAdmdvs: i.InsuredRegion,
		FixmedinsCode: i.InstitutionCode, FixmedinsName: i.InstitutionName, OpterType: i.OperatorType, Opter: i.Operator,
		OpterName: i.OperatorName, Extra: i.Extra, SuccessCodes: i.SuccessCodes, ErrMsgMeansFailure: i.MessageIsFailure,
		EmptyMeansNotEnrolled: i.EmptyIsUnknown, Unwrap: insurer.Unwrap(i.Unwrap), Numbers: insurer.Numbers(i.Numbers),
		Failures: insurer.Failures{Access: rules(i.Failures.Access), NotEnrolled: rules(i.Failures.NotEnrolled),
			Mismatch: rules(i.Failures.Mismatch), NoAnswer: rules(i.Failures.NoAnswer)},
		Capabilities: map[insurer.Capability]string{},
		Accounts:     insurer.Accounts{HITypeField: region.HITypeField, Rules: accountRules(region.Accounts)},
	}
	for ability, number := range i.Transactions {
		p.Capabilities[insurer.Capability(ability)] = number
	}
	if region.PhoneOnFile.Path != "" {
		p.PhoneOnFile = &insurer.PhoneOnFile{Transaction: region.PhoneOnFile.Transaction, Path: region.PhoneOnFile.Path}
	}
	return p
}

func rules(of []config.FailureRule) []insurer.FailureRule {
	var all []insurer.FailureRule
	for _, rule := range of {
		all = append(all, insurer.FailureRule{Code: rule.Code, Contains: rule.Contains})
	}
	return all
}

// accountRules keeps nil for none, which means the rules that hold everywhere.
func accountRules(of []config.AccountRule) []insurer.AccountRule {
	var all []insurer.AccountRule
	for _, rule := range of {
		all = append(all, insurer.AccountRule{InsuranceType: rule.InsuranceType, PersonType: rule.PersonType,
			HIType: rule.HIType, Exists: balance.Existence(rule.Exists)})
	}
	return all
}
