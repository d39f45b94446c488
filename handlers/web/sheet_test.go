package web

import (
	"bytes"
	"testing"
)

type sheetOf [][]string

func (s sheetOf) ContentType(string) string { return SheetType }
func (s sheetOf) Table() [][]string         { return s }

// TestCellsOfSheets: no cell is a formula in either width, and a number stays a number.
func TestCellsOfSheets(t *testing.T) {
	t.Parallel()
	for cell, want := range map[string]string{
		"": "", "药店": "药店", "12.50": "12.50", "-12.50": "-12.50", "-3": "-3", "=1+1": "'=1+1", "+86": "'+86", "-": "'-", "-1+1": "'-1+1", "-12.": "'-12.",
		"@SUM(A1)": "'@SUM(A1)", "\tx": "'\tx", "＝1": "'＝1", "－1": "'－1", "a=b": "a=b", "'=1": "'=1",
		"a,b": "\"a,b\"", `say "x"`: `"say ""x"""`, "two\nlines": "\"two\r\nlines\"", "\rx": "\"'x\"", " =1": "\" =1\"",
	} {
		var got bytes.Buffer
		if err := tableFormat.Marshal(&got, sheetOf{{cell, "x"}}); err != nil || got.String() != "\ufeff"+want+",x\r\n" {
			t.Errorf("%q is written %q, want %q %v", cell, got.String(), want, err)
		}
	}
	if err := tableFormat.Marshal(&bytes.Buffer{}, "no table"); err == nil {
		t.Error("a text is no table")
	}
}
