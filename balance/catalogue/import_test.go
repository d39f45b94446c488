package catalogue_test

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"yibao/balance"
	"yibao/balance/catalogue"
	"yibao/store/memory"
)

// TestAnImportTakesWhatIsNew: all of it the first time; then what has changed, with a day's overlap, and only what differs is
// written; all again where everything is asked for.
func TestAnImportTakesWhatIsNew(t *testing.T) {
	t.Parallel()
	w := newWorld(t, many(10)...)
	if p := w.bring(catalogue.Drugs, false); p.Read != 10 || p.Written != 10 || p.Total != 10 || !p.Done || p.Changes || p.Resumed {
		t.Errorf("first: %+v", p)
	}
	w.now = start.Add(72 * time.Hour)
	w.upstream.drugs[4].Grade, w.upstream.drugs[5].Valid = "C", false
	w.upstream.changed["X000004"], w.upstream.changed["X000005"], w.upstream.changed["X000006"] = start, w.now, w.now
	w.upstream.asked = nil
	if p := w.bring(catalogue.Drugs, false); p.Read != 3 || p.Written != 2 || !p.Changes {
		t.Errorf("second: %+v", p)
	}
	if want := []string{"2026-11-20 08:00:00 from "}; !slices.Equal(w.upstream.asked, want) {
		t.Errorf("asked %q", w.upstream.asked)
	}
	if got := w.found("X000005", 10); len(got) != 0 {
		t.Errorf("struck off, and found: %v", got)
	}
	if page, err := w.service.Drugs(t.Context(), catalogue.Query{Region: region, Text: "X000004"}, ""); err != nil || page.Rows[0].Grade != "C" || !page.Whole.Equal(w.now) {
		t.Errorf("%+v %v", page, err)
	}
	w.now = w.now.Add(time.Hour)
	if p := w.bring(catalogue.Drugs, true); p.Read != 10 || p.Written != 0 || p.Changes {
		t.Errorf("everything: %+v", p)
	}
}

// TestAnInstitutionThatIsNotMetAnyMoreIsNotFound: where there is no flag for it. A list that is suddenly half as long, or
// cannot be read in part, strikes off nothing; what is struck off stays in the store.
func TestAnInstitutionThatIsNotMetAnyMoreIsNotFound(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	all := []catalogue.Institution{place("H1", "示例一", "medical", ""), place("H2", "示例二", "medical", ""), place("H3", "示例三", "medical", ""), place("H4", "示例四", "medical", "")}
	for i, c := range []struct {
		list []catalogue.Institution
		bad  int
		want int
	}{{all, 0, 4}, {all[:3], 1, 4}, {all[:3], 0, 3}, {nil, 0, 3}, {all[:1], 0, 3}, {all, 0, 4}} {
		w.now = w.now.Add(time.Hour)
		w.upstream.places, w.upstream.bad = c.list, c.bad
		w.bring(catalogue.Institutions, false)
		page, err := w.service.Institutions(t.Context(), catalogue.Query{Region: region}, "", "")
		if err != nil || len(page.Rows) != c.want {
			t.Errorf("import %d: %d found, want %d, %v", i, len(page.Rows), c.want, err)
		}
		if kept := len(w.server.IDs("institutions")); kept != 4 {
			t.Errorf("import %d: %d kept", i, kept)
		}
	}
}

// TestAKilledImportGoesOn: the process dies before or after any command of the store, and the next one goes on at the part
// that was not noted. In the end the store has what the upstream has, and each row was written once.
func TestAKilledImportGoesOn(t *testing.T) {
	t.Parallel()
	killed := errors.New("killed")
	for _, after := range []bool{false, true} {
		for at := int64(1); ; at++ {
			w := newWorld(t, many(8)...)
			var n atomic.Int64
			hook := func(context.Context, memory.Command) error {
				if n.Add(1) >= at {
					return killed
				}
				return nil
			}
			if after {
				w.client.SetAfter(hook)
			} else {
				w.client.SetBefore(hook)
			}
			ctx, cancel := context.WithCancel(t.Context())
			noted := 0
			err := w.service.Import(ctx, region, catalogue.Drugs, false, func(p catalogue.Progress) { noted = p.Read })
			cancel()
			if err == nil {
				if at < 10 {
					t.Errorf("only %d commands", at)
				}
				break
			}
			w.process()
			w.now = w.now.Add(time.Hour)
			p := w.bring(catalogue.Drugs, false)
			if p.Read != 8 && !p.Changes || noted > 0 && !p.Changes && !p.Resumed || len(w.server.IDs("drugs")) != 8 || len(w.found("示例", 3)) != 8 {
				t.Fatalf("killed at command %d (after %t): %+v, %d of %d noted", at, after, p, len(w.server.IDs("drugs")), noted)
			}
			for _, raw := range w.server.Documents("drugs") {
				if version, _ := raw.Lookup("version").AsInt64OK(); version != 1 {
					t.Fatalf("killed at command %d (after %t): a row was written %d times", at, after, version)
				}
			}
			w.now = w.now.Add(time.Hour)
			if p := w.bring(catalogue.Drugs, false); !p.Changes || p.Resumed {
				t.Fatalf("the next: %+v", p)
			}
		}
	}
}

// TestAnImportThatFailedGoesOn: at the part that failed; after hours from the first, as the list may have moved under its
// pages; and one of everything is finished before one of changes.
func TestAnImportThatFailedGoesOn(t *testing.T) {
	t.Parallel()
	w := newWorld(t, many(9)...)
	stop := func(everything bool) {
		t.Helper()
		w.upstream.fail = nil
		err := w.service.Import(t.Context(), region, catalogue.Drugs, everything, func(catalogue.Progress) { w.upstream.fail = balance.ErrTimeout })
		if !errors.Is(err, balance.ErrTimeout) {
			t.Fatal(err)
		}
		w.upstream.fail, w.upstream.asked = nil, nil
	}
	stop(false)
	w.bring(catalogue.Drugs, false)
	if want := []string{"all from 3", "all from 6"}; !slices.Equal(w.upstream.asked, want) {
		t.Errorf("gone on: %q", w.upstream.asked)
	}
	stop(true)
	w.now = w.now.Add(7 * time.Hour)
	if p := w.bring(catalogue.Drugs, true); p.Resumed || p.Read != 9 {
		t.Errorf("after hours: %+v", p)
	}
	stop(true)
	if p := w.bring(catalogue.Drugs, false); !p.Resumed || p.Changes || p.Read != 9 {
		t.Errorf("one of everything is not finished: %+v", p)
	}
}

// TestAnUpstreamThatDoesNotEnd: the same part again ends the import, as does no batch.
func TestAnUpstreamThatDoesNotEnd(t *testing.T) {
	t.Parallel()
	w := newWorld(t, many(9)...)
	if err := w.service.Import(t.Context(), "990200", catalogue.Drugs, false, nil); !errors.Is(err, balance.ErrUnsupported) {
		t.Error(err)
	}
	if err := w.service.Import(t.Context(), "000000", catalogue.Drugs, false, nil); !errors.Is(err, catalogue.ErrRegion) {
		t.Error(err)
	}
	w.upstream.size = 0
	if err := w.service.Import(t.Context(), region, catalogue.Drugs, false, func(catalogue.Progress) {}); !errors.Is(err, catalogue.ErrEndless) {
		t.Error(err)
	}
}
