package catalogue

import (
	"cmp"
	"context"
	"encoding/base64"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"yibao/balance"
	"yibao/balance/records"
)

// The limits of a search.
const (
	DefaultLimit = 20
	MaxLimit     = 100
	// MaxText is the most characters of a text that is searched for.
	MaxText = 50

	// maxFound bounds what one field of the index gives, and maxScanned what is read for it: a search costs the same
	// however long the catalogue is. Behind that many, a longer text finds better than a further page.
	maxFound   = 200
	maxScanned = 2000
)

// Errors of a search.
var (
	ErrCursor = errors.New("catalogue: not a cursor of this search")
	ErrLimit  = errors.New("catalogue: the limit is out of range")
	ErrText   = errors.New("catalogue: the text has no letter or is too long")
	ErrRegion = errors.New("catalogue: no such region")
)

// Query chooses entries of a region. Text "" fits all.
type Query struct {
	Region string
	Text   string // a code, a name, the initials of its pinyin or the whole of it, or the begin of one; or a part of the name
	Limit  int    // entries of a page; 0 is DefaultLimit
	Cursor string // Next of the page before; "" for the first page
}

// Page is a part of what was found: what the text is exactly first, then what begins with it, then what has it within; each
// by name.
type Page[T any] struct {
	Rows []T
	Next string // the cursor of the next page; "" behind the last row
	// Cut says that more fits than a search looks at: a longer text finds it.
	Cut bool
	// Whole is when the last import that went to its end began: what has changed since is missing. Zero before the first.
	Whole  time.Time
	Source string // e.g. "fsi/1312"; "" before the first import
}

// Options are what a Service is made of.
type Options struct {
	Upstream Upstream
	Store    Store
	Now      func() time.Time
	// Regions says whether a region is known.
	Known func(region string) bool
}

// Service searches and imports.
type Service struct{ Options }

// New makes the service.
func New(o Options) *Service { return &Service{o} }

// Drugs finds drugs of a grade, "" for all. A limit that is out of range is ErrLimit. Errors: ErrRegion,
// balance.ErrUnsupported where the region does not tell the catalogue, ErrText, ErrCursor, identity.ErrStore.
func (s *Service) Drugs(ctx context.Context, q Query, grade records.Grade) (*Page[Drug], error) {
	today := balance.DayOf(s.Now())
	return search(ctx, s, Drugs, q, map[string]string{"grade": string(grade)}, s.Store.FindDrugs,
		func(d *Drug) (Entry, bool) { return d.Entry, d.To == "" || d.To >= today })
}

// Institutions finds institutions of a type and a level, "" for all. A limit that is out of range is ErrLimit. Errors:
// ErrRegion, balance.ErrUnsupported where the region does not tell the catalogue, ErrText, ErrCursor, identity.ErrStore.
func (s *Service) Institutions(ctx context.Context, q Query, of Type, level string) (*Page[Institution], error) {
	return search(ctx, s, Institutions, q, map[string]string{"type": string(of), "level": level}, s.Store.FindInstitutions,
		func(i *Institution) (Entry, bool) { return i.Entry, true })
}

func search[T any](ctx context.Context, s *Service, kind Kind, q Query, only map[string]string,
	find func(context.Context, Lookup) ([]T, bool, error), entryOf func(*T) (Entry, bool)) (*Page[T], error) {
	if !s.Known(q.Region) {
		return nil, ErrRegion
	}
	if tells, _ := s.Upstream.Tells(q.Region, kind); !tells {
		return nil, balance.ErrUnsupported
	}
	text := Fold(q.Text)
	if text == "" && q.Text != "" || utf8.RuneCountInString(q.Text) > MaxText {
		return nil, ErrText
	}
	state, err := s.Store.Import(ctx, q.Region, kind)
	if err != nil {
		return nil, err
	}
	page := &Page[T]{Whole: state.Whole, Source: state.Source}
	var all []ranked[T]
	// within: a lookup by a piece has come to its end, so all that have the text within are known; missed: none has.
	within, missed := false, false
	for _, l := range lookups(text) {
		if within {
			break
		}
		l.Region, l.Only, l.SeenFrom, l.Limit, l.Scan = q.Region, only, state.SeenFrom, maxFound, maxScanned
		found, cut, err := find(ctx, l)
		if err != nil {
			return nil, err
		}
		if l.Field != FieldPieces {
			page.Cut = page.Cut || cut
		} else {
			within, missed = !cut, cut
		}
		for _, one := range found {
			if entry, good := entryOf(&one); good {
				all = append(all, ranked[T]{placeOf(entry, text), one})
			}
		}
	}
	page.Cut = page.Cut || missed
	return page, page.cut(all, q)
}

// lookups are the questions to the index, each bounded. Those by a piece come last: one that comes to its end is enough.
func lookups(text string) []Lookup {
	if text == "" {
		return []Lookup{{Field: FieldName}}
	}
	list := []Lookup{{Field: FieldCode, Value: text}, {Field: FieldName, Value: text}}
	if isLatin(text) {
		list = append(list, Lookup{Field: FieldInitials, Value: text}, Lookup{Field: FieldPinyin, Value: text})
	}
	within := func(e Entry) bool { return strings.Contains(Fold(e.Name), text) }
	for _, piece := range somePieces(pieces(text)) {
		list = append(list, Lookup{Field: FieldPieces, Value: piece, Keep: within})
	}
	return list
}

// somePieces are the first, the last and the middle one: nobody knows which is the rarest among names.
func somePieces(all []string) []string {
	if len(all) < 3 {
		return all
	}
	return []string{all[0], all[len(all)-1], all[len(all)/2]}
}

func isLatin(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return r > 'z' })
}

// place is where an entry stands among those found. No two have the same.
type place struct {
	tier int // 0: the text itself; 1: begins with it; 2: has it within
	name string
	code string
}

type ranked[T any] struct {
	place
	row T
}

func (p place) compare(q place) int {
	return cmp.Or(cmp.Compare(p.tier, q.tier), strings.Compare(p.name, q.name), strings.Compare(p.code, q.code))
}

func placeOf(e Entry, text string) place {
	keys := e.Keys()
	p := place{2, keys.Name, e.Code}
	for _, key := range []string{keys.Code, keys.Name, keys.Initials, keys.Pinyin} {
		switch {
		case key == text:
			p.tier = 0
		case strings.HasPrefix(key, text):
			p.tier = min(p.tier, 1)
		}
	}
	return p
}

// cursor names the last row of a page by its place: an import in between moves no other row.
func (p place) cursor() string {
	return base64.RawURLEncoding.EncodeToString([]byte(strconv.Itoa(p.tier) + p.code + "\x00" + p.name))
}

func readCursor(text string) (place, error) {
	raw, err := base64.RawURLEncoding.DecodeString(text)
	code, name, found := strings.Cut(string(raw), "\x00")
	if err != nil || !found || code == "" || code[0] < '0' || code[0] > '2' {
		return place{}, ErrCursor
	}
	return place{int(code[0] - '0'), name, code[1:]}, nil
}

// cut puts what was found in order, each once, and takes the page out of it.
func (page *Page[T]) cut(all []ranked[T], q Query) error {
	limit := cmp.Or(q.Limit, DefaultLimit)
	if limit < 1 || limit > MaxLimit {
		return ErrLimit
	}
	slices.SortFunc(all, func(a, b ranked[T]) int { return a.compare(b.place) })
	all = slices.CompactFunc(all, func(a, b ranked[T]) bool { return a.place == b.place })
	if q.Cursor != "" {
		last, err := readCursor(q.Cursor)
		if err != nil {
			return err
		}
		all = slices.DeleteFunc(all, func(one ranked[T]) bool { return one.compare(last) <= 0 })
	}
	if len(all) > limit {
		all = all[:limit]
		page.Next = all[limit-1].cursor()
	}
	page.Rows = make([]T, len(all))
	for i, one := range all {
		page.Rows[i] = one.row
	}
	return nil
}
