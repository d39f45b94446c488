// Package wording turns the texts of configured message templates into what a message says.
package wording

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"yibao/balance"
	"yibao/reminder"
)

// HiddenBalance stands for {balance} when the owner chose not to show amounts: "please open the mini-program". It fits a field of free
// text but no field of amounts, so an adapter that checks its templates with Samples finds a {balance} in such a field
// at start. There is no fallback to another figure: any other amount under a label like 余额 would be untrue.
const HiddenBalance = "请进入小程序查看"

// timeLayout satisfies WeChat's fields `time` and `date` alike.
const timeLayout = "2006年1月2日 15:04"

var placeholder = regexp.MustCompile(`\{[^{}]*\}`)

// values are the placeholders and what each becomes. Amounts are "¥1234.50", without grouping commas: WeChat's field
// `amount` knows none.
var values = map[string]func(reminder.Message) string{
	"{balance}": func(m reminder.Message) string {
		if m.Balance == nil {
			return HiddenBalance
		}
		return amount(*m.Balance)
	},
	"{threshold}": func(m reminder.Message) string { return amount(m.Threshold) },
	"{insurance}": func(m reminder.Message) string { return m.Insurance },
	"{region}":    func(m reminder.Message) string { return m.Region },
	"{as_of}":     func(m reminder.Message) string { return m.AsOf.In(balance.Shanghai).Format(timeLayout) },
	"{name}":      func(m reminder.Message) string { return m.MaskedName },
}

func amount(f balance.Fen) string {
	text := f.String()
	if strings.HasPrefix(text, "-") {
		return "-¥" + text[1:]
	}
	return "¥" + text
}

// Render replaces the placeholders in a text that Check accepted. What a message says is put in as it is and never
// searched for placeholders again. Times are those of Asia/Shanghai.
func Render(text string, message reminder.Message) string {
	return placeholder.ReplaceAllStringFunc(text, func(p string) string {
		if value, ok := values[p]; ok {
			return value(message)
		}
		return p
	})
}

// figures are the placeholders whose value says something else once a part of it is cut off.
var figures = []string{"{balance}", "{threshold}", "{as_of}"}

// HasFigure says whether the text holds an amount or a time. Such a text must be sent whole: "¥1234.50" that ends in
// "¥12…" is a wrong figure.
func HasFigure(text string) bool {
	return slices.ContainsFunc(figures, func(f string) bool { return strings.Contains(text, f) })
}

// ShowsBalance says whether the text has a place for the balance.
func ShowsBalance(text string) bool { return strings.Contains(text, "{balance}") }

// Check reports an empty text, every unknown placeholder, and braces that form none. It is meant for configuration
// time: the text then never surprises at sending.
func Check(text string) error {
	if strings.TrimSpace(text) == "" {
		return errors.New("wording: the text is empty")
	}
	var problems []error
	for _, p := range placeholder.FindAllString(text, -1) {
		if _, ok := values[p]; !ok {
			problems = append(problems, fmt.Errorf(
				"wording: unknown placeholder %s; known are {balance} {threshold} {insurance} {region} {as_of} {name}", p))
		}
	}
	if strings.ContainsAny(placeholder.ReplaceAllString(text, ""), "{}") {
		problems = append(problems, errors.New("wording: a brace that belongs to no placeholder"))
	}
	return errors.Join(problems...)
}
