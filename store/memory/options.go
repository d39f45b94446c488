package memory

import (
	"fmt"
	"reflect"
	"slices"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

// view is how the documents that a find matches are returned.
type view struct {
	sort   []bson.RawElement // field: 1 or -1
	limit  int64             // 0: all
	fields []string          // beside _id; nil: all
}

// parseOptions panics on an option that apply does not know.
func parseOptions(listers []options.Lister[options.FindOptions]) view {
	var o options.FindOptions
	for _, lister := range listers {
		for _, set := range lister.List() {
			if err := set(&o); err != nil {
				panic(err)
			}
		}
	}
	var v view
	if o.Sort != nil {
		v.sort = elements(o.Sort)
	}
	if o.Limit != nil {
		v.limit = max(*o.Limit, -*o.Limit)
	}
	if o.Projection != nil {
		v.fields = []string{}
		for _, e := range elements(o.Projection) {
			if e.Value().AsInt64() != 1 {
				panic("memory: a projection may only name fields")
			}
			v.fields = append(v.fields, e.Key())
		}
	}
	o.Sort, o.Limit, o.Projection, o.BatchSize = nil, nil, nil, nil // in memory the size of a batch has no effect
	if !reflect.ValueOf(o).IsZero() {
		panic(fmt.Sprintf("memory: not supported in a find: %+v", o))
	}
	return v
}

func (v view) apply(found []document) []document {
	for _, d := range found {
		for _, by := range v.sort {
			class(d.raw.Lookup(by.Key())) // panics though there may be nothing to compare it with
		}
	}
	slices.SortStableFunc(found, func(a, b document) int {
		for _, by := range v.sort {
			if order := compare(a.raw.Lookup(by.Key()), b.raw.Lookup(by.Key())); order != 0 {
				return order * int(by.Value().AsInt64())
			}
		}
		return 0
	})
	if v.limit > 0 {
		found = found[:min(int64(len(found)), v.limit)]
	}
	if v.fields != nil {
		for i, d := range found {
			found[i].raw = v.project(d.raw)
		}
	}
	return found
}

func (v view) project(raw bson.Raw) bson.Raw {
	var kept bson.D
	for _, e := range elements(raw) {
		if e.Key() == "_id" || slices.Contains(v.fields, e.Key()) {
			kept = append(kept, bson.E{Key: e.Key(), Value: e.Value()})
		}
	}
	projected, err := bson.Marshal(kept)
	if err != nil {
		panic(err)
	}
	return projected
}
