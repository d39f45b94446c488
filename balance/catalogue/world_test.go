package catalogue_test

import (
	"context"
	"fmt"
	"strconv"
	"testing"
	"time"

	"yibao/balance"
	"yibao/balance/catalogue"
	"yibao/balance/records"
	"yibao/store"
	"yibao/store/memory"
)

const region = "990100"

var start = time.Date(2026, 11, 21, 8, 0, 0, 0, balance.Shanghai)

// upstream tells lists that a test may change, in parts of so many rows.
type upstream struct {
	drugs   []catalogue.Drug
	changed map[string]time.Time // by code, when a drug changed; zero: before all
	places  []catalogue.Institution
	size    int
	bad     int
	fail    error
	asked   []string // since and next of each question
}

func (u *upstream) Tells(of string, kind catalogue.Kind) (tells, changes bool) {
	return of == region, kind == catalogue.Drugs
}

func (u *upstream) Drugs(_ context.Context, _ string, since time.Time, next string) (*catalogue.Batch[catalogue.Drug], error) {
	var list []catalogue.Drug
	for _, d := range u.drugs {
		if !u.changed[d.Code].Before(since) {
			list = append(list, d)
		}
	}
	return part(u, list, since, next)
}

func (u *upstream) Institutions(_ context.Context, _ string, since time.Time, next string) (*catalogue.Batch[catalogue.Institution], error) {
	return part(u, u.places, since, next)
}

func part[T any](u *upstream, list []T, since time.Time, next string) (*catalogue.Batch[T], error) {
	asked := "all"
	if !since.IsZero() {
		asked = since.In(balance.Shanghai).Format(time.DateTime)
	}
	u.asked = append(u.asked, asked+" from "+next)
	if u.fail != nil {
		return nil, u.fail
	}
	from, _ := strconv.Atoi(next)
	batch := &catalogue.Batch[T]{Rows: append([]T{}, list[from:min(from+u.size, len(list))]...), Total: len(list), Bad: u.bad, Source: "fsi/1312"}
	if from+u.size < len(list) {
		batch.Next = strconv.Itoa(from + u.size)
	}
	return batch, nil
}

type world struct {
	t        *testing.T
	now      time.Time
	upstream *upstream
	server   *memory.Server
	client   *memory.Client
	store    *store.Store
	service  *catalogue.Service
}

func newWorld(t *testing.T, drugs ...catalogue.Drug) *world {
	w := &world{t: t, now: start, upstream: &upstream{drugs: drugs, changed: map[string]time.Time{}, size: 3}, server: memory.NewServer()}
	w.process()
	return w
}

// process begins another process on the same database.
func (w *world) process() {
	now := func() time.Time { return w.now }
	w.client = w.server.Connect()
	w.store = memory.Open(w.client, func(o *store.Options) { o.Now = now })
	w.service = catalogue.New(catalogue.Options{Upstream: w.upstream, Store: w.store, Now: now, Known: func(code string) bool { return code == region || code == "990200" }})
}

// bring imports and returns what was told last.
func (w *world) bring(kind catalogue.Kind, everything bool) catalogue.Progress {
	w.t.Helper()
	var last catalogue.Progress
	if err := w.service.Import(w.t.Context(), region, kind, everything, func(p catalogue.Progress) { last = p }); err != nil {
		w.t.Fatal(err)
	}
	return last
}

func drug(code, name string) catalogue.Drug {
	return catalogue.Drug{Entry: catalogue.Entry{Region: region, Code: code, Name: name, Valid: true}, List: catalogue.ListMedicine, Grade: records.GradeA}
}

func place(code, name string, of catalogue.Type, level string) catalogue.Institution {
	return catalogue.Institution{Entry: catalogue.Entry{Region: region, Code: code, Name: name, Valid: true}, Type: of, Level: level}
}

// many makes drugs by rule.
func many(n int) []catalogue.Drug {
	list := make([]catalogue.Drug, n)
	for i := range list {
		list[i] = drug(fmt.Sprintf("X%06d", i), fmt.Sprintf("示例甲安素片%d号", i))
	}
	return list
}

// found are the codes that a search of drugs gives, page by page.
func (w *world) found(text string, limit int) (codes []string) {
	w.t.Helper()
	for cursor := ""; ; {
		page, err := w.service.Drugs(w.t.Context(), catalogue.Query{Region: region, Text: text, Limit: limit, Cursor: cursor}, "")
		if err != nil {
			w.t.Fatal(text, err)
		}
		for _, d := range page.Rows {
			codes = append(codes, d.Code)
		}
		if cursor = page.Next; cursor == "" {
			return codes
		}
	}
}
