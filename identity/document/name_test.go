package document

import (
	"errors"
	"strings"
	"testing"
)

func TestNormaliseName(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"测试甲":                             "测试甲",
		" 测 试　甲\n":                        "测试甲",
		"阿依古丽\u00B7测试":                    "阿依古丽·测试",
		"阿依古丽\u2022测试":                    "阿依古丽·测试",
		"阿依古丽\u30FB测试":                    "阿依古丽·测试",
		"阿依古丽\u2027测试":                    "阿依古丽·测试",
		"阿依古丽\uFF65测试":                    "阿依古丽·测试",
		"阿依古丽．测试":                         "阿依古丽·测试",
		"阿依古丽.测试":                         "阿依古丽·测试",
		"阿依古丽\u2E31测试":                    "阿依古丽·测试",
		"阿依古丽\u02D9测试":                    "阿依古丽·测试",
		"阿依古丽\u25CF测试":                    "阿依古丽·测试",
		"测\uFE00试\uFE0F甲":                 "测试甲",
		"测\U000E0100试\U000E01EF":          "测试",
		"测\u00AD试\u2060甲":                 "测试甲",
		"测\u202A试\u202C甲\u2066":           "测试甲",
		"Te\u00ADst Per\u2060son":         "Test Person",
		"\U0002EBF0\U0002EE5D":            "\U0002EBF0\U0002EE5D", // extension I
		"\U000323B0\U00033479":            "\U000323B0\U00033479", // extension J
		"测\U0002EBF0":                     "测\U0002EBF0",
		"\uFEFF测试\u200B甲":                 "测试甲",
		"㐀𠀀":                              "㐀𠀀",
		"TEST  PERSON":                    "TEST PERSON",
		"Ｔｅｓｔ Person":                     "Test Person",
		"Anne-Test O’Sample":              "Anne-Test O'Sample",
		"Anne\u2010Test O\u02BCSample":    "Anne-Test O'Sample",
		"Anne \u2013 Test O\u2018 Sample": "Anne-Test O'Sample",
		"Jose\u0301 Test":                 "José Test", // NFD
		"CESHI, JIA":                      "CESHI, JIA",
		"CESHI ，JIA":                      "CESHI,JIA",
		"TEST A/L SAMPLE":                 "TEST A/L SAMPLE",
		"TEST A / L SAMPLE":               "TEST A/L SAMPLE",
		"J. Person":                       "J. Person",
		"J。Person Jr．":                    "J.Person Jr.",
		"测试\u3002甲":                       "测试·甲",
		"测试\uFE52甲":                       "测试·甲",
		"测试\u318D甲":                       "测试·甲",
		"测试\uFF61甲":                       "测试·甲",
		"测试-甲":                            "测试·甲",
		"测试\uE863":                        "测试\u4DAE", // GBK's private area: 䶮
		"测试\uE816":                        "测试\U00020087",
		"\u2F6F测试":                        "石测试",      // a Kangxi radical
		"\u2EE2测试":                        "马测试",      // a radical of the supplement
		"测试\uF979":                        "测试凉",      // a compatibility ideograph
		"测试\uFA0E":                        "测试\uFA0E", // one of the twelve there that are characters of their own
		strings.Repeat("测", 50):           strings.Repeat("测", 50),
	} {
		if got, err := NormaliseName(in); err != nil || got != want {
			t.Errorf("%q: got %q, %v; want %q", in, got, err, want)
		}
	}
}

func TestNormaliseNameRefuses(t *testing.T) {
	t.Parallel()
	for _, in := range []string{
		"", " ", "测", "测 ", strings.Repeat("测", 51), strings.Repeat("测", 10_000), "测试1", "测试<甲>", "·测试", "测试·",
		"测··试", "测试A", "\xff测试", "A", "Test1", "-Test", "Test-", "测试$ne", "テスト", "测试\x00甲", "测试;", "测试/甲", "测试,甲",
		"\uFE00\uFE01", "测\u00AD", "\U0002EE5E测", "\U0003347A测", "测试\uE865", "测试\uE814",
		"Test,", ", Test", "A//L", "A,, B",
	} {
		if got, err := NormaliseName(in); !errors.Is(err, ErrName) || got != "" {
			t.Errorf("%q: got %q, %v", in, got, err)
		}
	}
}

func FuzzNormaliseName(f *testing.F) {
	for _, s := range []string{"测试甲", "阿依古丽．测试", "TEST PERSON", "·", "\xff", "Ａ　Ｂ", "测试\uE863", "CESHI, JIA", "T A / L . S"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		name, err := NormaliseName(s)
		if err != nil {
			return
		}
		if again, err := NormaliseName(name); err != nil || again != name {
			t.Fatalf("not settled: %q became %q, %v", name, again, err)
		}
		if !SameName(s, name) {
			t.Fatalf("%q and what it became, %q, are compared as two names", s, name)
		}
		if strings.ContainsAny(name, "<>&$\"\x00\n") {
			t.Fatalf("%q holds what no name holds", name)
		}
	})
}

func TestMasks(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		mask     func(string) string
		in, want string
	}{
		{MaskName, "", ""}, {MaskName, "测", "*"}, {MaskName, "测甲", "*甲"}, {MaskName, "测试甲", "测*甲"},
		{MaskName, "测试试甲", "测**甲"}, {MaskName, "阿依·测试", "阿***试"},
		{MaskNumber, "", ""}, {MaskNumber, "1", "*"}, {MaskNumber, "12", "**"}, {MaskNumber, "123", "1*3"},
		{MaskNumber, "11010519491231002X", "1****************X"},
	} {
		if got := c.mask(c.in); got != c.want {
			t.Errorf("%q: got %q, want %q", c.in, got, c.want)
		}
	}
}
