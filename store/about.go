package store

import (
	"context"
	"errors"
)

// aboutID is the one document of the collection "about": it describes the database itself.
const aboutID = "database"

// aboutDoc's own schema is the database's.
type aboutDoc struct {
	ID    string    `bson:"_id"`
	Marks *keyMarks `bson:"marks"` // nil before the first start that writes them
}

var errNoAbout = errors.New("store: a new database")

// checkAbout compares the database's schema with the program's, and its keys with those at hand. It costs one read,
// however many documents there are; each document's own version is checked as it is read.
func (s *Store) checkAbout(ctx context.Context) error {
	about, err := s.about.load(ctx, aboutID)
	if errors.Is(err, errNoAbout) {
		return nil // EnsureIndexes writes it
	}
	if err != nil {
		return err
	}
	if about.meta.Schema < schemaVersion {
		s.log.Info("store_schema_older", "schema", about.meta.Schema, "program", schemaVersion)
	}
	return s.keys.fit(about.value)
}

// writeAbout notes the program's schema and marks of its keys. Replicas before and after a rotation may both do it, as
// each has the other's keys, too. The keys are checked once more: of two first starts with different keys, one fails.
func (s *Store) writeAbout(ctx context.Context) error {
	marks, err := s.keys.marks()
	if err != nil {
		return failed("about.update", err)
	}
	fresh := func() *aboutDoc { return &aboutDoc{ID: aboutID} }
	_, err = s.about.upsert(ctx, aboutID, fresh, func(about *aboutDoc) error {
		if err := s.keys.fit(about); err != nil {
			return err
		}
		about.Marks = &marks
		return nil
	})
	return err
}

// fit is ErrKeys when the database carries marks of other keys.
func (k *Keyring) fit(about *aboutDoc) error {
	if about.Marks == nil {
		return nil
	}
	return k.fits(*about.Marks)
}
