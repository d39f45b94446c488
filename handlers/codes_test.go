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
)

// served says which method of which domain package a route calls. (SignIn's own comment names Authenticator.)
var served = map[string][]string{
	"signIn":             {"identity.Sessions.SignIn", "identity.Authenticator"},
	"listSessions":       {"identity.Sessions.List"},
	"signOut":            {"identity.Sessions.SignOut"},
	"me":                 nil, // Quotas
	"listRegions":        nil,
	"listInsured":        nil,
	"getInsured":         nil,
	"listTemplates":      nil, // Quotas
	"startLink":          {"identity.Linking.Start"},
	"getLinkAttempt":     {"identity.Linking.Attempt"},
	"resendCode":         {"identity.Linking.Resend"},
	"proveLink":          {"identity.Linking.Prove"},
	"unlink":             {"identity.Linking.Unlink"},
	"getBalance":         {"balance.Service.Current"},
	"getTrend":           {"balance.Service.Trend"},
	"getReminder":        {"reminder.Service.Get"},
	"putReminder":        {"reminder.Service.Put"},
	"deleteReminder":     {"reminder.Service.Delete"},
	"listDeliveries":     {"reminder.Service.Deliveries"},
	"reportSubscription": {"reminder.Service.Report"},
}

// TestRoutesListTheErrorsOfTheirServices: each exported method of a service says in its comment which errors it returns.
// A route must list them all, with those of its handler, and no others.
func TestRoutesListTheErrorsOfTheirServices(t *testing.T) {
	t.Parallel()
	comments, codeOf := comments(t, "identity", "balance", "reminder"), codesOfErrors(t)
	handlersOwn := map[string]string{"putReminder": "consent_missing"}
	never := map[string]string{"reportSubscription": "report_id_invalid"} // the schema of the field is as strict
	for _, r := range (&server{}).routes() {
		methods, ok := served[r.id]
		if !ok {
			t.Errorf("%s: which service does it call?", r.id)
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
		want[handlersOwn[r.id]] = true
		for _, code := range []string{"", never[r.id], "not_found", "store_unavailable"} {
			delete(want, code)
		}
		var listed []string
		for _, e := range r.failures {
			listed = append(listed, e.code)
		}
		slices.Sort(listed)
		if sorted := slices.Sorted(maps.Keys(want)); !slices.Equal(listed, sorted) {
			t.Errorf("%s lists %v, its service says %v", r.id, listed, sorted)
		}
	}
}

// comments reads the comments of packages: "identity.Linking.Start" → its comment.
func comments(t *testing.T, packages ...string) map[string]string {
	t.Helper()
	found := map[string]string{}
	for _, name := range packages {
		files, err := filepath.Glob("../" + name + "/*.go")
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

// returned reads "Errors: …" of a comment. What comes "together with" an error goes out as that error.
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

// codesOfErrors reads the list of known errors: "identity.ErrStore" → "store_unavailable".
func codesOfErrors(t *testing.T) map[string]string {
	t.Helper()
	source, err := os.ReadFile("errors.go")
	if err != nil {
		t.Fatal(err)
	}
	codes := map[string]string{}
	for _, found := range regexp.MustCompile(`(err\w+) += publish\(publicError\{code: "(\w+)"`).FindAllSubmatch(source, -1) {
		codes[string(found[1])] = string(found[2])
	}
	if len(codes) != len(publicErrors) {
		t.Fatalf("%d of %d public errors are found in the source", len(codes), len(publicErrors))
	}
	byName := map[string]string{"identity.LimitError": errTooMany.code}
	for _, found := range regexp.MustCompile(`\{(\w+\.Err\w+), (err\w+)\}`).FindAllSubmatch(source, -1) {
		byName[string(found[1])] = codes[string(found[2])]
	}
	return byName
}

// TestCodesAreTheDomains: the codes that answers carry are exactly the constants of the domain packages.
func TestCodesAreTheDomains(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		file, from, constant string
		notes                []codeNote
	}{
		{"../balance/answer.go", "", `\tStatus\w+ +Status += "(\w+)"`, statusNotes()},
		{"../identity/identity.go", "", `\tFailed\w+ += "(\w+)"`, notesOf(failureTexts)},
		{"../reminder/delivery.go", "", `\tDelivery\w+ +DeliveryState = "(\w+)"`, notesOf(deliveryTexts)},
		{"../reminder/reason.go", "", `\tReason\w+ +Reason = "(\w+)"`, notesOf(reasonTexts)},
		{"../reminder/reason.go", "// The reasons of an evaluation", `\tReason\w+ +Reason = "(\w+)"`, notesOf(evaluationTexts)},
	} {
		source, err := os.ReadFile(c.file)
		if err != nil {
			t.Fatal(err)
		}
		text := string(source)
		if c.from != "" {
			_, text, _ = strings.Cut(text, c.from)
			text, _, _ = strings.Cut(text, "\n)")
		}
		var want, got []string
		for _, found := range regexp.MustCompile(c.constant).FindAllStringSubmatch(text, -1) {
			want = append(want, found[1])
		}
		for _, note := range c.notes {
			got = append(got, note.Code)
			if !han(note.ZH) || note.EN == "" || han(note.EN) {
				t.Errorf("%+v", note)
			}
		}
		slices.Sort(want)
		slices.Sort(got)
		if len(want) < 5 || !slices.Equal(got, want) {
			t.Errorf("%s: %v\nhere %v", c.file, want, got)
		}
	}
}

// TestAnswersHaveDocumentedCodes asks what goes wrong at a route and looks the code up in the document.
func TestAnswersHaveDocumentedCodes(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	var document struct {
		Paths map[string]map[string]struct {
			Responses map[string]struct {
				Codes []codeNote `json:"x-codes"`
			} `json:"responses"`
		} `json:"paths"`
	}
	if err := json.Unmarshal([]byte(r.send(request("GET", "/openapi.json", "")).body), &document); err != nil {
		t.Fatal(err)
	}
	for _, route := range (&server{}).routes() {
		path := strings.ReplaceAll(route.path, "{id}", "NEVERHEARDOF")
		unsigned := request(route.method, path, "{}")
		odd := request(route.method, path+"?step=odd", "[]")
		odd.Header.Set("Authorization", "Bearer "+goodToken)
		for _, made := range []response{
			r.send(unsigned), r.send(odd), r.do(route.method, path, ""), r.do(route.method, path, "{"), r.do(route.method, path, "\xff"),
		} {
			if made.StatusCode < 400 {
				continue
			}
			p := made.problem(t)
			notes := document.Paths[route.path][strings.ToLower(route.method)].Responses[made.Status[:3]].Codes
			if !slices.ContainsFunc(notes, func(n codeNote) bool { return n.Code == p.Code && n.ZH == p.Detail }) {
				t.Errorf("%s answers %d %s, which the document does not say", route.id, p.Status, p.Code)
			}
		}
	}
}
