package records

import (
	"cmp"
	"encoding/base64"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"yibao/balance"
)

// The limits of a page.
const (
	DefaultLimit = 20
	MaxLimit     = 100
	maxYears     = 5 // of one query: each is a question to the region
)

// Errors of a query.
var (
	ErrCursor = errors.New("records: not a cursor of this list")
	ErrLimit  = errors.New("records: the limit is out of range")
	// ErrNoSuchBill says that no bill of the person has the id.
	ErrNoSuchBill = errors.New("records: no such bill")
)

// Query chooses rows. The zero value is the newest rows of this year.
type Query struct {
	From, To      balance.Day // inclusive; "" is the first of January of To's year, and today
	InsuranceType string      // "" for all
	Kind          string      // the row's Kind, or a claim's State; "" for all
	Institution   string      // a code, or a part of the name; "" for all
	Min, Max      *balance.Fen
	Limit         int    // rows of a page; 0 is DefaultLimit
	Cursor        string // Next of the page before; "" for the first page
	All           bool   // every row on one page, without regard to Limit and Cursor
}

// Page is a part of a list, the newest rows first.
type Page[T any] struct {
	Rows  []T
	Next  string // the cursor of the next page; "" behind the last row
	Total Total
	Meta
	Stale bool // a part of it is older than it should be, since the region gives no answer now
	Cause error
}

// Total is about all rows that fit the query, on all pages.
type Total struct {
	Rows int
}

// place is where a row stands in its list. No two rows of a list have the same.
type place struct {
	at time.Time
	id string
}

func (p place) compare(q place) int {
	return cmp.Or(p.at.Compare(q.at), strings.Compare(p.id, q.id))
}

// cursor names the last row of a page by its place, not by a number: rows that come in between move no other row.
func (p place) cursor() string {
	return base64.RawURLEncoding.EncodeToString([]byte(strconv.FormatInt(p.at.UnixNano(), 36) + "." + p.id))
}

func readCursor(text string) (place, error) {
	raw, err := base64.RawURLEncoding.DecodeString(text)
	at, id, found := strings.Cut(string(raw), ".")
	nanos, numberErr := strconv.ParseInt(at, 36, 64)
	if err != nil || !found || numberErr != nil {
		return place{}, ErrCursor
	}
	return place{time.Unix(0, nanos), id}, nil
}

// days fills in the range and checks it.
func (q Query) days(today balance.Day) (from, to balance.Day, err error) {
	to = cmp.Or(q.To, today)
	if to.Start().IsZero() {
		return "", "", balance.ErrRange
	}
	from = cmp.Or(q.From, to[:4]+"-01-01")
	if from.Start().IsZero() || from > to || year(to)-year(from) >= maxYears {
		return "", "", balance.ErrRange
	}
	return from, to, nil
}

// year is the year of a valid day.
func year(day balance.Day) int {
	n, _ := strconv.Atoi(string(day[:4]))
	return n
}

// cut sorts the rows, newest first, and cuts the page out of them. Two rows in the same place are one.
func cut[T any](rows []T, placeOf func(T) place, q Query) (*Page[T], error) {
	limit := cmp.Or(q.Limit, DefaultLimit)
	if q.All {
		q.Cursor, limit = "", max(len(rows), 1)
	} else if limit < 1 || limit > MaxLimit {
		return nil, ErrLimit
	}
	rows = distinct(rows, placeOf)
	page := &Page[T]{Rows: rows, Total: Total{len(rows)}}
	if q.Cursor != "" {
		last, err := readCursor(q.Cursor)
		if err != nil {
			return nil, err
		}
		behind := slices.IndexFunc(rows, func(row T) bool { return placeOf(row).compare(last) < 0 })
		if behind < 0 {
			behind = len(rows)
		}
		page.Rows = rows[behind:]
	}
	if len(page.Rows) > limit {
		page.Rows = page.Rows[:limit]
		page.Next = placeOf(page.Rows[limit-1]).cursor()
	}
	return page, nil
}

// distinct sorts the rows, newest first, and leaves one of each place.
func distinct[T any](rows []T, placeOf func(T) place) []T {
	slices.SortFunc(rows, func(a, b T) int { return placeOf(b).compare(placeOf(a)) })
	return slices.CompactFunc(rows, func(a, b T) bool { return placeOf(a).compare(placeOf(b)) == 0 })
}
