package balance_test

import (
	"context"
	"encoding/json"
	"testing"

	"yibao/balance"
	"yibao/balance/chart"
)

// BenchmarkCurrentHot is the read that most requests are: a fresh answer in memory.
func BenchmarkCurrentHot(b *testing.B) {
	w := newWorld(b)
	if _, err := w.current(); err != nil {
		b.Fatal(err)
	}
	ctx := context.Background()
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := w.Current(ctx, w.caller, "link-1"); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// year is a trend of 365 days, each with a reading.
func year(b *testing.B) (*world, balance.TrendQuery) {
	w := newWorld(b)
	first := balance.DayOf(w.clock.Now()).Add(-364)
	w.linkedOn(first)
	var points []point
	for day := range 365 {
		points = append(points, point{"310", first.Add(day), known(int64(100_000 - 100*day))})
	}
	w.put(points...)
	return w, balance.TrendQuery{From: first, Step: balance.StepDay}
}

// BenchmarkTrendYear reads a year's points, assembles the chart and encodes it.
func BenchmarkTrendYear(b *testing.B) {
	w, query := year(b)
	for b.Loop() {
		trend, err := w.Trend(context.Background(), w.caller, "link-1", query)
		if err != nil {
			b.Fatal(err)
		}
		encode(b, trend)
	}
}

// BenchmarkTrendYearEncoded encodes the same chart alone: what BenchmarkTrendYear is measured against.
func BenchmarkTrendYearEncoded(b *testing.B) {
	w, query := year(b)
	trend, err := w.Trend(context.Background(), w.caller, "link-1", query)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		encode(b, trend)
	}
}

// BenchmarkTrendYearPicture draws the same chart.
func BenchmarkTrendYearPicture(b *testing.B) {
	w, query := year(b)
	trend, err := w.Trend(context.Background(), w.caller, "link-1", query)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if len(trend.Chart().SVG(chart.ThemeAuto)) == 0 {
			b.Fatal("nothing is drawn")
		}
	}
}

func encode(b *testing.B, trend *balance.Trend) {
	if len(trend.Categories) != 365 {
		b.Fatalf("%d categories", len(trend.Categories))
	}
	if _, err := json.Marshal(trend.Chart().Encode(chart.Plain)); err != nil {
		b.Fatal(err)
	}
}
