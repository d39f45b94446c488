package store

import (
	"context"
	"time"

	"yibao/identity"
)

// counterKept is how long a counter is kept after its last hit.
const counterKept = 24 * time.Hour

type counterDoc struct {
	Meta      `bson:",inline"`
	Hits      []hitDoc  `bson:"hits"`
	ExpiresAt time.Time `bson:"expires_at"` // 24 h after the last hit
}

type hitDoc struct {
	Op string    `bson:"op"`
	At time.Time `bson:"at"`
}

func counterToDoc(v *identity.Counter) *counterDoc {
	d := &counterDoc{Meta: Meta{ID: v.Key}, Hits: make([]hitDoc, len(v.Hits))}
	for i, hit := range v.Hits {
		d.Hits[i] = hitDoc(hit)
		if expires := hit.At.Add(counterKept); expires.After(d.ExpiresAt) {
			d.ExpiresAt = expires
		}
	}
	return d
}

func counterToDom(d *counterDoc) *identity.Counter {
	v := &identity.Counter{Key: d.ID, Hits: make([]identity.Hit, len(d.Hits))}
	for i, hit := range d.Hits {
		v.Hits[i] = identity.Hit(hit)
	}
	return v
}

// UpdateCounter changes a counter by fn; one that is not there starts empty.
func (s *Store) UpdateCounter(ctx context.Context, key string, fn func(*identity.Counter) error) error {
	_, err := s.counters.upsert(ctx, key, func() *identity.Counter { return &identity.Counter{Key: key} }, fn)
	return err
}
