package linking

import (
	"strings"
	"testing"
)

func TestNewCode(t *testing.T) {
	t.Parallel()
	var first [10]int
	for range 2000 {
		code := newCode()
		if clean, ok := cleanCode(code); !ok || clean != code {
			t.Fatalf("code %q", code)
		}
		first[code[0]-'0']++
	}
	for digit, n := range first {
		if n == 0 { // of 2000 fair draws this happens once in 10^91
			t.Errorf("no code begins with %d", digit)
		}
	}
}

func TestCleanCode(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"012345": "012345", " 012 345 ": "012345", "０１２３４５": "012345",
	} {
		if got, ok := cleanCode(in); !ok || got != want {
			t.Errorf("%q: got %q, %v", in, got, ok)
		}
	}
	for _, in := range []string{"", "12345", "1234567", "12345x", "一二三四五六", strings.Repeat("1", 1000), "\xff12345"} {
		if _, ok := cleanCode(in); ok {
			t.Errorf("%q was taken", in)
		}
	}
}

func TestSameCode(t *testing.T) {
	t.Parallel()
	if sameCode(nil, nil) || sameCode(nil, []byte{}) || sameCode([]byte{}, []byte{}) {
		t.Error("no code equals no code")
	}
	if !sameCode([]byte{1}, []byte{1}) || sameCode([]byte{1}, []byte{2}) {
		t.Error("comparison is wrong")
	}
}
