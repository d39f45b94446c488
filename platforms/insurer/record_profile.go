package insurer

import (
	"maps"
	"slices"
	"strings"
	"time"

	"yibao/balance/records"
	"yibao/config/setting"
)

// Record says how a region tells one kind of rows. No national transaction tells a person's contributions with amounts, the
// account's ledger, or claims: for these every field comes from the region's contract.
type Record struct {
	Transaction string `koanf:"transaction"` // "" : the region does not tell it
	// Rows leads to the list in the output, by names with dots between; "" for an output that is the list itself.
	Rows string `koanf:"rows"`
	// Input are further fields of the question, besides the person number, with values that stay.
	Input map[string]string `koanf:"input"`
	// Begin and End name the fields of the question for the first and the last day; "" asks for everything.
	Begin string `koanf:"begin_field"`
	End   string `koanf:"end_field"`
	// Days is how these two are written.
	Days DayFormat `koanf:"day_format"`
	// Page and Size name the fields for the number of a page, from 1, and the rows of one; "" asks once.
	Page     string `koanf:"page_field"`
	Size     string `koanf:"size_field"`
	PageRows int    `koanf:"page_rows"`
	// Fields maps our names of a row's fields to the region's, where these are others than the default; see recordFields.
	Fields map[string]string `koanf:"fields"`
	// States maps the region's codes of a claim's state to ours, before the common ones: see claimStates.
	States map[string]records.ClaimState `koanf:"states"`
	// BlankMeansNone takes a success without a list for an empty one.
	BlankMeansNone bool `koanf:"blank_means_none"`
	// CompleteAfterDays is how many days after an event its row is there at the latest, by the region's contract. Then a
	// listing says up to which day nothing is missing. 0 for a contract that says nothing.
	CompleteAfterDays int `koanf:"complete_after_days"`
}

// DayFormat is how a question writes days.
type DayFormat string

// The formats.
const (
	DaysDate     DayFormat = "date"     // 2026-01-31
	DaysDateTime DayFormat = "datetime" // 2026-01-31 00:00:00, and 23:59:59 for the last day
	DaysMonth    DayFormat = "month"    // 202601
	DaysYear     DayFormat = "year"     // 2026
)

// text writes a day, the last one of a range to its end.
func (f DayFormat) text(day time.Time, last bool) string {
	switch {
	case f == DaysDateTime && last:
		return day.Format(time.DateOnly) + " 23:59:59"
	case f == DaysDateTime:
		return day.Format(time.DateOnly) + " 00:00:00"
	case f == DaysMonth:
		return day.Format("200601")
	case f == DaysYear:
		return day.Format("2006")
	}
	return day.Format(time.DateOnly)
}

// The kinds of rows, as the configuration names them.
const (
	recordContributions = "contributions"
	recordSettlements   = "settlements"
	recordLines         = "lines"
	recordLedger        = "ledger"
	recordClaims        = "claims"
	recordAccumulated   = "accumulated"
	recordQuotas        = "quotas"
	recordInstitutions  = "institutions"
	recordDiseases      = "diseases"
)

// recordFields are the fields of each kind of rows, with the national or the bureaus' own spelling. "" has no common spelling.
var recordFields = map[string]map[string]string{
	recordContributions: {
		"insurance": "insutype", "from": "accrym_begn", "to": "accrym_end", "kind": "clct_type", "paid": "clct_flag", "paid_at": "clct_time",
		"reversed": "revs_flag", "base": "psn_clctstd", "employer": "emp_clct_amt", "personal": "psn_clct_amt", "subsidy": "finsubs_amt",
		"total": "clct_sumamt", "into_account": "psn_clct_into_acct_amt", "id": "",
	},
	recordSettlements: {
		"id": "setl_id", "visit": "mdtrt_id", "insurance": "insutype", "at": "setl_time", "institution": "fixmedins_code",
		"institution_name": "fixmedins_name", "level": "hosp_lv", "kind": "med_type", "where": "pay_loc", "total": "medfee_sumamt",
		"fund": "fund_pay_sumamt", "account": "acct_pay", "mutual_aid": "acct_mulaid_pay", "cash": "cash_payamt", "hospital": "hosp_part_amt",
		"deductible": "act_pay_dedc", "refunded": "refd_setl_flag", "valid": "vali_flag",
	},
	recordLines: {
		"id": "feedetl_sn", "at": "fee_ocur_time", "name": "hilist_name", "code": "hilist_code", "grade": "chrgitm_lv", "quantity": "cnt",
		"price": "pric", "sum": "det_item_fee_sumamt", "self_pay": "selfpay_prop", "setl_id": "setl_id", "mdtrt_id": "mdtrt_id",
	},
	recordLedger: {
		"id": "", "at": "acct_modi_date", "kind": "acct_incexpd_type", "in": "inc_sumamt", "out": "", "settlement": "setl_id", "reversed": "revs_flag",
	},
	recordClaims: {
		"id": "", "state": "", "label": "", "since": "", "submitted": "", "opinion": "", "institution": "fixmedins_code",
		"institution_name": "fixmedins_name", "total": "medfee_sumamt", "paid": "fund_pay_sumamt", "steps": "",
	},
	recordAccumulated:  {"insurance": "insutype", "year": "year", "kind": "cum_type_code", "value": "cum"},
	recordQuotas:       {},
	recordInstitutions: {"institution": "fixmedins_code", "institution_name": "fixmedins_name", "from": "begndate", "to": "enddate"},
	recordDiseases:     {"disease": "opsp_dise_name", "from": "begndate", "to": "enddate"},
}

// needed are the fields without which a kind of rows says nothing, and that have no common spelling.
var needed = map[string][]string{recordClaims: {"id", "state", "since"}, recordLedger: {"at", "kind"}}

func (p Profile) checkRecords(r setting.Report) {
	for kind, record := range p.Records {
		at := r.At(kind)
		fields, known := recordFields[kind]
		r.Need(known, kind, "is no kind of rows", strings.Join(slices.Sorted(maps.Keys(recordFields)), ", "))
		if known {
			record.check(at, kind, fields)
		}
	}
	r.Need(len(p.Records) == 0 || p.Capabilities[CapIdentity] != "", "", "needs the transaction identity: it gives the person number",
		"add it to insurer.transactions")
}

func (c Record) check(r setting.Report, kind string, fields map[string]string) {
	r.Need(infNo.MatchString(c.Transaction), "transaction", "must have 4 to 6 characters", `such as "90100"; leave the whole entry out where there is none`)
	r.Need(c.Rows == "" || dottedNames.MatchString(c.Rows), "rows", "must be names with dots between", "such as output.list")
	r.Need((c.Page == "") == (c.Size == ""), "page_field", "and size_field go together", "give both or neither")
	r.Need(c.Page == "" || c.PageRows > 0 && c.PageRows <= 1000, "page_rows", "must be 1 to 1000 with page_field", "such as 100")
	r.Need(c.CompleteAfterDays >= 0 && c.CompleteAfterDays <= 366, "complete_after_days", "must be 0 to 366", "0 where the contract says nothing")
	setting.OneOf(r, "day_format", c.Days, "", DaysDate, DaysDateTime, DaysMonth, DaysYear)
	for name := range c.Fields {
		_, known := fields[name]
		r.Need(known || kind == recordQuotas, "fields", "has a name that is no field of these rows", strings.Join(slices.Sorted(maps.Keys(fields)), ", "))
	}
	for _, state := range c.States {
		setting.OneOf(r, "states", state, records.ClaimStates...)
	}
	for _, name := range needed[kind] {
		r.Need(fields[name] != "" || c.Fields[name] != "", "fields", "must say where "+name+" stands", "the contract names it")
	}
}
