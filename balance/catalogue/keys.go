package catalogue

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/mozillazg/go-pinyin"
	"golang.org/x/text/unicode/norm"
)

// Keys are what an entry is found by.
type Keys struct {
	Code     string
	Name     string
	Initials string   // of the name's pinyin: 阿莫西林胶囊 is amxljn
	Pinyin   string   // the whole of it: amoxilinjiaonang
	Pieces   []string // each two characters of the name that follow each other
}

// KeysVersion is the version of how keys are made. Raise it with a change of that: a full import then writes entries anew,
// though they have not changed.
const KeysVersion = 1

// Keys makes them of code and name.
func (e Entry) Keys() Keys {
	name := Fold(e.Name)
	initials, full := spell(name)
	return Keys{Code: Fold(e.Code), Name: name, Initials: initials, Pinyin: full, Pieces: pieces(name)}
}

// Fold makes texts that a person takes for the same the same: width and letter case, and without blanks and punctuation.
func Fold(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, norm.NFKC.String(text))
}

// pieces are the pairs of characters of a folded text, each once.
func pieces(text string) []string {
	letters := []rune(text)
	seen, list := map[string]bool{}, []string{}
	for i := 0; i+1 < len(letters); i++ {
		if pair := string(letters[i : i+2]); !seen[pair] {
			seen[pair] = true
			list = append(list, pair)
		}
	}
	return list
}

// readings are pairs of characters that have another reading together than by themselves, in names of places and of drugs:
// a library of single characters cannot know them.
var readings = map[string][2]string{
	"重庆": {"chong", "qing"}, "重组": {"chong", "zu"}, "重楼": {"chong", "lou"}, "长春": {"chang", "chun"}, "长沙": {"chang", "sha"},
	"长宁": {"chang", "ning"}, "长乐": {"chang", "le"}, "长安": {"chang", "an"}, "长效": {"chang", "xiao"}, "厦门": {"xia", "men"},
	"人参": {"ren", "shen"}, "党参": {"dang", "shen"}, "丹参": {"dan", "shen"}, "玄参": {"xuan", "shen"}, "苦参": {"ku", "shen"},
	"沙参": {"sha", "shen"}, "参苓": {"shen", "ling"}, "参芪": {"shen", "qi"}, "参麦": {"shen", "mai"}, "薄荷": {"bo", "he"},
	"乐清": {"yue", "qing"}, "西藏": {"xi", "zang"}, "藏药": {"zang", "yao"}, "藏医": {"zang", "yi"}, "黄柏": {"huang", "bo"},
	"调经": {"tiao", "jing"}, "番禺": {"pan", "yu"}, "六安": {"lu", "an"}, "单县": {"shan", "xian"},
}

// spell writes a folded name in pinyin, without tones: initials and the whole. Letters and digits stay as they are.
func spell(name string) (initials, full string) {
	args := pinyin.NewArgs()
	args.Fallback = func(r rune, _ pinyin.Args) []string { return []string{string(r)} }
	var first, whole strings.Builder
	add := func(syllables ...string) {
		for _, one := range syllables {
			r, _ := utf8.DecodeRuneInString(one)
			first.WriteRune(r)
			whole.WriteString(one)
		}
	}
	letters := []rune(name)
	for i := 0; i < len(letters); i++ {
		if i+1 < len(letters) {
			if pair, known := readings[string(letters[i:i+2])]; known {
				add(pair[:]...)
				i++
				continue
			}
		}
		add(pinyin.SinglePinyin(letters[i], args)[0])
	}
	return first.String(), whole.String()
}
