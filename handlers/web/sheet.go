package web

import (
	"encoding/csv"
	"fmt"
	"io"
	"regexp"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/negotiation"
)

// Sheet is the body of a route with Sheets: it is answered as JSON or as the table that it gives.
type Sheet interface {
	huma.ContentTypeFilter // gives SheetType when the table is wanted, else "application/json"
	Table() [][]string     // the header first
}

// SheetType is the content type of a table: CSV (RFC 4180) in UTF-8, for spreadsheet programs.
const SheetType = "text/csv; charset=utf-8"

const sheetFormat = "text/csv"

// WantsSheet says whether a request with that header Accept wants a table rather than JSON.
func WantsSheet(accept string) bool {
	return negotiation.SelectQValueFast(accept, []string{"application/json", sheetFormat}) == sheetFormat
}

// byteOrderMark tells spreadsheet programs that the file is UTF-8.
const byteOrderMark = "\ufeff"

var tableFormat = huma.Format{Marshal: func(w io.Writer, v any) error {
	sheet, ok := v.(Sheet)
	if !ok {
		return fmt.Errorf("web: %T is no table", v)
	}
	if _, err := io.WriteString(w, byteOrderMark); err != nil {
		return err
	}
	writer := csv.NewWriter(w)
	writer.UseCRLF = true
	for _, row := range sheet.Table() {
		safe := make([]string, len(row))
		for i, cell := range row {
			safe[i] = harmless(cell)
		}
		if err := writer.Write(safe); err != nil {
			return err
		}
	}
	writer.Flush()
	return writer.Error()
}}

// plainNumber is what a spreadsheet program reads as a number and not as a formula: also a refund, "-12.50".
var plainNumber = regexp.MustCompile(`^-?[0-9]+(\.[0-9]+)?$`)

// harmless puts an apostrophe before what a spreadsheet program would take for a formula, in either width.
func harmless(cell string) string {
	if cell == "" || !strings.ContainsAny(firstRune(cell), "=+-@\t\r\n＝＋－＠") || plainNumber.MatchString(cell) {
		return cell
	}
	return "'" + cell
}

func firstRune(s string) string {
	for _, r := range s {
		return string(r)
	}
	return ""
}

// Sheets says that the route's body is a Sheet.
func (r Route) Sheets() Route { r.sheets = true; return r }

// documentSheet adds the table to the content of success.
func documentSheet(op *huma.Operation) {
	op.Responses["200"].Content[sheetFormat] = &huma.MediaType{Schema: &huma.Schema{Type: huma.TypeString}}
}
