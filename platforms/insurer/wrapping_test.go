package insurer

import (
	"encoding/json"
	"testing"

	"pgregory.net/rapid"
)

// read takes an answer through the parser and returns the first figure in fen; nil for an error or none.
func read(p Profile, body []byte) *int64 {
	answer, refusal := p.readReply(200, body, ask{want: "baseinfo"})
	if refusal != nil {
		return nil
	}
	someone, ok := readPerson(answer.output)
	if !ok || someone == nil {
		return nil
	}
	list, _, _ := p.enrolments(someone.rows)
	if len(list) == 0 || list[0].Account.Balance == nil {
		return nil
	}
	fen := int64(*list[0].Account.Balance)
	return &fen
}

// An answer cut off anywhere, in any mode, is an error: never a part of the truth.
func TestEveryPrefixIsAnError(t *testing.T) {
	t.Parallel()
	for _, mode := range unwraps {
		p := profile("http://a.invalid")
		p.Unwrap = mode
		whole := []byte(good(goodOutput))
		if got := read(p, whole); got == nil || *got != 123450 {
			t.Fatalf("mode %s: the whole answer is %v", mode, got)
		}
		for n := range whole {
			if got := read(p, whole[:n]); got != nil {
				t.Fatalf("mode %s: %d bytes gave %d", mode, n, *got)
			}
		}
	}
}

// Whatever relays put around an envelope or an output, in any shape and order, the figure is the one inside.
func TestNestedWrappings(t *testing.T) {
	t.Parallel()
	wrap := func(t *rapid.T, label, text string) string {
		for range rapid.IntRange(0, maxNesting-1).Draw(t, label) {
			switch rapid.IntRange(0, 2).Draw(t, "shape") {
			case 1:
				text = "[" + text + "]"
			case 2:
				encoded, err := json.Marshal(text)
				if err != nil {
					t.Fatal(err)
				}
				text = string(encoded)
			}
			text = `{"` + rapid.SampledFrom(wrappers).Draw(t, "wrapper") + `":` + text + `}`
		}
		return text
	}
	rapid.Check(t, func(t *rapid.T) {
		p := profile("http://a.invalid")
		p.Unwrap = UnwrapNested
		body := wrap(t, "around the envelope", good(wrap(t, "around the output", goodOutput)))
		if got := read(p, []byte(body)); got == nil || *got != 123450 {
			t.Fatalf("%s gave %v", body, got)
		}
	})
}

// A refusal stays a refusal in every mode, wherever it lies.
func TestNestedRefusals(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p := profile("http://a.invalid")
		p.Unwrap = rapid.SampledFrom(unwraps).Draw(t, "mode")
		refusal := rapid.SampledFrom([]string{
			`{"infcode":-1,"output":` + goodOutput + `}`,
			`{"infcode":"1","output":` + goodOutput + `}`,
			`{"code":"999","msg":"x","data":` + goodOutput + `}`,
			`{"code":500159,"success":false,"message":"x","data":` + good(goodOutput) + `}`,
			`{"infcode":"0","success":"false","output":` + goodOutput + `}`,
		}).Draw(t, "refusal")
		if rapid.Bool().Draw(t, "wrapped") {
			refusal = `{"data":` + refusal + `}`
		}
		if got := read(p, []byte(refusal)); got != nil {
			t.Fatalf("%s in mode %s gave %d", refusal, p.Unwrap, *got)
		}
	})
}
