// Package setting holds the parts that every section of the configuration is made of: secrets, times of day, files, and
// the list of problems. A section is a struct of the package that uses it, with koanf tags, Check, and SetDefaults where
// there are any. Package config puts the sections together.
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

// Problem is one thing wrong with the configuration, or a hint. It never holds a value that could be a secret.
type Problem struct {
	Key  string // dotted, as in the file
	What string // what is wrong
	Mend string // how to mend it
	Hint bool   // the value can be used, and may be meant otherwise

	Value  string // as written, in quotes; "" for a secret, and where nothing is written
	Source string // the environment variable that set the value; "" for the file

	hides string // the key that has no value because of this
}

// String is the problem in one line, without how to mend it.
func (p Problem) String() string {
	text := p.Key + ": " + p.What
	if p.Value != "" {
		text += ": " + p.Value
	}
	if p.Source != "" {
		text += " (from " + p.Source + ")"
	}
	return text
}

// Problems is every problem at once. It is the error of a configuration that cannot be used.
type Problems []Problem

func (p Problems) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d problem(s) in the configuration:", len(p))
	for _, one := range p {
		fmt.Fprintf(&b, "\n  %s\n      %s", one, one.Mend)
	}
	return b.String()
}

// Err is nil without a problem, else the problems by key. Hints are none.
func (p Problems) Err() error {
	bad := slices.DeleteFunc(slices.Clone(p), func(one Problem) bool { return one.Hint })
	if len(bad) == 0 {
		return nil
	}
	bad.Sort()
	return bad
}

// Sort orders the problems by key.
func (p Problems) Sort() {
	slices.SortStableFunc(p, func(a, b Problem) int { return strings.Compare(a.Key, b.Key) })
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

// Add adds a problem of a key; of the section itself where the key is "". A key without a value is not judged.
func (r Report) Add(key, what, mend string) {
	r.add(Problem{Key: r.whole(key), What: what, Mend: mend})
}

// Need adds a problem unless ok.
func (r Report) Need(ok bool, key, what, mend string) {
	if !ok {
		r.Add(key, what, mend)
	}
}

// Hint is Need for a value that can be used, but is not often meant.
func (r Report) Hint(ok bool, key, what, mend string) {
	if !ok {
		r.add(Problem{Key: r.whole(key), What: what, Mend: mend, Hint: true})
	}
}

// Unread adds a problem that leaves a key without a value: neither the key nor one below it is judged any more. An empty
// one is the problem's own key.
func (r Report) Unread(key, hides, what, mend string) {
	if hides == "" {
		hides = key
	}
	r.add(Problem{Key: r.whole(key), What: what, Mend: mend, hides: r.whole(hides)})
}

// Knowing returns the report for judging several keys together. It drops everything if one of them has no value.
func (r Report) Knowing(keys ...string) Report {
	if slices.ContainsFunc(keys, func(key string) bool { return r.unread(r.whole(key)) }) {
		return Report{found: new(Problems), under: r.under}
	}
	return r
}

// Take adds the problems that an error holds, below the report's key. An error that holds none is a problem itself.
func (r Report) Take(err error) {
	var list Problems
	switch {
	case errors.As(err, &list):
		for _, one := range list {
			one.Key = r.whole(one.Key)
			r.add(one)
		}
	case err != nil:
		r.Add("", err.Error(), "see config.example.yaml")
	}
}

func (r Report) whole(key string) string { return strings.TrimSuffix(r.under+key, ".") }

func (r Report) add(p Problem) {
	if !r.unread(p.Key) {
		*r.found = append(*r.found, p)
	}
}

func (r Report) unread(key string) bool {
	return slices.ContainsFunc(*r.found, func(p Problem) bool {
		return p.hides != "" && (key == p.hides || strings.HasPrefix(key, p.hides+"."))
	})
}
