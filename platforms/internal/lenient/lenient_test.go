package lenient_test

import (
	"bytes"
	"encoding/json"
	"reflect"
	"testing"

	"pgregory.net/rapid"

	"yibao/platforms/internal/lenient"
)

func TestWhatIsMended(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		`{"a":"b"}`:                             `{"a":"b"}`,
		"\xef\xbb\xbf {\"a\":1}\r\n\x00\x00":    `{"a":1}`,
		"{\"errmsg\":\"invalid\ncode\trid\"}":   `{"errmsg":"invalid\u000acode\u0009rid"}`,
		`{"balc":.56,"b":-.56,"c":[.5,5.]}`:     `{"balc":0.56,"b":-0.56,"c":[0.5,5.0]}`,
		`[.5e2,5.E-1,-5.]`:                      `[0.5e2,5.0E-1,-5.0]`,
		"{\"a\":\"x\\\"y .5 \n5.\",\"b\":.5}":   `{"a":"x\"y .5 \u000a5.","b":0.5}`,
		"{\"a\":\"he said \\\\\",\"b\":\"\t\"}": `{"a":"he said \\","b":"\u0009"}`,
	} {
		if got := string(lenient.JSON([]byte(in))); got != want || !json.Valid([]byte(got)) {
			t.Errorf("%q became %q", in, got)
		}
	}
}

// TestWhatStaysUnreadable: nothing is made up.
func TestWhatStaysUnreadable(t *testing.T) {
	t.Parallel()
	for _, in := range []string{
		``, "\x00", `.`, `-.`, `-`, `+.5`, `--.5`, `..5`, `.5.`, `.5e`, `1.2.3`, `[1,]`, `{a:1}`, `{'a':1}`, `{"a":1}{"a":1}`, `{"a":1,234.5}`,
		`{"a":"b`, "{\"a\":\"b\\\n\"}", `{"a":NaN}`, `{"a":true.5}`, `{"a":"b".5}`, "{\"a\":1\x00}", `<html>`, `０`, `{"a":１}`,
	} {
		if got := lenient.JSON([]byte(in)); json.Valid(got) {
			t.Errorf("%q became %s", in, got)
		}
	}
}

func TestWhole(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"0.0": "0", "-1.0": "-1", "10000.00": "10000", "0": "0", "0.5": "0.5", "1.": "1.", ".0": ".0", "1e2": "1e2", "1.0.0": "1.0.0", "": "",
	} {
		if got := lenient.Whole(in); got != want {
			t.Errorf("%q became %q", in, got)
		}
	}
}

func TestMembersKeepTheirBytes(t *testing.T) {
	t.Parallel()
	got := lenient.Members([]byte("\xef\xbb\xbf{ \"a\" : {\"m\":\"x\ny\", \"n\":1 } ,\"sign\":\"\\/w\\u003d\" , \"c\": 12 ,\"c\":[ ] }\x00"))
	want := map[string][]byte{"a": []byte("{\"m\":\"x\ny\", \"n\":1 }"), "sign": []byte(`"\/w\u003d"`), "c": []byte("[ ]")}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%q", got)
	}
	for _, in := range []string{``, `[]`, `null`, `{"a":1}{}`, `{"a"}`, `{"a":.5}`, `"a"`, `{`} {
		if got := lenient.Members([]byte(in)); got != nil {
			t.Errorf("%s has members %q", in, got)
		}
	}
}

// TestDamageIsUndone writes a document, damages it in the ways that are mended, and reads it back.
func TestDamageIsUndone(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringMatching("[a-z\\\\\"{}:,.0-9\n\t\r\x01]{0,12}").Draw(t, "text")
		cents := rapid.StringMatching("[0-9]{1,3}").Draw(t, "cents")
		want := map[string]any{"text": text, "some": []any{json.Number("-0." + cents), json.Number(cents)}}
		quoted, _ := json.Marshal(text)
		for escape, raw := range map[string]string{`\n`: "\n", `\t`: "\t", `\r`: "\r", `\u0001`: "\x01"} {
			// An escaped backslash before the letter is no escape of it.
			quoted = bytes.ReplaceAll(quoted, []byte(`\\`), []byte("\xff"))
			quoted = bytes.ReplaceAll(quoted, []byte(escape), []byte(raw))
			quoted = bytes.ReplaceAll(quoted, []byte("\xff"), []byte(`\\`))
		}
		damaged := append([]byte("\xef\xbb\xbf{\"text\":"), quoted...)
		damaged = append(damaged, `,"some":[-.`+cents+`,`+cents+"]}\x00"...)
		if len(cents) > 1 && cents[0] == '0' {
			return // no number
		}
		decoder := json.NewDecoder(bytes.NewReader(lenient.JSON(damaged)))
		decoder.UseNumber()
		var got map[string]any
		if err := decoder.Decode(&got); err != nil || !reflect.DeepEqual(got, want) {
			t.Fatalf("%q became %v, %v", damaged, got, err)
		}
	})
}

// FuzzJSON: what is JSON is not touched, what was mended is mended for good, and nothing is lost but control characters and
// one-sided points.
func FuzzJSON(f *testing.F) {
	for _, s := range []string{`{"a":.5}`, "{\"a\":\"\n\"}", `{"a":1}`, "\xef\xbb\xbf[5.]\x00", `"\`, `-.e`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		before := bytes.Clone(body)
		got := lenient.JSON(body)
		if !bytes.Equal(before, body) {
			t.Fatal("the body was changed")
		}
		if json.Valid(body) && string(got) != string(bytes.Trim(body, " \t\r\n")) {
			t.Fatalf("%q was touched: %q", body, got)
		}
		if again := lenient.JSON(got); json.Valid(got) && !bytes.Equal(again, got) {
			t.Fatalf("%q was mended twice: %q", got, again)
		}
		if len(got) > 6*len(body) {
			t.Fatalf("%d bytes became %d", len(body), len(got))
		}
	})
}

// FuzzMembers compares with encoding/json where that can read the body.
func FuzzMembers(f *testing.F) {
	for _, s := range []string{`{"a":{"b":1},"sign":"x"}`, "{\"a\":\"\n\"}", `{"a" : 12 , "a":[1 ]}`, `{"\u0061":null}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		got := lenient.Members(body)
		var want map[string]json.RawMessage
		if json.Unmarshal(body, &want) != nil {
			want = nil
		}
		if want != nil && len(got) != len(want) {
			t.Fatalf("%q has %d members, not %d", body, len(got), len(want))
		}
		for name, value := range got {
			if want != nil && !bytes.Equal(want[name], value) {
				t.Fatalf("%q: %q is %q, not %q", body, name, value, want[name])
			}
			if !bytes.Contains(body, value) {
				t.Fatalf("%q was never there", value)
			}
		}
	})
}
