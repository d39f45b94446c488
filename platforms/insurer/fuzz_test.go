package insurer

import (
	"encoding/json"
	"math/big"
	"strings"
	"testing"
	"unicode/utf8"

	"yibao/balance"
)

var unwraps = []Unwrap{UnwrapObject, UnwrapArray, UnwrapString, UnwrapNested}

// FuzzAnswer feeds answers through the whole parser. Whatever comes: no panic; an error or a person with name and
// number; figures only inside the bounds of money; nothing unprintable or over-long in what is kept.
func FuzzAnswer(f *testing.F) {
	for _, q := range quirks {
		if len(q.body) < 4096 {
			f.Add(q.status, []byte(q.body), uint8(3), true)
		}
	}
	f.Add(200, []byte(good(quoted(goodOutput))), uint8(2), false)
	f.Fuzz(func(t *testing.T, status int, body []byte, mode uint8, flag bool) {
		p := profile("http://a.invalid")
		p.Unwrap, p.ErrMsgMeansFailure = unwraps[int(mode)%len(unwraps)], flag
		answer, refusal := p.readReply(status, body, ask{want: "baseinfo"})
		if refusal != nil {
			if domainErrors[refusal.Class] == nil || len(refusal.Code) > 10 || len(refusal.Error()) > 120 {
				t.Fatalf("error %v", refusal)
			}
			return
		}
		if status/100 != 2 {
			t.Fatalf("status %d became a success", status)
		}
		someone, ok := readPerson(answer.output)
		if !ok || someone == nil {
			return
		}
		if someone.name == "" || someone.number == "" || len(someone.rows) > maxRows {
			t.Fatalf("person %+v", someone)
		}
		checkEnrolments(t, p, someone.rows)
	})
}

func checkEnrolments(t *testing.T, p Profile, rows []fields) {
	t.Helper()
	list, complete, butZeros := p.enrolments(rows)
	if complete && !butZeros {
		t.Fatal("complete, but not but for zeros")
	}
	for _, e := range list {
		b := e.Account.Balance
		if complete && e.Account.Exists == balance.AccountUnknown {
			t.Fatal("complete, though an account is unknown")
		}
		if b != nil && (e.Account.Exists != balance.AccountYes || *b > 999999999999999 || *b < -999999999999999) {
			t.Fatalf("account %+v", e.Account)
		}
		if !utf8.ValidString(e.Employer) || utf8.RuneCountInString(e.Employer) > 200 || len(e.InsuranceType) > 10 {
			t.Fatalf("enrolment %+v", e)
		}
	}
}

// FuzzFigure compares with exact rational arithmetic: a figure that is told is what was written, to the fen.
func FuzzFigure(f *testing.F) {
	for _, s := range []string{`"12.30"`, `12.345`, `1e2`, `-0`, `""`, `null`, `"1e-2"`, `{}`, `" 7 "`, `".56"`, `"１，２３４．５"`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		got := readFigure(json.RawMessage(raw), NumbersEither)
		if got.known && got.bad || !got.known && got.fen != 0 {
			t.Fatalf("%q is %+v", raw, got)
		}
		if !got.known {
			return
		}
		text := strings.Trim(string(raw), " \t\r\n")
		if strings.HasPrefix(text, `"`) {
			if json.Unmarshal([]byte(text), &text) != nil {
				t.Fatalf("%q was read", raw)
			}
		}
		text = strings.Map(func(r rune) rune {
			switch i := strings.IndexRune("０１２３４５６７８９．－＋", r); {
			case r == ',' || r == '，':
				return -1
			case i >= 0:
				return rune("0123456789.-+"[i/len("０")])
			}
			return r
		}, strings.TrimSpace(text))
		want, ok := new(big.Rat).SetString(text)
		if !ok || want.Mul(want, big.NewRat(100, 1)).Cmp(new(big.Rat).SetInt64(int64(got.fen))) != 0 {
			t.Fatalf("%q became %s", raw, got.fen)
		}
	})
}

// FuzzMoment: a date that is told can be read again as itself, and lies within the years in which there is insurance.
func FuzzMoment(f *testing.F) {
	for _, s := range []string{"2009-12-31T16:00:00.000Z", "20261121080000123", "1262275200000", "9999-12-31", "2010-01-01 00:00:00 +0800", "2010-01-01T00:00:00+08:00[Asia/Shanghai]"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		day := date(text)
		if day == "" {
			return
		}
		if len(day) != 10 || date(day) != day || day < "1949-01-01" || day >= "2099-01-01" {
			t.Fatalf("%q is %q", text, day)
		}
	})
}
