package phone_test

import (
	"testing"

	"yibao/platforms/internal/phone"
)

func TestNormalise(t *testing.T) {
	t.Parallel()
	const plain = "13800000000"
	for _, in := range []string{plain, "8613800000000", "+8613800000000", "008613800000000", "+86 138-0000-0000", " 138 0000 0000"} {
		if got, ok := phone.Normalise(in); !ok || got != plain {
			t.Errorf("%q became %q, %v", in, got, ok)
		}
	}
	for _, in := range []string{"", "86", "12800000000", "10000000000", "23800000000", "1380000000", "138000000000", "1380000000x",
		"１３８００００００００", "02080000000", "8612800000000", "+868613800000000", "138\n0000000"} {
		if got, ok := phone.Normalise(in); ok || got != "" {
			t.Errorf("%q became %q", in, got)
		}
	}
}

func FuzzNormalise(f *testing.F) {
	f.Add("+86 138 0000 0000")
	f.Add("8686")
	f.Fuzz(func(t *testing.T, in string) {
		got, ok := phone.Normalise(in)
		if again, still := phone.Normalise(got); ok != (got != "") || (ok && (!still || again != got || len(got) != 11)) {
			t.Fatalf("%q became %q, then %q", in, got, again)
		}
	})
}
