package handlers

import (
	"maps"
	"strings"
	"testing"

	"yibao/handlers/web/webtest"
)

// TestCitizensReadNoDeveloperWords: every sentence that a citizen is shown is in words of a public service; what a
// developer needs stands in detail.
func TestCitizensReadNoDeveloperWords(t *testing.T) {
	t.Parallel()
	shown := map[string]text{
		"linked": textLinked, "no account": textNoAccount, "balance unknown": textBalanceUnknown,
		"account unknown": textAccountUnknown, "other": textOther, "code opens": textCodeOpens, "code none": textCodeNone,
		"not understood": textNotUnderstood, "quota told": textQuotaTold, "quota not told": textQuotaNotTold, "quota failed": textQuotaFailed,
		"about settlements": aboutSettlements, "about lines": aboutLines, "about unusual": aboutUnusual, "about ledger": aboutLedger,
		"about contributions": aboutContributions, "about claims": aboutClaims, "about pooled": aboutPooled, "about institutions": aboutInstitutions,
	}
	for name, list := range map[string]map[string]text{
		"failure": failureTexts, "delivery": deliveryTexts, "reason": reasonTexts, "notice": noticeTexts,
		"visit": visitTexts, "visit code": visitCodes, "where": whereTexts, "settlement": settlementTexts, "sums": sumsTexts, "grade": gradeTexts,
		"entry": entryTexts, "entry code": entryCodes, "contribution": contributionTexts, "contribution code": contributionCodes, "paid": paidTexts,
		"claim": claimTexts, "next": claimNext, "accumulated": accumulatedTexts, "designated": designatedTexts, "flag": flagTexts, "limit": limitTexts,
	} {
		for code, t := range list {
			shown[name+" "+code] = t
		}
	}
	for method, p := range proofs {
		shown[string(method)+" waiting"], shown[string(method)+" right"] = p.waiting, p.right
	}
	errors := map[string]text{}
	for _, e := range publicErrors {
		errors["error "+e.Code] = e.Text
		if !webtest.Han(e.Detail[0]) || e.Detail[1] == "" || webtest.Han(e.Detail[1]) || e.Detail == e.Text {
			t.Errorf("%s tells a developer %q", e.Code, e.Detail)
		}
	}
	maps.Copy(shown, errors)
	for name, one := range shown {
		if word := webtest.DeveloperWord(one[0], one[1]); word != "" {
			t.Errorf("%s: %q in %q", name, word, one)
		}
	}
	for _, where := range []string{"error not_enrolled", "error person_changed", "error too_many_attempts", "notice partial", "failure not_matched"} {
		if zh := shown[where][0]; !strings.Contains(zh, "12393") {
			t.Errorf("%s does not say where to ask: %q", where, zh)
		}
	}
}
