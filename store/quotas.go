package store

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"yibao/reminder"
)

// quotaDoc is the quota of one template for one platform user. Maps are kept as lists: a key of a document may not hold
// every character.
type quotaDoc struct {
	Meta     `bson:",inline"`
	UserID   string      `bson:"user_id"`
	Template string      `bson:"template"`
	Free     int         `bson:"free"`
	Reserved []markedDoc `bson:"reserved"`
	Unknown  []markedDoc `bson:"unknown"`
	Reports  []string    `bson:"reports"`
}

type markedDoc struct {
	Delivery string    `bson:"delivery"`
	At       time.Time `bson:"at"`
}

func quotaID(userID, template string) string { return userID + ":" + template }

func quotaToDoc(v *reminder.Quota) *quotaDoc {
	return &quotaDoc{
		Meta{ID: quotaID(v.UserID, v.Template)}, v.UserID, v.Template, v.Free,
		markedToDoc(v.Reserved), markedToDoc(v.Unknown), v.Reports,
	}
}

func quotaToDom(d *quotaDoc) *reminder.Quota {
	return &reminder.Quota{
		UserID: d.UserID, Template: d.Template, Free: d.Free,
		Reserved: markedToDom(d.Reserved), Unknown: markedToDom(d.Unknown), Reports: d.Reports,
	}
}

func markedToDoc(m map[string]time.Time) []markedDoc {
	list := make([]markedDoc, 0, len(m))
	for delivery, at := range m {
		list = append(list, markedDoc{delivery, at})
	}
	slices.SortFunc(list, func(a, b markedDoc) int { return strings.Compare(a.Delivery, b.Delivery) })
	return list
}

func markedToDom(list []markedDoc) map[string]time.Time {
	m := make(map[string]time.Time, len(list))
	for _, marked := range list {
		m[marked.Delivery] = marked.At
	}
	return m
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
