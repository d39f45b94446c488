package store

import (
	"context"
	"slices"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
	"golang.org/x/sync/errgroup"

	"yibao/balance/catalogue"
)

// The catalogues are searched by scalar fields that begin with the region, each with an index, so a search by a beginning is
// one bounded range of it; and by the field pieces, which holds each pair of characters of a name, so a search within names
// is one key of an index of many keys. No process keeps a catalogue in memory: it may have hundreds of thousands of rows.

// savedAtOnce is how many rows of one part are written at the same time.
const savedAtOnce = 8

func drugKeys(v *catalogue.Drug) map[string]any               { return entryKeys(v.Entry) }
func institutionKeys(v *catalogue.Institution) map[string]any { return entryKeys(v.Entry) }

func entryKeys(e catalogue.Entry) map[string]any {
	keys := e.Keys()
	within := make([]string, len(keys.Pieces))
	for i, piece := range keys.Pieces {
		within[i] = e.Region + ":" + piece
	}
	return map[string]any{
		"_id":      entryID(e),
		"by_code":  e.Region + ":" + keys.Code,
		"by_name":  e.Region + ":" + keys.Name,
		"initials": e.Region + ":" + keys.Initials,
		"pinyin":   e.Region + ":" + keys.Pinyin,
		"pieces":   within,
		"keys":     catalogue.KeysVersion,
	}
}

func entryID(e catalogue.Entry) string { return e.Region + ":" + e.Code }

// lookupFields are the fields of the documents that lookups go by.
var lookupFields = map[catalogue.Field]string{
	catalogue.FieldCode: "by_code", catalogue.FieldName: "by_name", catalogue.FieldInitials: "initials",
	catalogue.FieldPinyin: "pinyin", catalogue.FieldPieces: "pieces",
}

func importKey(v *catalogue.State) map[string]any {
	return map[string]any{"_id": v.Region + ":" + string(v.Kind)}
}

// SaveDrugs writes the rows that are new or have changed.
func (s *Store) SaveDrugs(ctx context.Context, rows []catalogue.Drug) (int, error) {
	return saveEntries(ctx, s.drugs, rows, func(d *catalogue.Drug) string { return entryID(d.Entry) })
}

// SaveInstitutions writes the rows that are new or have changed.
func (s *Store) SaveInstitutions(ctx context.Context, rows []catalogue.Institution) (int, error) {
	return saveEntries(ctx, s.institutions, rows, func(i *catalogue.Institution) string { return entryID(i.Entry) })
}

// saveEntries reads a part's rows as they are by one query, and writes each that differs by one guarded write. Two imports
// of one region may run at once: both write what the region says.
func saveEntries[T comparable](ctx context.Context, t *table[T], rows []T, idOf func(*T) string) (int, error) {
	byID := map[string]*T{} // of two rows of one code the later counts
	for i := range rows {
		byID[idOf(&rows[i])] = &rows[i]
	}
	before, err := t.present(ctx, byID)
	if err != nil {
		return 0, err
	}
	group, within := errgroup.WithContext(ctx)
	group.SetLimit(savedAtOnce)
	written := 0
	for id, row := range byID {
		was, known := before[id]
		if known && *was.value == *row {
			continue
		}
		if !known {
			was = &stored[T]{id: id, absent: true}
		}
		written++
		group.Go(func() error {
			if _, ok, err := t.replace(within, was, row, newWriteID()); ok && err == nil {
				return nil
			}
			// Another import was first, or the answer was lost.
			_, err := t.change(within, id, func(*T) (*T, error) { return row, nil })
			return err
		})
	}
	return written, group.Wait()
}

// present are the documents of these ids, as far as they are there.
// One with keys of another version has no value, so that it differs.
func (t *table[T]) present(ctx context.Context, byID map[string]*T) (map[string]*stored[T], error) {
	ids := make([]string, 0, len(byID))
	for id := range byID {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	raws, err := t.find(ctx, bson.D{{Key: "_id", Value: bson.D{{Key: "$in", Value: ids}}}})
	if err != nil {
		return nil, err
	}
	before := make(map[string]*stored[T], len(raws))
	for _, raw := range raws {
		s, err := t.decode(raw)
		if err != nil {
			return nil, t.failed("find", err)
		}
		if made, _ := raw.Lookup("keys").AsInt64OK(); made != catalogue.KeysVersion {
			s.value = new(T)
		}
		before[s.id] = s
	}
	return before, nil
}

// FindDrugs implements catalogue.Store.
func (s *Store) FindDrugs(ctx context.Context, l catalogue.Lookup) ([]catalogue.Drug, bool, error) {
	return findEntries(ctx, s.drugs, l, func(d *catalogue.Drug) catalogue.Entry { return d.Entry })
}

// FindInstitutions implements catalogue.Store.
func (s *Store) FindInstitutions(ctx context.Context, l catalogue.Lookup) ([]catalogue.Institution, bool, error) {
	return findEntries(ctx, s.institutions, l, func(i *catalogue.Institution) catalogue.Entry { return i.Entry })
}

// findEntries reads a bounded range of one index, in its order, and stops early.
func findEntries[T any](ctx context.Context, t *table[T], l catalogue.Lookup, entryOf func(*T) catalogue.Entry) (found []T, cut bool, err error) {
	field, order := lookupFields[l.Field], lookupFields[l.Field]
	value := l.Region + ":" + l.Value
	condition := any(bson.D{{Key: "$gte", Value: value}, {Key: "$lt", Value: value + "\U0010ffff"}})
	if l.Field == catalogue.FieldPieces {
		condition, order = value, "_id"
	}
	filter := bson.D{{Key: field, Value: condition}, {Key: "valid", Value: true}}
	for name, want := range l.Only {
		if want != "" {
			filter = append(filter, bson.E{Key: name, Value: want})
		}
	}
	if !l.SeenFrom.IsZero() {
		filter = append(filter, bson.E{Key: "seen", Value: bson.D{{Key: "$gte", Value: l.SeenFrom}}})
	}
	scanned := 0
	// Of entries of one name the order is by code, so a search that is cut is cut the same each time.
	sort := bson.D{{Key: order, Value: 1}, {Key: "_id", Value: 1}}
	if order == "_id" {
		sort = sort[1:]
	}
	find := options.Find().SetSort(sort).SetLimit(int64(l.Scan)).SetBatchSize(int32(l.Limit + 1))
	for raw, err := range t.store.find(ctx, t.name, append(filter, knownSchema), find) {
		if err != nil {
			return nil, false, t.failed("find", err)
		}
		scanned++
		one, err := t.decode(raw)
		if err != nil {
			return nil, false, t.failed("find", err)
		}
		if l.Keep != nil && !l.Keep(entryOf(one.value)) {
			continue
		}
		if len(found) == l.Limit {
			return found, true, nil
		}
		found = append(found, *one.value)
	}
	return found, scanned == l.Scan, nil
}

// Import implements catalogue.Store.
func (s *Store) Import(ctx context.Context, region string, kind catalogue.Kind) (catalogue.State, error) {
	v, err := s.imports.get(ctx, region+":"+string(kind))
	if err != nil {
		return catalogue.State{}, ignore(err, errNoImport)
	}
	return *v, nil
}

// SaveImport implements catalogue.Store.
func (s *Store) SaveImport(ctx context.Context, state catalogue.State) error {
	_, err := s.imports.change(ctx, state.Region+":"+string(state.Kind), func(*catalogue.State) (*catalogue.State, error) { return &state, nil })
	return err
}
