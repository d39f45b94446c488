package store

import (
	"context"
	"time"

	"yibao/identity"
)

// counterKept is how long a counter is kept after its last hit.
const counterKept = 24 * time.Hour

// counterExpires is for the sweep: the time at which the last hit has lost its weight.
func counterExpires(c *identity.Counter) map[string]any {
	var expires time.Time
	for _, hit := range c.Hits {
		if at := hit.At.Add(counterKept); at.After(expires) {
			expires = at
		}
	}
	return map[string]any{"expires_at": expires}
}

// UpdateCounter changes a counter by fn; one that is not there starts empty.
func (s *Store) UpdateCounter(ctx context.Context, key string, fn func(*identity.Counter) error) error {
	_, err := s.counters.upsert(ctx, key, func() *identity.Counter { return &identity.Counter{Key: key} }, fn)
	return err
}
