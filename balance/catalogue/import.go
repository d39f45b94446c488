package catalogue

import (
	"context"
	"errors"
	"time"

	"yibao/balance"
)

const (
	// overlap is how much earlier than the begin of the last whole import the next one asks for changes from: the region's
	// clock may be behind ours, and it may tell days alone. A row that is read twice and has not changed is not written.
	overlap = 24 * time.Hour
	// resumable is how long an import that was stopped is gone on with. After that the region's list may have moved under
	// its pages, so it begins again; what is stored already is not written twice.
	resumable = 6 * time.Hour
	// maxParts ends an upstream that never comes to an end.
	maxParts = 100_000
)

// ErrEndless says that an upstream always had a further part, or the same again.
var ErrEndless = errors.New("catalogue: the upstream's list does not end")

// State is how far the imports of one catalogue are.
type State struct {
	Region string `bson:"region"`
	Kind   Kind   `bson:"kind"`
	Source string `bson:"source"`

	Whole    time.Time `bson:"whole,omitempty"`     // when the last import that went to its end began
	SeenFrom time.Time `bson:"seen_from,omitempty"` // entries met last before it are no longer on the list
	Rows     int       `bson:"rows"`                // on the list then

	// Of the import under way; zero without one.
	Began time.Time `bson:"began,omitempty"`
	Saved time.Time `bson:"saved,omitempty"` // when it was noted last
	Since time.Time `bson:"since,omitempty"` // changes since then are asked for; zero: everything
	Next  string    `bson:"next"`            // the part to ask for; "" for the first
	Read  int       `bson:"read"`            // rows read so far
	Bad   int       `bson:"bad"`             // … and rows that could not be read
}

// Progress is told after each part.
type Progress struct {
	Kind    Kind
	Read    int  // rows so far, those before an interruption too
	Total   int  // rows that there are; 0 where the region does not tell
	Written int  // rows that were new or had changed, of this run
	Bad     int  // rows that could not be read
	Resumed bool // an import that was stopped goes on
	Changes bool // changes alone are asked for
	Done    bool
}

// Import brings one catalogue of a region into the store: all of it the first time and where everything is asked for, else
// what has changed since. One part after the other goes through memory. It may be stopped at any point, and goes on where it
// was; told is called after each part. Errors: ErrRegion, balance.ErrUnsupported, those of package desk, ErrEndless,
// identity.ErrStore.
//
// Kill -9 is harmless between any two writes: a row is one write of its own, the part is noted as read only after the last of
// its rows, and Whole moves in the same write that ends the import. A part that was read and not noted is read again, and
// rows that stand there already are not written.
func (s *Service) Import(ctx context.Context, region string, kind Kind, everything bool, told func(Progress)) error {
	if !s.Known(region) {
		return ErrRegion
	}
	tells, changes := s.Upstream.Tells(region, kind)
	if !tells {
		return balance.ErrUnsupported
	}
	if kind == Drugs {
		return bring(ctx, s, region, kind, changes && !everything, told, s.Upstream.Drugs, s.Store.SaveDrugs, nil)
	}
	// Where everything is told each time, one that has left the list has no flag: it is not met any more.
	var met func(*Institution, time.Time)
	if !changes {
		met = func(i *Institution, began time.Time) { i.Seen = began }
	}
	return bring(ctx, s, region, kind, changes && !everything, told, s.Upstream.Institutions, s.Store.SaveInstitutions, met)
}

func bring[T any](ctx context.Context, s *Service, region string, kind Kind, changes bool, told func(Progress),
	ask func(context.Context, string, time.Time, string) (*Batch[T], error), save func(context.Context, []T) (int, error), met func(*T, time.Time)) error {
	state, err := s.Store.Import(ctx, region, kind)
	if err != nil {
		return err
	}
	p := Progress{Kind: kind}
	p.Resumed = state.begin(region, kind, changes, s.Now())
	p.Changes = !state.Since.IsZero()
	for range maxParts {
		batch, err := ask(ctx, region, state.Since, state.Next)
		switch {
		case err != nil:
			return err
		case batch == nil:
			return balance.ErrMalformed
		case batch.Next != "" && batch.Next == state.Next:
			return ErrEndless
		}
		for i := range batch.Rows {
			if met != nil {
				met(&batch.Rows[i], state.Began)
			}
		}
		written, err := save(ctx, batch.Rows)
		if err != nil {
			return err
		}
		state.note(len(batch.Rows), batch.Bad, batch.Next, batch.Source, s.Now(), met != nil)
		if err := s.Store.SaveImport(ctx, state); err != nil {
			return err
		}
		p.Read, p.Bad, p.Total, p.Written, p.Done = state.Read, state.Bad, batch.Total, p.Written+written, batch.Next == ""
		told(p)
		if p.Done {
			return nil
		}
	}
	return ErrEndless
}

// begin goes on with an import that was stopped, or begins one. An import of everything is not gone on with by one of
// changes: it is finished first.
func (s *State) begin(region string, kind Kind, changes bool, now time.Time) (resumed bool) {
	whole := s.Since.IsZero()
	if !s.Began.IsZero() && now.Sub(s.Saved).Abs() < resumable && (changes || whole) {
		return true
	}
	s.Region, s.Kind, s.Began, s.Saved, s.Next, s.Read, s.Bad = region, kind, now.Truncate(time.Millisecond), now, "", 0, 0
	s.Since = time.Time{}
	if changes && !s.Whole.IsZero() {
		s.Since = s.Whole.Add(-overlap)
	}
	return false
}

// note takes a part as read. Behind the last one the import is whole, and none is under way.
func (s *State) note(rows, bad int, next, source string, now time.Time, met bool) {
	s.Read, s.Bad, s.Next, s.Source, s.Saved = s.Read+rows, s.Bad+bad, next, source, now
	if next != "" {
		return
	}
	s.Whole = s.Began
	// A list that is suddenly half as long, or cannot be read in part, is no reason to take the others for struck off.
	if met && s.Bad == 0 && s.Read > 0 && 2*s.Read >= s.Rows {
		s.SeenFrom, s.Rows = s.Began, s.Read
	}
	s.Began, s.Since = time.Time{}, time.Time{}
}
