package document

import (
	"slices"
	"testing"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/unicode/norm"
)

func TestSameName(t *testing.T) {
	t.Parallel()
	for _, c := range [][2]string{
		{"测试\u4DAE", "测试\uE863"},             // 䶮: Unicode, GBK's private code point
		{"测试\u3CE0", "测试\uE82F"},             // 㳠
		{"石测凉", "\u2F6F测\uF979"},             // a Kangxi radical, a compatibility ideograph
		{"青马龙", "\u2ED8\u2EE2\u2EF0"},        // radicals of the supplement
		{"测试甲", "测\U000E0100试\uFE00甲\uFE0F"}, // variation selectors
		{"测试·甲", "测试甲"},
		{"测试·甲", "测试。甲"},
		{"测试·甲", "测试﹒甲"},
		{"测试·甲", "测试ㆍ甲"},
		{"测试甲", " 测 试\u3000甲\u200B"},
		{"José Test", "JOSE\u0301 TEST"},
		{"O'Test", "O\u02BCTEST"},
		{"O'Test", "O\u2018TEST"},
		{"O'Test", "OTEST"},
		{"Anne-Test", "ANNE\u2010TEST"},
		{"Anne-Test", "Ａnne Ｔest"},
		{"CESHI, JIA", "CESHI JIA"},
		{"CESHI, JIA", "ceshi，jia"},
		{"TEST A/L SAMPLE", "TEST AL SAMPLE"},
		{"J. Person", "J PERSON"},
	} {
		if !SameName(c[0], c[1]) || !SameName(c[1], c[0]) {
			t.Errorf("%+q and %+q are two names: %+q, %+q", c[0], c[1], FoldName(c[0]), FoldName(c[1]))
		}
	}
}

func TestDifferentNames(t *testing.T) {
	t.Parallel()
	for _, c := range [][2]string{
		{"测试甲", "测试乙"}, {"测试甲", "测试"}, {"测试甲", "测*甲"}, {"测试甲", "测?甲"}, {"测试甲", "测试1甲"},
		{"测试\u4DAE", "测试\uE862"}, {"测试\u4DAE", "测试"}, {"测试\uE865", "测试\uE866"},
		{"CESHI, JIA", "JIA CESHI"}, {"", ""}, {" ", "·"}, {"'", "-"}, {"\xff", ""},
	} {
		if SameName(c[0], c[1]) || SameName(c[1], c[0]) {
			t.Errorf("%+q and %+q are one name", c[0], c[1])
		}
	}
}

// TestMiddleDots: every dot of the lists is the same between Chinese characters.
func TestMiddleDots(t *testing.T) {
	t.Parallel()
	for _, dot := range middleDots + fullStops {
		if got, err := NormaliseName("阿依古丽" + string(dot) + "测试"); err != nil || got != "阿依古丽·测试" {
			t.Errorf("%U: got %q, %v", dot, got, err)
		}
	}
}

// TestGBK compares the table with the converter of golang.org/x/text. It lacks the 14 that had no code point of their own
// until after GB 18030-2000; those are written out, from the mapping of GB 18030-2022.
func TestGBK(t *testing.T) {
	t.Parallel()
	later := map[rune]rune{
		0xE816: 0x20087, 0xE817: 0x20089, 0xE818: 0x200CC, 0xE81E: 0x9FB4, 0xE826: 0x9FB5, 0xE82B: 0x9FB6, 0xE82C: 0x9FB7,
		0xE831: 0x215D7, 0xE832: 0x9FB8, 0xE83B: 0x2298F, 0xE843: 0x9FB9, 0xE854: 0x9FBA, 0xE855: 0x241FE, 0xE864: 0x9FBB,
	}
	private, seen := rune(firstGBK), 0
	for trail := byte(0x50); trail <= 0xA0; trail++ {
		if trail == 0x7F {
			continue // no trail byte
		}
		out, err := simplifiedchinese.GB18030.NewDecoder().Bytes([]byte{0xFE, trail})
		want, _ := utf8.DecodeRune(out)
		if want == utf8.RuneError {
			want = later[private]
		} else {
			seen++
		}
		if err != nil || gbk[private-firstGBK] != want {
			t.Errorf("%U: %U, want %U", private, gbk[private-firstGBK], want)
		}
		private++
	}
	if len(gbk) != 80 || private != firstGBK+80 || seen != 80-len(later) {
		t.Errorf("%d characters, %d compared", len(gbk), seen)
	}
	for private, character := range map[rune]rune{0xE863: '䶮', 0xE81A: '㑳', 0xE81B: '㑇', 0xE824: '㥮', 0xE82F: '㳠', 0xE837: '䌷',
		0xE844: '䜣', 0xE84B: '䥽', 0xE857: '䲟', 0xE85F: '䴖', 0xE862: '䴙', 0xE828: '㧟'} {
		if FoldName(string(private)) != string(character) {
			t.Errorf("%U is not %c", private, character)
		}
	}
}

// TestRadicals: each radical becomes a character that is none, and where NFKC knows the character, that one.
func TestRadicals(t *testing.T) {
	t.Parallel()
	for r := rune(0x2E80); r <= 0x2FD5; r++ {
		got := []rune(FoldName(string(r)))
		none := !unicode.Is(unicode.Radical, r) || r == 0x2E80 // U+2E80 looks like no character
		if len(got) != 1 || (none != (got[0] == r)) || unicode.Is(unicode.Radical, got[0]) != (none && r == 0x2E80) {
			t.Errorf("%U became %U", r, got)
		}
		if known := norm.NFKC.String(string(r)); known != string(r) && known != string(got) {
			t.Errorf("%U became %U, %U by NFKC", r, got, []rune(known))
		}
	}
}

// TestFoldingKeepsCharacters: no Chinese character becomes another one, and none becomes more than one.
func TestFoldingKeepsCharacters(t *testing.T) {
	t.Parallel()
	for r := rune(0x3400); r <= 0x33479; r++ {
		if unicode.Is(unicode.Unified_Ideograph, r) && FoldName(string(r)) != string(r) {
			t.Errorf("%U became %+q", r, FoldName(string(r)))
		}
		if unicode.Is(unicode.Han, r) && utf8.RuneCountInString(FoldName(string(r))) != 1 {
			t.Errorf("%U became %+q", r, FoldName(string(r)))
		}
	}
}

// TestFoldingSettles folds every character twice, alone and beside others; of Chinese ones a few stand for all.
func TestFoldingSettles(t *testing.T) {
	t.Parallel()
	for r := rune(0); r <= 0xE0200; r++ {
		if unicode.In(r, unicode.Unified_Ideograph, unicode.Hangul, unicode.Co) || r > 0x2FFFF && r < 0xE0000 {
			r += 100
		}
		for _, s := range []string{string(r), "e" + string(r) + "\u0301", "\uE863" + string(r)} {
			once := FoldName(s)
			if twice := FoldName(once); twice != once {
				t.Errorf("%+q became %+q, then %+q", s, once, twice)
			}
		}
	}
}

// FuzzSameName: folding settles, and comparing does not depend on the order or on the spelling.
func FuzzSameName(f *testing.F) {
	f.Add("测试·甲", "测试\uE863")
	f.Add(" Ｔest．　x\u200b", "CESHI, JIA")
	f.Add("\xff", "\u2F6F\uFE00")
	f.Fuzz(func(t *testing.T, a, b string) {
		once := FoldName(a)
		if twice := FoldName(once); twice != once {
			t.Fatalf("%+q, then %+q", once, twice)
		}
		if slices.ContainsFunc([]rune(once), func(r rune) bool { return unicode.IsSpace(r) || isInvisible(r) }) {
			t.Fatalf("%+q holds a blank", once)
		}
		same := SameName(a, b)
		if same != SameName(b, a) || same != SameName(once, FoldName(b)) || SameName(a, a) != (once != "") {
			t.Fatalf("%+q, %+q: %v", a, b, same)
		}
	})
}
