package simulator_test

import (
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"yibao/balance"
	"yibao/balance/catalogue"
	"yibao/platforms/insurer"
	"yibao/platforms/simulator"
)

// cataloguesOf is how the simulated regions tell what is about no person.
func cataloguesOf(region string) insurer.Catalogues {
	drugs := insurer.Catalogue{Record: insurer.Record{Transaction: "1312", Rows: "data", Begin: "updt_time", Page: "page_num", Size: "page_size", PageRows: 40,
		BlankMeansNone: region == simulator.RegionC}, Total: "recordCounts"}
	if region != simulator.RegionB {
		drugs.Fields = map[string]string{"self_pay": "selfpay_prop", "form": "dosform", "spec": "spec"}
	}
	return insurer.Catalogues{Drugs: drugs, Institutions: insurer.Catalogue{
		Record: insurer.Record{Transaction: "1201", Rows: "medinsinfo", BlankMeansNone: true},
		Node:   "medinsinfo", PartField: "fixmedins_type", Parts: []string{"1", "2", "3", "4", "5"}}}
}

// TestCataloguesOfEveryRegion compares every institution and every drug that the adapter reads, in both families of wires,
// with the world's own; later, an increment with what has changed since.
func TestCataloguesOfEveryRegion(t *testing.T) {
	t.Parallel()
	begin := time.Now()
	var later atomic.Int64 // days
	now := func() time.Time { return begin.AddDate(0, 0, int(later.Load())) }
	_, base := serveAt(t, now)
	client := insurers(t, base)
	for _, region := range []string{simulator.RegionA, simulator.RegionB, simulator.RegionC} {
		places := map[string]catalogue.Institution{}
		all(t, func(next string) (*catalogue.Batch[catalogue.Institution], error) {
			return client.Institutions(t.Context(), region, time.Time{}, next)
		}, func(i catalogue.Institution) { places[i.Code] = i })
		want := simulator.Designated(region)
		if len(places) != len(want) {
			t.Errorf("%s: %d institutions, want %d", region, len(places), len(want))
		}
		for _, w := range want {
			if got := places[w.Code]; got.Name != w.Name || got.TypeCode != w.Type || got.Level != w.Level || !got.Valid {
				t.Errorf("%s: %+v, want %+v", region, got, w)
			}
		}
		later.Store(0)
		drugs := func(since time.Time) map[string]catalogue.Drug {
			found := map[string]catalogue.Drug{}
			all(t, func(next string) (*catalogue.Batch[catalogue.Drug], error) {
				return client.Drugs(t.Context(), region, since, next)
			},
				func(d catalogue.Drug) { found[d.Code] = d })
			return found
		}
		compareDrugs(t, region, drugs(time.Time{}), simulator.CoveredAt(begin), time.Time{})
		since := now()
		later.Store(9)
		changed := drugs(since)
		if len(changed) < 5 || len(changed) > 15 {
			t.Errorf("%s: %d drugs have changed in nine days", region, len(changed))
		}
		compareDrugs(t, region, changed, simulator.CoveredAt(now()), balance.DayOf(since).Start())
	}
}

// all follows the batches to the last.
func all[T any](t *testing.T, ask func(next string) (*catalogue.Batch[T], error), each func(T)) {
	t.Helper()
	for next := ""; ; {
		batch, err := ask(next)
		if err != nil {
			t.Fatal(err)
		}
		for _, one := range batch.Rows {
			each(one)
		}
		if batch.Bad != 0 || batch.Source == "" {
			t.Errorf("%d bad rows of %q", batch.Bad, batch.Source)
		}
		if next = batch.Next; next == "" {
			return
		}
	}
}

func compareDrugs(t *testing.T, region string, got map[string]catalogue.Drug, want []simulator.Covered, since time.Time) {
	t.Helper()
	n := 0
	for _, w := range want {
		if w.Updated.Before(since) || w.List > "200" { // services and materials are no drugs
			continue
		}
		n++
		selfPay, form := w.SelfPay, w.Form
		if region == simulator.RegionB {
			selfPay, form = "", ""
		}
		d := got[w.Code]
		if d.Name != w.Name || d.ListCode != w.List || string(d.Grade) != map[string]string{"01": "A", "02": "B", "03": "C"}[w.Grade] || d.Valid != w.Valid ||
			d.SelfPay != selfPay || d.Form != form || d.From != "2024-01-01" || d.To != "" {
			t.Errorf("%s: %+v, want %+v", region, d, w)
		}
	}
	if n != len(got) {
		t.Errorf("%s: %d drugs, want %d", region, len(got), n)
	}
}

// TestPublicQuestionsAreChecked: the right node, the fields that must be there, and none that is not known.
func TestPublicQuestionsAreChecked(t *testing.T) {
	t.Parallel()
	_, base := serve(t)
	for name, spoil := range map[string]func(*insurer.Catalogues){
		"the wrong node":         func(c *insurer.Catalogues) { c.Institutions.Node = "" },
		"no type":                func(c *insurer.Catalogues) { c.Institutions.PartField, c.Institutions.Parts = "", nil },
		"a type that is none":    func(c *insurer.Catalogues) { c.Institutions.Parts = []string{"9"} },
		"a field of another":     func(c *insurer.Catalogues) { c.Institutions.Input = map[string]string{"psn_no": "1"} },
		"no time of update":      func(c *insurer.Catalogues) { c.Drugs.Begin = "" },
		"no page":                func(c *insurer.Catalogues) { c.Drugs.Page, c.Drugs.Size, c.Drugs.PageRows = "", "", 0 },
		"a field of nobody's":    func(c *insurer.Catalogues) { c.Drugs.Input = map[string]string{"x": "1"} },
		"more rows than allowed": func(c *insurer.Catalogues) { c.Drugs.PageRows = 500 },
	} {
		p := insurerProfile(simulator.RegionA, base)
		spoil(&p.Catalogues)
		client, err := insurer.New(insurer.Profiles{simulator.RegionA: p}, insurer.Options{})
		if err != nil {
			t.Fatal(name, err)
		}
		_, drugsErr := client.Drugs(t.Context(), simulator.RegionA, time.Time{}, "")
		_, placesErr := client.Institutions(t.Context(), simulator.RegionA, time.Time{}, "")
		if refused := errors.Join(drugsErr, placesErr); !errors.Is(refused, balance.ErrUpstream) {
			t.Errorf("%s: %v", name, refused)
		}
	}
}
