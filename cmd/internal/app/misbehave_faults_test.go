package app_test

import (
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"testing"
)

// catalogue is what a target of the simulated world can be told to do wrong.
func (s *stage) catalogue(t *testing.T) map[string]map[string]string {
	t.Helper()
	return s.faults(t).Known
}

type faultList struct {
	Pending []json.RawMessage
	Known   map[string]map[string]string
}

func (s *stage) faults(t *testing.T) faultList {
	t.Helper()
	text, err := s.ctl.Control(t.Context(), "faults", nil)
	if err != nil {
		t.Fatal(err)
	}
	var list faultList
	if err := json.Unmarshal([]byte(text), &list); err != nil {
		t.Fatal(err)
	}
	return list
}

// always is a fault that lasts until it is cleared.
const always = -1

// misbehave orders a fault; slow ones are not slower than a test needs.
func (s *stage) misbehave(t *testing.T, target, fault string, times int) {
	t.Helper()
	order := map[string]any{"target": target, "fault": fault, "times": times, "ms": 50}
	if _, err := s.ctl.Control(t.Context(), "faults", order); err != nil {
		t.Fatal(err)
	}
}

// behave clears the target's faults.
func (s *stage) behave(t *testing.T, target string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodDelete,
		s.world.URL+"/control/faults?target="+url.QueryEscape(target), nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	_ = answer.Body.Close()
}

// each goes through every fault of the target in a fixed order, with what the table expects of it. A fault that the
// table does not know fails the test: whoever adds one says here what should come of it.
func each[T any](t *testing.T, s *stage, target string, table map[string]T, do func(fault string, want T)) {
	t.Helper()
	known := s.catalogue(t)[target]
	if len(known) == 0 {
		t.Errorf("the simulated world has no fault for %s", target)
	}
	for _, fault := range slices.Sorted(maps.Keys(known)) {
		want, expected := table[fault]
		if !expected {
			t.Errorf("%s %s (%s): no expectation", target, fault, known[fault])
			continue
		}
		do(fault, want)
		if t.Failed() {
			t.Fatalf("after %s %s", target, fault)
		}
	}
	for fault := range table {
		if known[fault] == "" {
			t.Errorf("%s %s is expected but does not exist", target, fault)
		}
	}
}

// with lays tables over each other.
func with[T any](tables ...map[string]T) map[string]T {
	sum := map[string]T{}
	for _, one := range tables {
		maps.Copy(sum, one)
	}
	return sum
}

// same expects one thing of many faults.
func same[T any](want T, faults ...string) map[string]T {
	table := map[string]T{}
	for _, fault := range faults {
		table[fault] = want
	}
	return table
}

// The faults of the way between, by what the other side has done.
var (
	beforeAnything = []string{"http_500", "http_503", "http_504", "html_502", "html", "empty", "huge", "hang", "cut_before"}
	afterAccepting = []string{"hang_after", "cut_after", "cut_body", "html_after"}
)
