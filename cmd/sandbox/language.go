package main

import (
	"cmp"
	"errors"
	"strings"
)

// language is the language of everything that is printed. Errors are English always.
type language bool

const (
	english language = false
	chinese language = true
)

// locale picks the language as the terminal's programs do: by the first of these variables that is set.
func locale(getenv func(string) string) language {
	return language(strings.HasPrefix(cmp.Or(getenv("LC_ALL"), getenv("LC_MESSAGES"), getenv("LANG")), "zh"))
}

// languageOf reads the value of -lang.
func languageOf(text string) (language, error) {
	if text != "zh" && text != "en" {
		return english, errors.New("zh or en")
	}
	return text == "zh", nil
}

func (l language) say(en, zh string) string {
	if l == chinese {
		return zh
	}
	return en
}
