package config

import (
	"fmt"
	"slices"
	"strings"
)

// Problem is one thing wrong with the configuration. It never holds a value that could be a secret.
type Problem struct {
	Key  string // dotted, as in the file
	What string // what is wrong
	Mend string // how to mend it
}

// Problems is every problem at once; it is the error that Load returns.
type Problems []Problem

func (p Problems) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d problem(s) in the configuration:", len(p))
	for _, one := range p {
		fmt.Fprintf(&b, "\n  %s: %s\n      %s", one.Key, one.What, one.Mend)
	}
	return b.String()
}

// withoutRepeats leaves out that a secret is missing where it is said already that its file cannot be read.
func (p Problems) withoutRepeats() Problems {
	told := map[string]bool{}
	for _, one := range p {
		if key, ofFile := strings.CutSuffix(one.Key, "_file"); ofFile {
			told[key] = true
		}
	}
	return slices.DeleteFunc(p, func(one Problem) bool { return told[one.Key] })
}

// report collects problems under a key prefix.
type report struct {
	found *Problems
	under string
}

func (r report) at(key string) report {
	return report{found: r.found, under: r.under + key + "."}
}

func (r report) add(key, what, mend string) {
	if key == "" {
		key = strings.TrimSuffix(r.under, ".")
		*r.found = append(*r.found, Problem{Key: key, What: what, Mend: mend})
		return
	}
	*r.found = append(*r.found, Problem{Key: r.under + key, What: what, Mend: mend})
}

// has says whether there is a problem below the key, counted from the top.
func (r report) has(key string) bool {
	return slices.ContainsFunc(*r.found, func(p Problem) bool { return strings.HasPrefix(p.Key, key) })
}

// need adds a problem unless ok.
func (r report) need(ok bool, key, what, mend string) {
	if !ok {
		r.add(key, what, mend)
	}
}
