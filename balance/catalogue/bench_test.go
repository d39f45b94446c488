package catalogue_test

import (
	"context"
	"fmt"
	"runtime"
	"strconv"
	"testing"
	"time"

	"yibao/balance/catalogue"
	"yibao/store/memory"
)

const benchPart = 500

// endless makes rows as they are asked for: it holds none.
type endless struct {
	upstream
	rows int
}

func (e *endless) Drugs(_ context.Context, _ string, _ time.Time, next string) (*catalogue.Batch[catalogue.Drug], error) {
	from, _ := strconv.Atoi(next)
	batch := &catalogue.Batch[catalogue.Drug]{Total: e.rows, Source: "bench"}
	for n := from; n < min(from+benchPart, e.rows); n++ {
		batch.Rows = append(batch.Rows, drug(fmt.Sprintf("X%06d", n), fmt.Sprintf("示例甲安素片%d号", n)))
	}
	if from+benchPart < e.rows {
		batch.Next = strconv.Itoa(from + benchPart)
	}
	return batch, nil
}

// sink keeps the state of the import and no row. It makes the keys of each, as the store does.
type sink struct {
	catalogue.Store
	state catalogue.State
	keys  int
}

func (s *sink) SaveDrugs(_ context.Context, rows []catalogue.Drug) (int, error) {
	for _, d := range rows {
		s.keys += len(d.Keys().Pieces)
	}
	return len(rows), nil
}

func (s *sink) Import(context.Context, string, catalogue.Kind) (catalogue.State, error) {
	return s.state, nil
}

func (s *sink) SaveImport(_ context.Context, state catalogue.State) error {
	s.state = state
	return nil
}

// inUse imports and returns the most bytes that were in use after a part, over those before, garbage aside.
func inUse(tb testing.TB, store catalogue.Store, rows int) int64 {
	u := &endless{rows: rows}
	service := catalogue.New(catalogue.Options{Upstream: u, Store: store, Now: time.Now, Known: func(string) bool { return true }})
	before, most, part := heap(), int64(0), 0
	err := service.Import(tb.Context(), region, catalogue.Drugs, false, func(catalogue.Progress) {
		if part++; part%5 == 0 {
			most = max(most, heap()-before)
		}
	})
	if err != nil {
		tb.Fatal(err)
	}
	return most
}

func heap() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// TestTheMemoryOfAnImportIsFlat: ten times the rows take no more memory, but for what a part takes.
func TestTheMemoryOfAnImportIsFlat(t *testing.T) {
	few, many := inUse(t, &sink{}, 3_000), inUse(t, &sink{}, 30_000)
	t.Logf("in use over the start: %d KiB of 3,000 rows, %d KiB of 30,000", few>>10, many>>10)
	if many > few+2<<20 {
		t.Errorf("%d bytes in use of 30,000 rows, %d of 3,000", many, few)
	}
}

// BenchmarkImport imports so many rows: into nothing, which shows that the memory is flat, and into the store above a database
// in memory, which keeps them and reads all of them for each part.
func BenchmarkImport(b *testing.B) {
	for _, rows := range []int{10_000, 50_000, 200_000} {
		b.Run(fmt.Sprintf("nothing/%d", rows), func(b *testing.B) {
			most := int64(0)
			for b.Loop() {
				most = max(most, inUse(b, &sink{}, rows))
			}
			b.ReportMetric(float64(rows)*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
			b.ReportMetric(float64(most)/1024, "KiB-in-use")
		})
	}
	for _, rows := range []int{2_000, 10_000} {
		b.Run(fmt.Sprintf("store/%d", rows), func(b *testing.B) {
			for b.Loop() {
				store, _ := memory.New()
				u := &endless{rows: rows}
				service := catalogue.New(catalogue.Options{Upstream: u, Store: store, Now: time.Now, Known: func(string) bool { return true }})
				if err := service.Import(b.Context(), region, catalogue.Drugs, false, func(catalogue.Progress) {}); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(rows)*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
		})
	}
}
