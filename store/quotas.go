package store

import (
	"context"
	"errors"
	"time"

	"yibao/reminder"
)

func quotaID(userID, template string) string { return userID + ":" + template }

func quotaKey(q *reminder.Quota) map[string]any {
	return map[string]any{"_id": quotaID(q.UserID, q.Template)}
}

func emptyQuota(userID, template string) *reminder.Quota {
	return &reminder.Quota{UserID: userID, Template: template, Reserved: map[string]time.Time{}, Unknown: map[string]time.Time{}}
}

// Quota returns a quota; one that is not there is empty. Its maps are never nil.
func (s *Store) Quota(ctx context.Context, userID, template string) (*reminder.Quota, error) {
	q, err := s.quotas.get(ctx, quotaID(userID, template))
	if errors.Is(err, reminder.ErrNotFound) {
		return emptyQuota(userID, template), nil
	}
	return q, err
}

// UpdateQuota changes a quota by fn; one that is not there starts empty. Its maps are never nil.
func (s *Store) UpdateQuota(ctx context.Context, userID, template string, fn func(*reminder.Quota) error) (*reminder.Quota, error) {
	fresh := func() *reminder.Quota { return emptyQuota(userID, template) }
	return s.quotas.upsert(ctx, quotaID(userID, template), fresh, fn)
}
