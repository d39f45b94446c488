package catalogue_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"yibao/balance"
	"yibao/balance/catalogue"
)

// TestNamesAreSpelled: initials and the whole pinyin, also where a word has another reading than its characters, of a width
// or letter case of any kind, and with what is no Chinese left as it is.
func TestNamesAreSpelled(t *testing.T) {
	t.Parallel()
	for name, want := range map[string][2]string{
		"阿莫西林胶囊":     {"amxljn", "amoxilinjiaonang"},
		"重组人胰岛素":     {"czryds", "chongzurenyidaosu"},
		"重庆示例医院":     {"cqslyy", "chongqingshiliyiyuan"},
		"人参片":        {"rsp", "renshenpian"},
		"维生素Ｂ１ 片":    {"wssb1p", "weishengsub1pian"},
		"（示例）CT-平扫":  {"slctps", "shilictpingsao"},
		"":           {"", ""},
		"𠮷林\u0000医院": {"𠮷lyy", "𠮷linyiyuan"},
	} {
		keys := catalogue.Entry{Name: name}.Keys()
		if keys.Initials != want[0] || keys.Pinyin != want[1] {
			t.Errorf("%q: %s %s", name, keys.Initials, keys.Pinyin)
		}
	}
}

// TestWhatIsExactComesFirst: a code, a name, its pinyin; then what begins so; then what has it within; each by name. Pages
// cut this order anywhere.
func TestWhatIsExactComesFirst(t *testing.T) {
	t.Parallel()
	w := newWorld(t, drug("X1", "示例西林"), drug("X2", "西林"), drug("X3", "西林片"), drug("X4", "西林胶囊"), drug("X5", "甲西林片"), drug("XL", "乙宁片"),
		drug("X7", "细料"), drug("Z9", "西药"))
	w.bring(catalogue.Drugs, false)
	for text, want := range map[string]string{
		"西林":      "X2 X3 X4 X5 X1",
		"西林片":     "X3 X5",
		" 西 林，片":  "X3 X5",
		"xl":      "XL X7 X2 X3 X4",
		"XL":      "XL X7 X2 X3 X4",
		"xilin":   "X2 X3 X4",
		"X3":      "X3",
		"x":       "X2 X3 X4 Z9 X7 X1 X5 XL",
		"西":       "Z9 X2 X3 X4",
		"没有":      "",
		"slxl":    "X1",
		"示例西林很长的": "",
	} {
		wanted := strings.Fields(want)
		for _, limit := range []int{1, 2, 100} {
			got := w.found(text, limit)
			if text == "西" || text == "x" { // the order of names is that of their characters
				slices.Sort(got)
				slices.Sort(wanted)
			}
			if !slices.Equal(got, wanted) {
				t.Errorf("%q by %d: %v, want %v", text, limit, got, wanted)
			}
		}
	}
	if all := w.found("", 3); len(all) != 8 {
		t.Errorf("without a text: %v", all)
	}
}

// TestFiltersOfASearch: a grade, a type, a level; what was struck off or has ended is not found.
func TestFiltersOfASearch(t *testing.T) {
	t.Parallel()
	b, ended, off := drug("X2", "示例乙"), drug("X3", "示例丙"), drug("X4", "示例丁")
	b.Grade, ended.To, off.Valid = "B", "2026-11-20", false
	last := drug("X5", "示例戊")
	last.To = "2026-11-21"
	w := newWorld(t, drug("X1", "示例甲"), b, ended, off, last)
	w.upstream.places = []catalogue.Institution{place("H1", "示例医院", catalogue.TypeMedical, "02"), place("H2", "示例诊所", catalogue.TypeMedical, "11"), place("P1", "示例药房", catalogue.TypePharmacy, "")}
	w.bring(catalogue.Drugs, false)
	w.bring(catalogue.Institutions, false)
	if got := w.found("示例", 100); !slices.Equal(got, []string{"X5", "X2", "X1"}) {
		slices.Sort(got)
		if !slices.Equal(got, []string{"X1", "X2", "X5"}) {
			t.Errorf("all: %v", got)
		}
	}
	page, err := w.service.Drugs(t.Context(), catalogue.Query{Region: region, Text: "sl"}, "B")
	if err != nil || len(page.Rows) != 1 || page.Rows[0] != b {
		t.Errorf("of a grade: %+v %v", page, err)
	}
	for filter, want := range map[[2]string]string{{"medical", ""}: "H1 H2", {"medical", "02"}: "H1", {"", "11"}: "H2", {"pharmacy", ""}: "P1", {"pharmacy", "02"}: "", {"", ""}: "H1 H2 P1"} {
		page, err := w.service.Institutions(t.Context(), catalogue.Query{Region: region, Text: "shili"}, catalogue.Type(filter[0]), filter[1])
		if err != nil {
			t.Fatal(err)
		}
		var codes []string
		for _, one := range page.Rows {
			codes = append(codes, one.Code)
		}
		if slices.Sort(codes); strings.Join(codes, " ") != want {
			t.Errorf("%v: %v", filter, codes)
		}
	}
}

// TestASearchIsRefusedOrEmpty: an unknown region, a region without the catalogue, a text, limit or cursor that is none. Before
// the first import nothing is found, and the page says that there was none.
func TestASearchIsRefusedOrEmpty(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, c := range []struct {
		q    catalogue.Query
		want error
	}{
		{catalogue.Query{Region: "000000"}, catalogue.ErrRegion},
		{catalogue.Query{Region: "990200"}, balance.ErrUnsupported},
		{catalogue.Query{Region: region, Text: "，。"}, catalogue.ErrText},
		{catalogue.Query{Region: region, Text: strings.Repeat("片", 51)}, catalogue.ErrText},
		{catalogue.Query{Region: region, Limit: 101}, catalogue.ErrLimit},
		{catalogue.Query{Region: region, Cursor: "%"}, catalogue.ErrCursor},
		{catalogue.Query{Region: region, Cursor: "AAAA"}, catalogue.ErrCursor},
	} {
		if _, err := w.service.Drugs(t.Context(), c.q, ""); !errors.Is(err, c.want) {
			t.Errorf("%+v: %v", c.q, err)
		}
	}
	page, err := w.service.Drugs(t.Context(), catalogue.Query{Region: region, Text: "片"}, "")
	if err != nil || len(page.Rows) != 0 || !page.Whole.IsZero() {
		t.Errorf("%+v %v", page, err)
	}
}

// TestASearchIsBounded: of a long catalogue a bounded number is read, in at most seven commands, and the page says that more
// fits.
func TestASearchIsBounded(t *testing.T) {
	t.Parallel()
	w := newWorld(t, many(3000)...)
	w.upstream.size = 500
	w.bring(catalogue.Drugs, false)
	for _, text := range []string{"示例", "sl", "x0", "", "安素"} {
		w.client.ResetCounts()
		page, err := w.service.Drugs(t.Context(), catalogue.Query{Region: region, Text: text}, "")
		if err != nil || !page.Cut || len(page.Rows) != catalogue.DefaultLimit {
			t.Errorf("%q: cut %t, %d rows, %v", text, page.Cut, len(page.Rows), err)
		}
		if n := w.client.Counts()["drugs.find"]; n > 7 {
			t.Errorf("%q: %d finds", text, n)
		}
	}
	if page, err := w.service.Drugs(t.Context(), catalogue.Query{Region: region, Text: "甲安素片2999号"}, ""); err != nil || page.Cut || len(page.Rows) != 1 {
		t.Errorf("%+v %v", page, err)
	}
}

// TestPagesOfASearch: whatever the names and the page's size, each that fits comes once, and in the same order.
func TestPagesOfASearch(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		names := rapid.SliceOfN(rapid.StringMatching(`[甲乙片ab]{1,4}`), 1, 12).Draw(r, "names")
		var list []catalogue.Drug
		for i, name := range names {
			list = append(list, drug(fmt.Sprintf("X%d", i), name))
		}
		w := newWorld(t, list...)
		w.bring(catalogue.Drugs, false)
		text := rapid.StringMatching(`[甲乙片ab]{2,3}`).Draw(r, "text")
		got := w.found(text, rapid.IntRange(1, 5).Draw(r, "limit"))
		if whole := w.found(text, 100); !slices.Equal(got, whole) {
			r.Fatalf("pages %v, one page %v", got, whole)
		}
		for _, d := range list {
			keys := d.Keys()
			fits := strings.Contains(d.Name, text) || strings.HasPrefix(keys.Initials, text) || strings.HasPrefix(keys.Pinyin, text)
			n := 0
			for _, code := range got {
				if code == d.Code {
					n++
				}
			}
			if fits != (n == 1) || n > 1 {
				r.Fatalf("%q in %q: %d times in %v", text, d.Name, n, got)
			}
		}
	})
}
