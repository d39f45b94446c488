package catalogue

import (
	"context"
	"time"
)

// Batch is a part of a catalogue, as an upstream answers it.
type Batch[T any] struct {
	Rows   []T
	Next   string // what to ask for next; "" behind the last part
	Bad    int    // rows that could not be read, and are left out
	Total  int    // rows of the whole answer, where the upstream tells; else 0
	Source string // e.g. "fsi/1312"
}

// Upstream asks a region for its catalogues, part by part. Since is zero for everything, else only what has changed since
// then is wanted; an upstream that cannot be asked so answers everything. Next is "" for the first part. Errors: those of
// package desk.
type Upstream interface {
	// Tells says whether the region has the catalogue, and whether it can be asked for changes alone.
	Tells(region string, kind Kind) (tells, changes bool)
	Drugs(ctx context.Context, region string, since time.Time, next string) (*Batch[Drug], error)
	Institutions(ctx context.Context, region string, since time.Time, next string) (*Batch[Institution], error)
}

// Store keeps the catalogues, and how far their imports are.
type Store interface {
	// SaveDrugs and SaveInstitutions write what is new or has changed, each row by one write, and return how many they were.
	SaveDrugs(ctx context.Context, rows []Drug) (int, error)
	SaveInstitutions(ctx context.Context, rows []Institution) (int, error)
	// FindDrugs and FindInstitutions return what fits the lookup, in the order of its field; cut says that they stopped at
	// a limit of the lookup.
	FindDrugs(ctx context.Context, l Lookup) (found []Drug, cut bool, err error)
	FindInstitutions(ctx context.Context, l Lookup) (found []Institution, cut bool, err error)
	// Import returns the state of a catalogue's imports; the zero State where there was none.
	Import(ctx context.Context, region string, kind Kind) (State, error)
	SaveImport(ctx context.Context, state State) error
}

// Lookup finds valid entries of a region by one indexed field, in its order.
type Lookup struct {
	Region string
	Field  Field
	Value  string            // what the field begins with; of FieldPieces one piece
	Only   map[string]string // further fields, by name in the document, and their values
	// SeenFrom leaves out entries that were last met before; zero for none.
	SeenFrom time.Time
	Keep     func(Entry) bool // of those read; nil keeps all
	Limit    int              // entries returned
	Scan     int              // entries read
}

// Field is a field that a lookup goes by.
type Field string

// The fields. All but the last are looked up by their beginning.
const (
	FieldCode     Field = "code"
	FieldName     Field = "name"
	FieldInitials Field = "initials"
	FieldPinyin   Field = "pinyin"
	FieldPieces   Field = "pieces" // any two characters of the name that follow each other
)
