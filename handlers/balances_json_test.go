package handlers

import (
	"bytes"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"pgregory.net/rapid"

	"yibao/balance"
)

// The quick way of writing a balance must give the very bytes of encoding/json.
func TestQuickEncodingEqualsEncodingJSON(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		// Bytes, not runes: an upstream may send text that is not UTF-8.
		word := rapid.OneOf(rapid.String(), rapid.Map(rapid.SliceOf(rapid.Byte()), func(b []byte) string { return string(b) }),
			rapid.SampledFrom([]string{"", "职工医保", "<a&b>", "\u2028", "\x7f", "\"\\\n", "�"}))
		view := balanceView{
			Meta: balanceMeta{
				AsOf: moment(word.Draw(t, "as of")), FetchedAt: moment(word.Draw(t, "fetched")),
				AgeSeconds: rapid.Int().Draw(t, "age"), Source: word.Draw(t, "source"),
				Freshness: freshness(word.Draw(t, "freshness")), Coverage: balance.Coverage(word.Draw(t, "coverage")),
				Notices: rapid.SliceOf(rapid.Custom(func(t *rapid.T) noticeView {
					return noticeView{word.Draw(t, "code"), word.Draw(t, "message"), moment(word.Draw(t, "at"))}
				})).Draw(t, "notices"),
				StaleReason: balance.StaleReason(word.Draw(t, "reason")),
			},
			Enrolments: rapid.SliceOf(rapid.Custom(func(t *rapid.T) enrolmentView {
				e := enrolmentView{
					ID: word.Draw(t, "id"), Primary: rapid.Bool().Draw(t, "primary"),
					InsuranceType: word.Draw(t, "type"), InsuranceName: word.Draw(t, "name"),
					Status: balance.Status(word.Draw(t, "status")), StatusName: word.Draw(t, "status name"),
					Region: word.Draw(t, "region"), RegionName: word.Draw(t, "region name"), Employer: word.Draw(t, "employer"),
					EnrolledOn: word.Draw(t, "on"), PausedOn: word.Draw(t, "off"),
				}
				e.Account = accountView{Exists: balance.Existence(word.Draw(t, "exists")), Amount: word.Draw(t, "amount"), Text: word.Draw(t, "text")}
				if rapid.Bool().Draw(t, "known") {
					fen := balance.Fen(rapid.Int64().Draw(t, "fen"))
					e.Account.AmountFen = &fen
				}
				return e
			})).Draw(t, "enrolments"),
		}
		if view.Enrolments == nil {
			view.Enrolments = []enrolmentView{}
		}
		if view.Meta.Notices == nil {
			view.Meta.Notices = []noticeView{}
		}
		var slow bytes.Buffer
		quick := view.AppendJSON(nil)
		if err := huma.DefaultJSONFormat.Marshal(&slow, view); err != nil {
			t.Fatal(err)
		}
		if string(quick)+"\n" != slow.String() {
			t.Fatalf("quick %s\nslow  %s", quick, &slow)
		}
	})
}
