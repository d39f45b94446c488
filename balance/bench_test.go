package balance_test

import (
	"context"
	"testing"
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
