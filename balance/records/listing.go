package records

import (
	"context"
	"time"

	"yibao/balance"
	"yibao/identity"
)

// Listing is an upstream's answer about one kind of rows of one person.
type Listing[T any] struct {
	Rows []T
	Meta
}

// Meta says how much a listing is worth.
type Meta struct {
	AsOf      time.Time // the upstream's own time; FetchedAt where it gave none
	FetchedAt time.Time // our clock
	Source    string    // e.g. "fsi/5203"
	Reference string    // the upstream's trace number
	Coverage  balance.Coverage
	// CompleteTo is the day up to which nothing is missing, by the region's own word; "" where it says nothing. Bills of
	// later days may still come.
	CompleteTo balance.Day
}

// Fetched is FetchedAt.
func (l *Listing[T]) Fetched() time.Time { return l.FetchedAt }

// Upstream asks a region for the rows of a person. A year is "2026"; where a region cannot be asked by year, an adapter
// returns the rows of that year out of all. Errors: those of package desk. A nil listing without error counts as
// ErrMalformed.
type Upstream interface {
	Contributions(ctx context.Context, region string, person identity.Claim, year string) (*Listing[Contribution], error)
	Settlements(ctx context.Context, region string, person identity.Claim, year string) (*Listing[Settlement], error)
	Lines(ctx context.Context, region string, person identity.Claim, settlement string) (*Listing[Line], error)
	Ledger(ctx context.Context, region string, person identity.Claim, year string) (*Listing[Entry], error)
	Claims(ctx context.Context, region string, person identity.Claim, year string) (*Listing[Claim], error)
	Accumulated(ctx context.Context, region string, person identity.Claim, year string) (*Listing[Accumulated], error)
	Quotas(ctx context.Context, region string, person identity.Claim, year string) (*Listing[Quota], error)
	Designated(ctx context.Context, region string, person identity.Claim, year string) (*Listing[Designated], error)
}
