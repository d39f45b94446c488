package insurer

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"yibao/balance"
	"yibao/config/setting"
)

const defaultInfNo = "1101"

var (
	sixDigits   = regexp.MustCompile(`^[0-9]{6}$`)
	infNo       = regexp.MustCompile(`^[0-9A-Za-z]{4,6}$`)
	institution = regexp.MustCompile(`^[0-9A-Za-z]{12,30}$`)
	headerName  = regexp.MustCompile(`^[0-9A-Za-z-]{1,64}$`)
	dottedNames = regexp.MustCompile(`^[^.]+(\.[^.]+)*$`)
)

const fromBureau = "the bureau issued it"

// Check adds every problem of the section.
func (ps *Profiles) Check(r setting.Report) {
	r.Need(len(*ps) > 0, "", "is empty", "configure at least one region")
	for code, p := range *ps {
		p.check(r.At(code), code)
	}
}

// check adds the problems of one region: of the profile, then of what goes over the wire.
func (p Profile) check(r setting.Report, code string) {
	r.Need(sixDigits.MatchString(code), "", "is not a region code", "six digits, in quotes")
	r.Need(p.Name != "", "name", "is missing", "the name that people see")
	r.Need(p.PhoneOnFile.Transaction == "" || p.PhoneOnFile.Path != "", "local_phone_on_file.path", "is missing",
		"say where in that transaction's answer the phone stands")
	p.CardPassword.check(r.At("local_card_password"))
	p.Dialect.check(r.At("insurer"))
	for n, rule := range p.Accounts.Rules {
		rule.check(r.At("accounts").At(strconv.Itoa(n)))
	}
	p.checkRecords(r.At("records"))
	for platform, opening := range p.InsuranceCode {
		opening.Check(r.At("insurance_code").At(string(platform)))
	}
	p.checkWire(r)
}

func (d Dialect) check(r setting.Report) {
	r.Address("base_url", d.BaseURL)
	d.TLS.Check(r)
	setting.OneOf(r, "family", d.Family, FamilyFSI, FamilyGM)
	setting.OneOf(r, "path_mode", d.PathMode, PathSuffix, PathSingle)
	if d.Family == FamilyGM {
		d.GM.check(r)
	} else {
		d.checkFSI(r)
	}
	setting.OneOf(r, "unwrap", d.Unwrap, UnwrapObject, UnwrapArray, UnwrapString, UnwrapNested)
	setting.OneOf(r, "numbers", d.Numbers, NumbersText, NumbersNumber, NumbersEither)
	r.Need(len(d.SuccessCodes) > 0 && !slices.Contains(d.SuccessCodes, ""), "success_codes",
		"is empty, or has an empty code in it", `the common value is ["0"]`)
	r.Numbers(d, "retries")
	for key, rules := range map[string][]FailureRule{"access": d.Failures.Access, "not_enrolled": d.Failures.NotEnrolled,
		"mismatch": d.Failures.Mismatch, "no_answer": d.Failures.NoAnswer, "throttled": d.Failures.Throttled} {
		for n, rule := range rules {
			r.At("failures").At(key).At(strconv.Itoa(n)).Need(rule != FailureRule{}, "", "would fit every refusal",
				"give code, contains or both")
		}
	}
}

// checkFSI checks what the envelope of FamilyFSI needs.
func (d Dialect) checkFSI(r setting.Report) {
	setting.OneOf(r, "auth", d.Auth.Scheme, AuthTIF, AuthRIO, AuthAPIKey)
	r.Need(d.Auth.Scheme == AuthAPIKey || d.Auth.PaasID != "", "paas_id", "is missing", "the application id that the bureau issued")
	r.Need(d.Auth.Secret != "", "secret", "is missing", "give secret or secret_file")
	r.Need(len(d.FixmedinsCode) >= 12, "fixmedins_code", "is shorter than 12 characters", fromBureau)
	r.Need(d.FixmedinsName != "", "fixmedins_name", "is missing", "the name that goes with fixmedins_code")
	r.Need(sixDigits.MatchString(d.MdtrtareaAdmvs), "mdtrtarea_admvs", "is not six digits", "the region of care")
	setting.OneOf(r, "opter_type", d.OpterType, "1", "2", "3")
}

func (a AccountRule) check(r setting.Report) {
	setting.OneOf(r, "exists", a.Exists, balance.AccountYes, balance.AccountNo, balance.AccountUnknown)
	r.Need(a.InsuranceType != "" || a.PersonType != "" || a.HIType != "", "", "has no condition and would fit everybody",
		"give insutype, psn_type or hi_type; a person that no rule fits is unknown anyway")
}

// checkWire adds the problems of what goes over the wire: headers, lengths of the envelope, transaction numbers.
func (p Profile) checkWire(r setting.Report) {
	p.checkPhone(r.At("local_phone_on_file"))
	r = r.At("insurer")
	r.Need(p.Retries <= 5, "retries", "must be at most 5", "the default is 1")
	p.checkTransactions(r)
	if p.Family == FamilyGM {
		return
	}
	if p.Auth.Scheme == AuthTIF {
		p.Auth.Names.check(r.At("tif_headers"))
	}
	r.Need(headerName.MatchString(p.Auth.Header), "api_key_header", "is not a header's name", "such as apikey")
	for key, text := range map[string]string{"paas_id": p.Auth.PaasID, "secret": p.Auth.Secret.Reveal(),
		"service_id": p.Auth.ServiceID} {
		plain := !strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r > '~' })
		r.Need(plain, key, "holds a line break or a character outside ASCII", fromBureau)
	}
	for _, f := range p.envelopeLengths() {
		n := utf8.RuneCountInString(f.value)
		r.Need(n >= f.min && n <= f.max, f.key, fmt.Sprintf("must have %d to %d characters", f.min, f.max),
			"the envelope's own limit")
	}
	r.Need(institution.MatchString(p.FixmedinsCode), "fixmedins_code", "must be 12 to 30 letters and digits", fromBureau)
	r.Need(p.InsuplcAdmdvs == "" || sixDigits.MatchString(p.InsuplcAdmdvs), "insuplc_admdvs", "is not six digits",
		`"" leaves it out`)
	for name := range p.Extra {
		r.Need(!standardFields[name], "extra", "names a field of the standard envelope", "the other keys of insurer fill it")
	}
}

func (p Profile) checkTransactions(r setting.Report) {
	for ability, number := range p.Capabilities {
		setting.OneOf(r, "transactions", ability, CapIdentity, CapEnrolment, CapBalance)
		r.Need(infNo.MatchString(number), "transactions", "must map to transaction numbers of 4 to 6 characters", `such as "1101"`)
	}
	reads := p.Capabilities[CapBalance]
	r.Need(reads == "" || reads == p.Capabilities[CapEnrolment], "transactions",
		"must read balances by the transaction of the enrolments", "give both the same number")
}

func (p Profile) checkPhone(r setting.Report) {
	local := p.PhoneOnFile
	if local.Path == "" {
		return
	}
	r.Need(p.Capabilities[CapIdentity] != "", "", "needs the transaction identity", "add it to insurer.transactions")
	r.Need(local.Transaction == "" || infNo.MatchString(local.Transaction), "transaction", "must have 4 to 6 characters",
		`such as "90001"`)
	r.Need(dottedNames.MatchString(local.Path), "path", "must be names with dots between", "such as baseinfo.mobile")
}
