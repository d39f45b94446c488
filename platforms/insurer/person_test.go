package insurer

import (
	"strings"
	"testing"
	"time"

	"yibao/balance"
	"yibao/identity"
)

func rowText(pairs ...string) string {
	values := map[string]string{"insutype": `"310"`, "psn_type": `"1101"`, "psn_insu_stas": `"1"`, "insuplc_admdvs": `"990101"`, "balc": `"10.00"`}
	for i := 0; i < len(pairs); i += 2 {
		values[pairs[i]] = pairs[i+1]
	}
	var text []string
	for name, value := range values {
		if value != "" {
			text = append(text, `"`+name+`":`+value)
		}
	}
	return `{` + strings.Join(text, ",") + `}`
}

// show writes enrolments as "type/status account=figure".
func show(list []balance.Enrolment) string {
	var text []string
	for _, e := range list {
		s := e.InsuranceType + "/" + string(e.Status) + " " + string(e.Account.Exists)
		if e.Account.Balance != nil {
			s += "=" + e.Account.Balance.String()
		}
		text = append(text, s)
	}
	return strings.Join(text, ", ")
}

func TestRows(t *testing.T) {
	t.Parallel()
	noBalance := func(p *Profile) { p.Capabilities = map[Capability]string{CapEnrolment: "1101"} }
	hiType := func(p *Profile) { p.Accounts.HITypeField = "hi_type" }
	for _, c := range []struct {
		name     string
		change   func(*Profile)
		rows     []string
		want     string
		complete bool
	}{
		{"one", nil, []string{rowText()}, "310/active yes=10.00", true},
		{"numbers for texts", nil, []string{rowText("insutype", "310", "psn_insu_stas", "1", "psn_type", "1101", "balc", "10.5")}, "310/active yes=10.50", true},
		{"active first, then 310, 390, others", nil, []string{
			rowText("insutype", `"310"`, "psn_insu_stas", `"4"`),
			rowText("insutype", `"39902"`),
			rowText("insutype", `"390"`),
			rowText("insutype", `"320"`),
			rowText("insutype", `"310"`),
		}, "310/active yes=10.00, 390/active yes=10.00, 320/active yes=10.00, 39902/active yes=10.00, 310/ended yes=10.00", true},
		{"every status", nil, []string{
			rowText("psn_insu_stas", `0`), rowText("psn_insu_stas", `2`), rowText("psn_insu_stas", `3`), rowText("psn_insu_stas", `"9"`), rowText("psn_insu_stas", "null"),
		}, "310/unknown yes=10.00, 310/unknown yes=10.00, 310/not_enrolled yes=10.00, 310/paused yes=10.00, 310/invalid yes=10.00", true},
		{"status blank", nil, []string{rowText("psn_insu_stas", `" "`)}, "310/unknown yes=10.00", true},
		{"the same row twice", nil, []string{rowText(), rowText(), rowText()}, "310/active yes=10.00", true},
		{"twice with other money", nil, []string{rowText(), rowText("balc", "20"), rowText()}, "310/active yes", false},
		{"twice, once without money", nil, []string{rowText(), rowText("balc", "null")}, "310/active yes", false},
		{"twice, unknown and known", nil, []string{rowText("psn_type", `"1103"`, "balc", "0"), rowText("psn_type", `"1103"`)}, "310/active unknown", false},
		{"two regions are two", nil, []string{rowText(), rowText("insuplc_admdvs", `"990102"`, "balc", "20")}, "310/active yes=10.00, 310/active yes=20.00", true},
		{"below one yuan as Oracle writes it", nil, []string{rowText("balc", ".56")}, "310/active yes=0.56", true},
		{"below zero as Oracle writes it", nil, []string{rowText("balc", "-.56")}, "310/active yes=-0.56", true},
		{"below one yuan in a text", nil, []string{rowText("balc", `".56"`)}, "310/active yes=0.56", true},
		{"no figure", nil, []string{rowText("balc", "")}, "310/active yes", false},
		{"three decimals", nil, []string{rowText("balc", `"10.001"`), rowText("insutype", `"390"`)}, "310/active yes, 390/active yes=10.00", false},
		{"resident with zero", nil, []string{rowText("insutype", `"390"`, "psn_type", `"1501"`, "balc", "0")}, "390/active unknown", false},
		{"row without type", nil, []string{rowText(), rowText("insutype", "")}, "310/active yes=10.00", false},
		{"row with a strange type", nil, []string{rowText(), rowText("insutype", `"职工"`)}, "310/active yes=10.00", false},
		{"pool only", hiType, []string{rowText("hi_type", `"2"`, "balc", "0")}, "310/active no", true},
		{"pool only with money", hiType, []string{rowText("hi_type", `"2"`)}, "310/active unknown", false},
		{"balances not offered", noBalance, []string{rowText()}, "310/active yes", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			change := c.change
			if change == nil {
				change = func(*Profile) {}
			}
			client, _ := serve(t, answering(good(`{`+goodBase+`,"insuinfo":[`+strings.Join(c.rows, ",")+`]}`)), change)
			answer, err := client.Enrolments(t.Context(), "990100", someone)
			if err != nil {
				t.Fatal(err)
			}
			if got := show(answer.Enrolments); got != c.want || (answer.Coverage == balance.Complete) != c.complete {
				t.Errorf("%s, %s", got, answer.Coverage)
			}
		})
	}
}

func TestRowTexts(t *testing.T) {
	t.Parallel()
	client, _ := serve(t, answering(good(`{`+goodBase+`,"insuinfo":[`+rowText("emp_name", `"`+strings.Repeat("长", 300)+`"`,
		"insuplc_admdvs", `"99"`, "psn_insu_date", `"20100203"`, "paus_insu_date", `"2020-13-01"`, "psn_type", `"1101\u0000\n"`)+`]}`)))
	answer, err := client.Enrolments(t.Context(), "990100", someone)
	if err != nil {
		t.Fatal(err)
	}
	e := answer.Enrolments[0]
	if len([]rune(e.Employer)) != 200 || e.Region != "" || e.EnrolledOn != "2010-02-03" || e.PausedOn != "" || e.PersonType != "1101" {
		t.Errorf("enrolment %+v", e)
	}
}

// TestDatesAreBeijingsAndNeverPlaceholders: a time with a zone is read in it; a register's word for "none" is no date.
func TestDatesAreBeijingsAndNeverPlaceholders(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"2010-01-02": "2010-01-02", "20100102": "2010-01-02", "2010/01/02": "2010-01-02", " 2010-01-02 ": "2010-01-02",
		"2010-01-02 03:04:05": "2010-01-02", "2010-01-02 03:04:05.0": "2010-01-02", "2010-01-02T23:59:59": "2010-01-02", "20100102235959": "2010-01-02",
		"2009-12-31T16:00:00.000Z": "2010-01-01", "2009-12-31T15:59:59.999Z": "2009-12-31", "2009-12-31T16:00:00.000+0000": "2010-01-01",
		"2010-01-01T00:00:00.000+08:00": "2010-01-01", "2010-01-01T00:00:00+09:00": "2009-12-31", "2010-01-01 00:00:00 +0800": "2010-01-01",
		"2010-01-01T00:00:00+08:00[Asia/Shanghai]": "2010-01-01", "1262275200000": "2010-01-01", "1262275199999": "2009-12-31",
		"1998-07-01": "1998-07-01", "1969-05-01": "1969-05-01", "2098-12-31": "2098-12-31",
		"1900-01-01": "", "1900-01-01 00:00:00": "", "1899-12-30": "", "0001-01-01T00:00:00Z": "", "0000-00-00": "", "1753-01-01": "",
		"1970-01-01": "", "1970-01-01T00:00:00Z": "", "1969-12-31T16:00:00Z": "",
		"9999-12-31": "", "99991231": "", "9999-12-31T23:59:59Z": "", "9999-12-31 23:59:59": "", "2099-12-31": "", "2999-12-31": "",
		"2010-02-30": "", "": "", "0": "", "null": "", "2010-01-0x": "", "2010-01-02 00:00:00 CST": "", "2010-01-02x": "", "201001": "",
	} {
		if got := date(in); got != want {
			t.Errorf("%q is %q, want %q", in, got, want)
		}
	}
}

func TestAsOf(t *testing.T) {
	t.Parallel()
	day := func(s string) time.Time {
		at, err := time.ParseInLocation("2006-01-02 15:04:05.000", s, balance.Shanghai)
		if err != nil {
			t.Fatal(err)
		}
		return at
	}
	for stamps, want := range map[string]time.Time{
		`"respond_time":"20261121080000123"`:                                   day("2026-11-21 08:00:00.123"),
		`"refmsg_time":"20261121080000123"`:                                    day("2026-11-21 08:00:00.123"),
		`"respond_time":20261121080000123`:                                     day("2026-11-21 08:00:00.123"),
		`"respond_time":"20261121080000"`:                                      day("2026-11-21 08:00:00.000"),
		`"respond_time":"x","refmsg_time":"20261121080000000"`:                 day("2026-11-21 08:00:00.000"),
		`"respond_time":"20261120080000000","refmsg_time":"20261121080000000"`: day("2026-11-20 08:00:00.000"),
		`"respond_time":"20261121080600000"`:                                   fetchedAt, // a minute ahead of our clock
		`"respond_time":"20991121080000000"`:                                   fetchedAt,
		`"respond_time":"19700101000000000"`:                                   fetchedAt,
		`"respond_time":"20261321080000000"`:                                   fetchedAt,
		`"respond_time":"2026-11-21 08:00"`:                                    day("2026-11-21 08:00:00.000"),
		`"respond_time":"2026-11-21T00:00:00.000Z"`:                            day("2026-11-21 08:00:00.000"),
		`"respond_time":1795219200000`:                                         day("2026-11-21 08:00:00.000"),
		`"respond_time":"9999-12-31 23:59:59"`:                                 fetchedAt,
		`"respond_time":"1900-01-01 00:00:00"`:                                 fetchedAt,
		`"respond_time":"","refmsg_time":null`:                                 fetchedAt,
		`"respond_time":"20261121080000.23"`:                                   day("2026-11-21 08:00:00.230"),
		`"respond_time":{}`:                                                    fetchedAt,
	} {
		client, _ := serve(t, answering(`{"infcode":0,`+stamps+`,"output":`+goodOutput+`}`))
		answer, err := client.Enrolments(t.Context(), "990100", someone)
		if err != nil {
			t.Fatal(err)
		}
		if !answer.AsOf.Equal(want) || answer.AsOf.After(answer.FetchedAt) {
			t.Errorf("%s is %s", stamps, answer.AsOf)
		}
	}
}

func TestConfirm(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, number string // of the claim
		told, tells  string // by the upstream
		idType       string
		want         bool
	}{
		{"测试甲", "11010519491231002X", "测试甲", "11010519491231002X", "01", true},
		{"测试甲", "11010519491231002X", " 测 试　甲 ", "11010519491231002x", "01", true},
		{"测试甲", "11010519491231002X", "测试甲", "１１０１０５１９４９１２３１００２Ｘ", "01", true},
		{"测试·甲", "11010519491231002X", "测试•甲", "11010519491231002X", "01", true},
		{"测试·甲", "11010519491231002X", "测试・甲", "11010519491231002X", "01", true},
		{"测试·甲", "11010519491231002X", "测试‧甲", "11010519491231002X", "01", true},
		{"测试·甲", "11010519491231002X", "测试．甲", "11010519491231002X", "01", true},
		{"测试·甲", "11010519491231002X", "测试甲", "11010519491231002X", "01", true},
		{"测试\u4DAE", "11010519491231002X", "测试\uE863", "11010519491231002X", "01", true},
		{"测试凉", "11010519491231002X", "测\uFE00试\uF979\U000E0100", "11010519491231002X", "01", true},
		{"石测试", "11010519491231002X", "\u2F6F测试", "11010519491231002X", "01", true},
		{"CESHI JIA", "E12345678", "CESHI, JIA", "E12345678", "08", true},
		{"TEST A/L SAMPLE", "E12345678", "TEST AL SAMPLE", "E12345678", "08", true},
		{"O'TEST JIA", "E12345678", "O\u02BCTEST JIA", "E12345678", "08", true},
		{"测试甲", "11010519491231002X", "测试甲", "11010519491231002Ⅹ", "01", true},
		{"测试甲", "11010519491231002X", "测试甲", "11010519491231002×", "01", true},
		{"测试甲", "11010519491231002X", "测*甲", "11010519491231002X", "01", false},
		{"测试甲", "11010519491231002X", "测试", "11010519491231002X", "01", false},
		{"", "11010519491231002X", "", "11010519491231002X", "01", false},
		{" ", "11010519491231002X", "　", "11010519491231002X", "01", false},
		{"测试甲", "", "测试甲", "", "01", false},
		{"TEST JIA", "E12345678", "test jia", "e12345678", "08", true},
		{"测试甲", "11010519491231002X", "测试甲", "110105491231002", "01", true},
		{"测试甲", "110105491231002", "测试甲", "11010519491231002X", "01", true},
		{"测试甲", "11010519491231002X", "测试甲", "110105491231002", "08", false},
		{"测试甲", "11010519491231002X", "测试甲", "110105491231001", "01", false},
		{"测试甲", "11010519491231002X", "测试甲", "11010519491231****", "01", false},
		{"测试甲", "830000199201300022", "测试甲", "830000199201300022", "17", true},
	} {
		p := &person{name: c.told, number: c.tells}
		if got := p.confirms(identity.Claim{Name: c.name, IDNumber: c.number, IDType: c.idType}); got != c.want {
			t.Errorf("%+v: %v", c, got)
		}
	}
}
