package web

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"

	"yibao/handlers/web/webtest"
)

// TestErrorsAreWhole: each error of the package has texts, and its status has a title, in both languages.
func TestErrorsAreWhole(t *testing.T) {
	t.Parallel()
	for _, e := range (&things{}).api().Errors {
		if !webtest.Han(e.Text[Chinese]) || e.Text[English] == "" || webtest.Han(e.Text[English]) {
			t.Errorf("%s: %v", e.Code, e.Text)
		}
		if _, ok := titles[e.Status]; !ok {
			t.Errorf("%s: no title for %d", e.Code, e.Status)
		}
		if (e.Status == 429 || e.Status == 503) != (e.Retry != 0) {
			t.Errorf("%s: when to try again?", e.Code)
		}
	}
	for status, title := range titles {
		if !webtest.Han(title[Chinese]) || title[English] == "" || webtest.Han(title[English]) {
			t.Errorf("title of %d: %v", status, title)
		}
	}
}

// TestErrorsOfAnAPI: the errors of services come out as the API says, the others by their kind.
func TestErrorsOfAnAPI(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		err    error
		status int
		code   string
		retry  string
	}{
		{errGone, 409, "gone", ""},
		{errStoreDown, 503, "store_unavailable", "5"},
		{&Failure{Public: errStore, Retry: 1001 * time.Millisecond}, 503, "store_unavailable", "2"},
		{context.DeadlineExceeded, 503, "timed_out", "5"},
		{context.Canceled, 503, "timed_out", "5"},
		{fiber.ErrRequestEntityTooLarge, 413, "body_too_large", ""},
		{errors.New("secret"), 500, "internal", ""},
	} {
		r := newRig(t)
		r.service.fail = fmt.Errorf("secret text: %w", c.err)
		got := r.do("GET", thing, "")
		p := got.Problem(t)
		if p.Status != c.status || p.Code != c.code || got.Header.Get("Retry-After") != c.retry {
			t.Errorf("%v: %d %s, retry %q", c.err, p.Status, p.Code, got.Header.Get("Retry-After"))
		}
		if strings.Contains(got.Text+r.log.String(), "secret") {
			t.Errorf("%v got out", c.err)
		}
	}
}

// TestAFailureNamesItsField: the field of a Failure comes before that of its Error.
func TestAFailureNamesItsField(t *testing.T) {
	t.Parallel()
	one := &Error{Code: "size_invalid", Status: 422, Field: "size", Text: Text{"尺寸有误", "The size is not right."}, Detail: Text{"尺寸", "Size."}}
	for field, err := range map[string]error{"size": one, "name": &Failure{Public: one, Field: "name"}} {
		r := newRig(t)
		r.service.fail = err
		if p := r.do("GET", thing, "").Problem(t); len(p.Errors) != 1 || !p.Has(field, "size_invalid") {
			t.Errorf("%s: %+v", field, p)
		}
	}
}

// TestTitlesAndFieldsHoldNoDeveloperWords: a citizen reads the title of a problem and the message of a field.
func TestTitlesAndFieldsHoldNoDeveloperWords(t *testing.T) {
	t.Parallel()
	shown := slices.Collect(maps.Values(titles))
	for _, p := range fieldProblems {
		shown = append(shown, p.text)
	}
	for _, one := range shown {
		if word := webtest.DeveloperWord(one[Chinese], one[English]); word != "" {
			t.Errorf("%q in %q", word, one)
		}
	}
}
