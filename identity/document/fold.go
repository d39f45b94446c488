package document

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// nameDot is the middle dot that the registers use in names such as 阿依古丽·测试.
const nameDot = '·'

// Characters that stand for one and the same in one keyboard, system or register or another. Dashes are Unicode's
// category Pd and the minus signs.
const (
	middleDots  = "·•‧∙⋅・･⸱⸳˙●ㆍ"
	fullStops   = ".．﹒。｡" // between Chinese characters they are middle dots
	apostrophes = "'’‘‛ʼʻʹˈ′`´ꞌ"
	minusSigns  = "−⁃˗"
	crosses     = "×✕✖╳⨯ⅩⅹХхΧχ" // for the X that ends an ID number: signs, the Roman ten, Cyrillic, Greek
	separators  = "·.,'-/"
)

// gbk holds the characters that GBK has at FE50 to FEA0. Unicode had none of them when GBK was made, so registers and
// keyboards of that time know them by the private code points from U+E815 on: 䶮 is U+E863. The characters are those of
// GB 18030-2022; glibc's converter and, for the 66 that it knows, golang.org/x/text say the same.
var gbk = []rune("⺁𠂇𠂉𠃌⺄㑳㑇⺈⺋龴㖞㘚㘎⺌⺗㥮㤘龵㧏㧟㩳㧐龶龷㭎㱮㳠⺧𡗗龸⺪䁖䅟⺮䌷⺳⺶⺷𢦏䎱䎬⺻䏝䓖䙡䙌龹䜣䜩䝼䞍⻊䥇䥺䥽䦂䦃䦅䦆䦟䦛䦷䦶龺𤇾䲣䲟䲠䲡䱷䲢䴓䴔䴕䴖䴗䴘䴙䶮龻")

const firstGBK = 0xE815

// radicals holds the characters that the CJK radicals from U+2E80 on look like. Text copied out of a PDF has the radical
// in the character's place. Source: EquivalentUnifiedIdeograph.txt of the Unicode Character Database. The Kangxi radicals
// beside them are left to NFKC.
var radicals = []rune("⺀厂乛乚乙亻冂𠘨刀刂卜㔾小小兀尣尢𡯂巳幺彑彐忄心扌攵⺚旡日月歺母民氵氺灬爫爫丬牛犭王𤴔目示礻𥫗糹纟罓罒㓁冗𦉫羊𦍌𦍋耂肀聿肉𦥑艹艹艹虎衤覀西见角𧢲讠贝𧾷车辶辶辶邑钅長镸长门𨸏阝雨青韦页风飞食𩙿飠饣𩠐马骨鬼鱼鸟卤麦黄黾斉齐歯齿竜龙龜亀龟")

const firstRadical = 0x2E80

// FoldName returns the key by which names are compared, whether typed or of a register: names that differ only in the
// code points of one character, in case, or in dots, spaces, hyphens, apostrophes, commas and slashes have the same key.
// It is no name: never show or send it. A mask or a character that was lost (*, ?) stays and makes the key differ.
func FoldName(s string) string { return norm.NFKC.String(strings.Map(foldLetter, plainName(s))) }

// SameName compares two names by FoldName. A name without letters is the same as none.
func SameName(a, b string) bool {
	key := FoldName(a)
	return key != "" && key == FoldName(b)
}

func foldLetter(r rune) rune {
	if unicode.IsSpace(r) || strings.ContainsRune(separators, r) {
		return -1
	}
	return unicode.ToUpper(r)
}

// plainName brings every character of a name to one code point. NFKC alone composes accents, makes widths plain and turns
// Kangxi radicals and compatibility ideographs into the characters that they stand for. It leaves every other Chinese
// character as it is, which a test holds. Some dots and apostrophes it would take apart, so they are folded first. Others
// it makes, so they are folded again.
func plainName(s string) string {
	return strings.Map(foldRune, norm.NFKC.String(strings.Map(foldRune, s)))
}

func foldRune(r rune) rune {
	if i := int(r) - firstGBK; i >= 0 && i < len(gbk) {
		r = gbk[i]
	}
	if i := int(r) - firstRadical; i >= 0 && i < len(radicals) {
		r = radicals[i]
	}
	switch {
	case isInvisible(r):
		return -1
	case strings.ContainsRune(middleDots, r):
		return nameDot
	case strings.ContainsRune(fullStops, r):
		return '.'
	case strings.ContainsRune(apostrophes, r):
		return '\''
	case unicode.Is(unicode.Pd, r), strings.ContainsRune(minusSigns, r):
		return '-'
	}
	return r
}

// isInvisible tells characters that copying from a chat or a PDF leaves behind: of format (joiners, directions, the soft
// hyphen, marks of byte order), fillers, and those that choose among the shapes of the character before them.
func isInvisible(r rune) bool {
	return unicode.In(r, unicode.Cf, unicode.Variation_Selector, unicode.Other_Default_Ignorable_Code_Point)
}

// Plain brings a number to plain characters: full width becomes ASCII, letters become capitals, each kind of cross becomes
// X, and blanks and invisible characters go. It is narrower than the folding of names: NFKC would make a digit of the ①
// that marks a footnote.
func Plain(s string) string { return strings.Map(foldNumber, s) }

func foldNumber(r rune) rune {
	switch {
	case r >= '\uFF01' && r <= '\uFF5E': // full width
		r -= 0xFEE0
	case strings.ContainsRune(crosses, r):
		return 'X'
	case unicode.IsSpace(r), isInvisible(r):
		return -1
	}
	return unicode.ToUpper(r)
}
