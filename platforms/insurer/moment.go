package insurer

import (
	"regexp"
	"strconv"
	"strings"
	"time"

	"yibao/balance"
)

// Forms of a time in which a digit of the second has its fraction behind it: time.Parse reads one by itself.
var layouts = func() (all []string) {
	for _, day := range []string{time.DateOnly, "20060102", "2006/01/02"} {
		all = append(all, day)
		for _, clock := range []string{" 15:04:05", "T15:04:05", " 15:04", "T15:04"} {
			for _, zone := range []string{"", "Z07:00", "Z0700", " Z07:00", " Z0700"} {
				all = append(all, day+clock+zone)
			}
		}
	}
	return append(all, compactTime)
}()

var (
	zoneName     = regexp.MustCompile(`\[[A-Za-z]+/[A-Za-z_]+\]$`) // Java adds it behind the offset
	milliseconds = regexp.MustCompile(`^[0-9]{13}$`)               // since 1970: Java's dates as numbers
	compactMilli = regexp.MustCompile(`^[0-9]{17}$`)               // yyyyMMddHHmmssSSS
)

// moment reads a time as registers write it: with a zone in that zone, without one in Beijing's; false for anything else,
// such as a zone in letters (CST has four meanings).
func moment(text string) (time.Time, bool) {
	text = zoneName.ReplaceAllString(strings.TrimSpace(text), "")
	switch {
	case milliseconds.MatchString(text):
		n, err := strconv.ParseInt(text, 10, 64)
		return time.UnixMilli(n), err == nil
	case compactMilli.MatchString(text):
		text = text[:len(compactTime)] + "." + text[len(compactTime):]
	}
	for _, layout := range layouts {
		if at, err := time.ParseInLocation(layout, text, balance.Shanghai); err == nil {
			return at, true
		}
	}
	return time.Time{}, false
}

// date is the day of a time in Beijing, yyyy-MM-dd; "" for what is no time, and for the days that registers write where they
// have none: the zeros of clocks (0001-01-01, 1899-12-30, 1900-01-01, 1970-01-01) and the ends of time (2099-12-31,
// 9999-12-31). Nobody's insurance is from before 1949.
func date(text string) string {
	at, ok := moment(text)
	day := at.In(balance.Shanghai).Format(time.DateOnly)
	if year := at.In(balance.Shanghai).Year(); !ok || year < 1949 || year >= 2099 || day == "1970-01-01" {
		return ""
	}
	return day
}

// stamp reads the upstream's own time of answer; zero where there is none that makes sense.
func stamp(envelope fields) time.Time {
	for _, name := range []string{"respond_time", "refmsg_time"} {
		if at, ok := moment(envelope.text(name)); ok && at.Year() >= 2000 {
			return at
		}
	}
	return time.Time{}
}
