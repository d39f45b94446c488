// Package setting holds the parts that every section of the configuration is made of: secrets, times of day, and the list
// of problems. A section is a struct of the package that uses it, with koanf tags, Check, and SetDefaults where there are
// any. Package config puts the sections together.
//
// A zero has one meaning: it is a value like any other. SetDefaults fills a section before the file is read, so a zero
// that is written stays a zero, and Check judges it. No constructor replaces a zero by a default.
package setting

import (
	"errors"
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

// Problems is every problem at once. It is the error of a configuration that cannot be used.
type Problems []Problem

func (p Problems) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d problem(s) in the configuration:", len(p))
	for _, one := range p {
		fmt.Fprintf(&b, "\n  %s: %s\n      %s", one.Key, one.What, one.Mend)
	}
	return b.String()
}

// Err is nil without a problem, else the problems by key.
func (p Problems) Err() error {
	if len(p) == 0 {
		return nil
	}
	slices.SortStableFunc(p, func(a, b Problem) int { return strings.Compare(a.Key, b.Key) })
	return p
}

// Report collects problems under a key.
type Report struct {
	found *Problems
	under string
}

// NewReport returns a report that adds to the list.
func NewReport(found *Problems) Report { return Report{found: found} }

// At returns the report of a key below.
func (r Report) At(key string) Report { return Report{found: r.found, under: r.under + key + "."} }

// Add adds a problem of a key; of the section itself where the key is "".
func (r Report) Add(key, what, mend string) {
	*r.found = append(*r.found, Problem{Key: strings.TrimSuffix(r.under+key, "."), What: what, Mend: mend})
}

// Need adds a problem unless ok.
func (r Report) Need(ok bool, key, what, mend string) {
	if !ok {
		r.Add(key, what, mend)
	}
}

// Take adds the problems that an error holds, below the report's key. An error that holds none is a problem itself.
func (r Report) Take(err error) {
	var list Problems
	switch {
	case errors.As(err, &list):
		for _, one := range list {
			r.Add(one.Key, one.What, one.Mend)
		}
	case err != nil:
		r.Add("", err.Error(), "see config.example.yaml")
	}
}

// Has says whether there is a problem of the key or below it. The key is counted from the top.
func (r Report) Has(key string) bool {
	return slices.ContainsFunc(*r.found, func(p Problem) bool { return p.Key == key || strings.HasPrefix(p.Key, key+".") })
}
