package insurer

import (
	"errors"
	"fmt"
	"maps"
	"net/url"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"
)

const (
	defaultTimeout     = 10 * time.Second
	defaultContentType = "application/json; charset=utf-8"
	defaultInfNo       = "1101"
	mobileOperator     = "3"
)

var (
	sixDigits   = regexp.MustCompile(`^[0-9]{6}$`)
	infNo       = regexp.MustCompile(`^[0-9A-Za-z]{4,6}$`)
	institution = regexp.MustCompile(`^[0-9A-Za-z]{12,30}$`)
	headerName  = regexp.MustCompile(`^[0-9A-Za-z-]{1,64}$`)
	dottedNames = regexp.MustCompile(`^[^.]+(\.[^.]+)*$`)
)

// withDefaults fills what a profile may leave out.
func (p Profile) withDefaults() Profile {
	setDefault(&p.PathMode, PathSuffix)
	setDefault(&p.ContentType, defaultContentType)
	setDefault(&p.Auth.Header, "apikey")
	setDefault(&p.Timeout, defaultTimeout)
	setDefault(&p.MdtrtareaAdmvs, p.Region)
	setDefault(&p.OpterType, mobileOperator)
	setDefault(&p.Unwrap, UnwrapObject)
	setDefault(&p.Numbers, NumbersEither)
	setDefault(&p.Retries, 1)
	if p.SuccessCodes == nil {
		p.SuccessCodes = []string{"0"}
	}
	if p.Capabilities == nil {
		p.Capabilities = map[Capability]string{CapIdentity: defaultInfNo, CapEnrolment: defaultInfNo, CapBalance: defaultInfNo}
	}
	if p.Accounts.Rules == nil {
		p.Accounts.Rules = DefaultAccountRules()
	}
	p.BaseURL = strings.TrimRight(p.BaseURL, "/")
	p.Extra, p.Capabilities = maps.Clone(p.Extra), maps.Clone(p.Capabilities)
	return p
}

func setDefault[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

// Check reports every problem of the profile at once, each by the name of its field and without its value.
func (p Profile) Check() error {
	p = p.withDefaults()
	var problems []error
	report := func(bad bool, field, what string) {
		if bad {
			problems = append(problems, fmt.Errorf("insurer: profile %s: %s %s", safeRegion(p.Region), field, what))
		}
	}
	report(!plainAddress(p.BaseURL), "BaseURL", "is not an http or https URL without user, query and fragment")
	report(!sixDigits.MatchString(p.Region), "Region", "must be six digits")
	report(p.Name == "", "Name", "is missing")
	report(p.Timeout < 0, "Timeout", "is negative")
	report(p.Retries > 5, "Retries", "must be at most 5")
	p.checkAuth(report)
	p.checkEnvelope(report)
	p.checkAnswers(report)
	p.checkAbilities(report)
	return errors.Join(problems...)
}

func plainAddress(text string) bool {
	address, err := url.Parse(text)
	return err == nil && address.Host != "" && (address.Scheme == "http" || address.Scheme == "https") &&
		address.User == nil && address.RawQuery == "" && address.Fragment == ""
}

type reporter func(bad bool, field, what string)

func (p Profile) checkAuth(report reporter) {
	report(p.Auth.Scheme != AuthTIF && p.Auth.Scheme != AuthAPIKey, "Auth.Scheme", "must be tif or apikey")
	report(p.Auth.Scheme == AuthTIF && p.Auth.PaasID == "", "Auth.PaasID", "is missing")
	report(p.Auth.Secret == "", "Auth.Secret", "is missing")
	report(!headerName.MatchString(p.Auth.Header), "Auth.Header", "is not a header's name")
	for field, value := range map[string]string{"Auth.PaasID": p.Auth.PaasID, "Auth.Secret": p.Auth.Secret, "Auth.ServiceID": p.Auth.ServiceID} {
		report(strings.ContainsFunc(value, func(r rune) bool { return r < ' ' || r > '~' }), field, "holds a line break or a character outside ASCII")
	}
}

func (p Profile) checkEnvelope(report reporter) {
	for _, field := range p.envelopeLengths() {
		n := utf8.RuneCountInString(field.value)
		report(n < field.min || n > field.max, field.name, fmt.Sprintf("must have %d to %d characters", field.min, field.max))
	}
	report(!institution.MatchString(p.FixmedinsCode), "FixmedinsCode", "must be 12 to 30 letters and digits")
	report(!sixDigits.MatchString(p.MdtrtareaAdmvs), "MdtrtareaAdmvs", "must be six digits")
	report(p.InsuplcAdmdvs != "" && !sixDigits.MatchString(p.InsuplcAdmdvs), "InsuplcAdmdvs", "must be six digits")
	for name := range p.Extra {
		report(standardField(name), "Extra", "names a field of the standard envelope")
	}
}

func (p Profile) checkAnswers(report reporter) {
	report(p.PathMode != PathSuffix && p.PathMode != PathSingle, "PathMode", "must be suffix or single")
	switch p.Unwrap {
	case UnwrapObject, UnwrapArray, UnwrapString, UnwrapNested:
	default:
		report(true, "Unwrap", "must be object, array, string or nested")
	}
	report(p.Numbers != NumbersEither && p.Numbers != NumbersText && p.Numbers != NumbersNumber, "Numbers", "must be either, text or number")
	report(len(p.SuccessCodes) == 0, "SuccessCodes", "is empty")
	for _, rules := range [][]FailureRule{p.Failures.Access, p.Failures.NotEnrolled, p.Failures.Mismatch, p.Failures.NoAnswer} {
		for _, rule := range rules {
			report(rule == FailureRule{}, "Failures", "holds a rule that matches everything")
		}
	}
}

func (p Profile) checkAbilities(report reporter) {
	for ability, number := range p.Capabilities {
		report(ability != CapIdentity && ability != CapEnrolment && ability != CapBalance, "Capabilities", "names an unknown capability")
		report(!infNo.MatchString(number), "Capabilities", "must map to transaction numbers of 4 to 6 characters")
	}
	if balance := p.Capabilities[CapBalance]; balance != "" {
		report(balance != p.Capabilities[CapEnrolment], "Capabilities", "must read balances by the transaction of the enrolments")
	}
	if phone := p.PhoneOnFile; phone != nil {
		report(p.Capabilities[CapIdentity] == "", "PhoneOnFile", "needs the capability identity")
		report(phone.Transaction != "" && !infNo.MatchString(phone.Transaction), "PhoneOnFile.Transaction", "must have 4 to 6 characters")
		report(!dottedNames.MatchString(phone.Path), "PhoneOnFile.Path", "must be names with dots between")
	}
	p.Accounts.check(report)
}

// safeRegion keeps an error's text short whatever was configured.
func safeRegion(region string) string {
	if sixDigits.MatchString(region) {
		return region
	}
	return "(no region)"
}
