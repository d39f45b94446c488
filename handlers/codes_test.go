package handlers

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"yibao/handlers/web"
	"yibao/handlers/web/webtest"
)

// served says which method of which domain package a route calls. (SignIn's own comment names Authenticator.)
var served = map[string][]string{
	"signIn":                       {"session.Service.SignIn", "identity.Authenticator"},
	"listSessions":                 {"session.Service.List"},
	"signOut":                      {"session.Service.SignOut"},
	"signOutAll":                   {"session.Service.SignOutAll"},
	"me":                           nil, // Quotas
	"home":                         nil, // what fails leaves a part of the answer out
	"listRegions":                  nil,
	"listInsured":                  nil,
	"getInsured":                   nil,
	"listTemplates":                nil, // Quotas
	"startLink":                    {"linking.Service.Start"},
	"getLinkAttempt":               {"linking.Service.Attempt"},
	"resendCode":                   {"linking.Service.Resend"},
	"proveLink":                    {"linking.Service.Prove"},
	"setUnattended":                {"linking.Service.SetUnattended"},
	"unlink":                       {"linking.Service.Unlink"},
	"getBalance":                   {"balance.Service.Current"},
	"getTrend":                     {"balance.Service.Trend"},
	"getTrendPicture":              {"balance.Service.Trend"},
	"getFlow":                      {"records.Service.FlowChart"},
	"getFlowPicture":               {"records.Service.FlowChart"},
	"getSpending":                  {"records.Service.SpendingChart"},
	"getSpendingPicture":           {"records.Service.SpendingChart"},
	"getContributionsChart":        {"records.Service.ContributionsChart"},
	"getContributionsChartPicture": {"records.Service.ContributionsChart"},
	"getReminder":                  {"reminder.Service.Get"},
	"putReminder":                  {"reminder.Service.Put"},
	"patchReminder":                {"reminder.Service.Patch"},
	"deleteReminder":               {"reminder.Service.Delete"},
	"listDeliveries":               {"reminder.Service.Deliveries"},
	"reportSubscription":           {"reminder.Service.Report"},
	"endOther":                     {"linking.Service.EndOther"},
	"listSettlements":              {"records.Service.Settlements"},
	"listUnusual":                  {"records.Service.Unusual"},
	"listLines":                    {"records.Service.Lines", "records.Service.Settlements"},
	"listLedger":                   {"records.Service.Ledger", "records.Service.Settlements"},
	"listContributions":            {"records.Service.Contributions", "records.Service.Settlements"},
	"listClaims":                   {"records.Service.Claims", "records.Service.Settlements"},
	"getPooled":                    {"records.Service.Accumulated", "records.Service.Unusual"}, // Quotas is a part of the answer
	"listInstitutions":             {"records.Service.Designated", "records.Service.Unusual"},
	"getInsuranceCode":             nil, // the directory of regions
	"getShortcut":                  nil, // a table
	"searchInstitutions":           {"catalogue.Service.Institutions"},
	"searchDrugs":                  {"catalogue.Service.Drugs"},
}

// TestRoutesListTheErrorsOfTheirServices: each exported method of a service says in its comment which errors it returns.
// A route must list them all, with those of its handler, and no others.
func TestRoutesListTheErrorsOfTheirServices(t *testing.T) {
	t.Parallel()
	comments, codeOf := comments(t, "identity", "identity/session", "identity/linking", "balance", "balance/catalogue", "balance/records", "reminder"), codesOfErrors(t)
	handlersOwn := map[string]string{"putReminder": "consent_missing", "patchReminder": "consent_missing"}
	never := map[string]string{"reportSubscription": "report_id_invalid", "listInstitutions": "range_invalid"} // the field's schema is as strict, or there is none
	for _, r := range (&server{}).routes() {
		if slices.Contains(r.Failures, errCursor) && !strings.HasPrefix(r.ID, "search") { // a search makes no file
			handlersOwn[r.ID], never[r.ID] = "too_many_rows", "validation" // of limit, whose schema is as strict
		}
	}
	for _, r := range (&server{}).routes() {
		methods, ok := served[r.ID]
		if !ok {
			t.Errorf("%s: which service does it call?", r.ID)
		}
		want := map[string]bool{}
		for _, method := range methods {
			for _, name := range returned(t, method, comments[method]) {
				code, ok := codeOf[name]
				if !ok {
					t.Errorf("%s returns %s, which no public error stands for", method, name)
				}
				want[code] = true
			}
		}
		want[handlersOwn[r.ID]] = true
		for _, code := range []string{"", never[r.ID], "not_found", "store_unavailable"} {
			delete(want, code)
		}
		var listed []string
		for _, e := range r.Failures {
			listed = append(listed, e.Code)
		}
		slices.Sort(listed)
		if sorted := slices.Sorted(maps.Keys(want)); !slices.Equal(listed, sorted) {
			t.Errorf("%s lists %v, its service says %v", r.ID, listed, sorted)
		}
	}
}

// comments reads the comments of packages: "linking.Service.Start" → its comment.
func comments(t *testing.T, packages ...string) map[string]string {
	t.Helper()
	found := map[string]string{}
	for _, path := range packages {
		name := filepath.Base(path)
		files, err := filepath.Glob("../" + path + "/*.go")
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ParseComments)
			if err != nil {
				t.Fatal(err)
			}
			for _, d := range parsed.Decls {
				switch d := d.(type) {
				case *ast.FuncDecl:
					if d.Recv == nil || !d.Name.IsExported() {
						continue
					}
					if star, ok := d.Recv.List[0].Type.(*ast.StarExpr); ok {
						if receiver, ok := star.X.(*ast.Ident); ok {
							found[name+"."+receiver.Name+"."+d.Name.Name] = d.Doc.Text()
						}
					}
				case *ast.GenDecl:
					if spec, ok := d.Specs[0].(*ast.TypeSpec); ok {
						found[name+"."+spec.Name.Name] = d.Doc.Text()
					}
				}
			}
		}
	}
	return found
}

// returned reads "Errors: …" of a comment. An error that comes "together with" another goes out as that one.
func returned(t *testing.T, method, comment string) (names []string) {
	t.Helper()
	comment = strings.Join(strings.Fields(comment), " ")
	_, list, ok := strings.Cut(strings.Replace(comment, "Returns Err", "Errors: Err", 1), "Errors: ")
	if !ok {
		t.Fatalf("%s does not say which errors it returns", method)
	}
	list, _, _ = strings.Cut(list, "together with")
	name, _, _ := strings.Cut(method, ".")
	for _, found := range regexp.MustCompile(`\*?(\w+\.)?\b(Err[A-Z]\w*|LimitError)`).FindAllStringSubmatch(list, -1) {
		if found[1] != "" {
			names = append(names, found[1]+found[2])
			continue
		}
		names = append(names, name+"."+found[2])
	}
	return names
}

// codesOfErrors reads the lists of errors: "identity.ErrStore" → "store_unavailable".
func codesOfErrors(t *testing.T) map[string]string {
	t.Helper()
	codes, byName := map[string]string{}, map[string]string{"identity.LimitError": errTooMany.Code}
	for _, list := range []struct{ file, prefix, pattern string }{
		{"web/errors.go", "web.", `(Err\w+) += &Error\{Code: "(\w+)"`},
		{"errors.go", "", `(err\w+) += publish\(&web\.Error\{Code: "(\w+)"`},
		{"proofs.go", "", `(err\w+) += publish\(&web\.Error\{Code: "(\w+)"`},
	} {
		source, err := os.ReadFile(list.file)
		if err != nil {
			t.Fatal(err)
		}
		for _, found := range regexp.MustCompile(list.pattern).FindAllSubmatch(source, -1) {
			codes[list.prefix+string(found[1])] = string(found[2])
		}
		for _, found := range regexp.MustCompile(`\{(\w+\.Err\w+), ((?:web\.)?[Ee]rr\w+)\}`).FindAllSubmatch(source, -1) {
			byName[string(found[1])] = codes[string(found[2])]
		}
	}
	if len(codes) != len(publicErrors) {
		t.Fatalf("%d public errors are listed, %d are found in the source", len(publicErrors), len(codes))
	}
	return byName
}

// TestCodesAreTheDomains: the codes that answers carry are exactly the constants of the domain packages.
func TestCodesAreTheDomains(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		file, from, constant string
		notes                []web.Note
	}{
		{"../balance/answer.go", "", `\tStatus\w+ +Status += "(\w+)"`, statusNotes()},
		{"../identity/attempt.go", "", `\tFailed\w+ += "(\w+)"`, web.Notes(failureTexts)},
		{"../reminder/delivery.go", "", `\tDelivery\w+ +DeliveryState = "(\w+)"`, web.Notes(deliveryTexts)},
		{"../balance/records/rows.go", "", `\tVisit\w+ +VisitKind = "(\w+)"`, web.Notes(visitTexts)},
		{"../balance/records/rows.go", "", `\tWhere\w+ +Where = "(\w+)"`, web.Notes(whereTexts)},
		{"../balance/records/rows.go", "", `\tSettlement\w+ +SettlementState = "(\w+)"`, web.Notes(settlementTexts)},
		{"../balance/records/rows.go", "", `\tSums\w+ +Sums = "(\w+)"`, web.Notes(sumsTexts)},
		{"../balance/records/rows.go", "", `\tGrade\w+ +Grade = "(\w+)"`, web.Notes(gradeTexts)},
		{"../balance/records/rows.go", "", `\tEntry\w+ +EntryKind = "(\w+)"`, web.Notes(entryTexts)},
		{"../balance/records/rows.go", "", `\tContribution\w+ +ContributionKind = "(\w+)"`, web.Notes(contributionTexts)},
		{"../balance/records/rows.go", "", `\tPaid\w+ +Paid = "(\w+)"`, web.Notes(paidTexts)},
		{"../balance/records/rows.go", "", `\tClaim\w+ +ClaimState = "(\w+)"`, web.Notes(claimTexts)},
		{"../balance/records/rows.go", "", `\tClaim\w+ +ClaimState = "(\w+)"`, web.Notes(claimNext)},
		{"../balance/records/rows.go", "", `\tAccumulated\w+ +AccumulatedKind = "(\w+)"`, web.Notes(accumulatedTexts)},
		{"../balance/records/rows.go", "", `\tDesignated\w+ +DesignatedKind = "(\w+)"`, web.Notes(designatedTexts)},
		{"../balance/records/reversal.go", "", `\tFlag\w+ +FlagKind = "(\w+)"`, web.Notes(flagTexts)},
		{"../reminder/reason.go", "", `\tReason\w+ +Reason = "(\w+)"`, web.Notes(reasonTexts)},
		{"../reminder/reason.go", "// The reasons of an evaluation", `\tReason\w+ +Reason = "(\w+)"`, web.Notes(evaluationTexts)},
	} {
		source, err := os.ReadFile(c.file)
		if err != nil {
			t.Fatal(err)
		}
		text := string(source)
		if c.from != "" {
			text, _, _ = strings.Cut(text[max(strings.Index(text, c.from), 0):], "\n)")
		}
		var want, got []string
		for _, found := range regexp.MustCompile(c.constant).FindAllStringSubmatch(text, -1) {
			want = append(want, found[1])
		}
		for _, note := range c.notes {
			got = append(got, note.Code)
			if !webtest.Han(note.ZH) || note.EN == "" || webtest.Han(note.EN) {
				t.Errorf("%+v", note)
			}
		}
		slices.Sort(want)
		slices.Sort(got)
		if len(want) < 2 || !slices.Equal(got, want) {
			t.Errorf("%s: %v\nhere %v", c.file, want, got)
		}
	}
}

// TestAnswersHaveDocumentedCodes makes each route fail and looks the code up in the document.
func TestAnswersHaveDocumentedCodes(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	var document struct {
		Paths map[string]map[string]struct {
			Responses map[string]struct {
				Codes []web.Note `json:"x-codes"`
			} `json:"responses"`
		} `json:"paths"`
	}
	if err := json.Unmarshal([]byte(r.send(webtest.Request("GET", "/openapi.json", "")).Text), &document); err != nil {
		t.Fatal(err)
	}
	for _, route := range (&server{}).routes() {
		path := strings.ReplaceAll(route.Path, "{id}", "NEVERHEARDOF")
		unsigned := webtest.Request(route.Method, path, "{}")
		odd := webtest.Request(route.Method, path+"?step=odd", "[]")
		odd.Header.Set("Authorization", "Bearer "+goodToken)
		for _, made := range []webtest.Answer{
			r.send(unsigned), r.send(odd), r.do(route.Method, path, ""), r.do(route.Method, path, "{"), r.do(route.Method, path, "\xff"),
		} {
			if made.StatusCode < 400 {
				continue
			}
			p := made.Problem(t)
			notes := document.Paths[route.Path][strings.ToLower(route.Method)].Responses[made.Status[:3]].Codes
			if !slices.ContainsFunc(notes, func(n web.Note) bool { return n.Code == p.Code && n.ZH == p.Message }) {
				t.Errorf("%s answers %d %s, which the document does not say", route.ID, p.Status, p.Code)
			}
		}
	}
}
