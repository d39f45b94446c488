package store

import (
	"yibao/balance"
	"yibao/identity"
	"yibao/reminder"
)

// tables are the collections.
type tables struct {
	about *table[aboutDoc]

	users      *table[identity.PlatformUser]
	userKeys   *table[userKey]
	sessions   *table[identity.Session]
	changes    *table[identity.Change]
	attempts   *table[identity.Attempt]
	persons    *table[personDoc]
	personKeys *table[personKey]
	counters   *table[identity.Counter]

	readings  *table[readingMonth]
	answers   *table[lastAnswer]
	schedules *table[balance.Schedule]

	rules      *table[reminder.Rule]
	deliveries *table[reminder.Delivery] // open
	finished   *table[reminder.Delivery] // final
	leases     *table[leaseDoc]
	quotas     *table[reminder.Quota]
}

func newTable[T any](s *Store, name string, missing error) *table[T] {
	return &table[T]{name: name, store: s, missing: missing}
}

func (s *Store) newTables() tables {
	t := tables{
		about: newTable[aboutDoc](s, "about", errNoAbout),

		users:      newTable[identity.PlatformUser](s, "platform_users", identity.ErrNotFound),
		userKeys:   newTable[userKey](s, "user_keys", identity.ErrNotFound),
		sessions:   newTable[identity.Session](s, "sessions", identity.ErrNotFound),
		changes:    newTable[identity.Change](s, "changes", identity.ErrNotFound),
		attempts:   newTable[identity.Attempt](s, "link_attempts", identity.ErrNotFound),
		persons:    newTable[personDoc](s, "persons", identity.ErrNotFound),
		personKeys: newTable[personKey](s, "person_keys", identity.ErrNotFound),
		counters:   newTable[identity.Counter](s, "counters", identity.ErrNotFound),

		readings:  newTable[readingMonth](s, "readings", balance.ErrNotFound),
		answers:   newTable[lastAnswer](s, "answers", balance.ErrNotFound),
		schedules: newTable[balance.Schedule](s, "schedules", balance.ErrNotFound),

		rules:      newTable[reminder.Rule](s, "rules", reminder.ErrNotFound),
		deliveries: newTable[reminder.Delivery](s, "deliveries", reminder.ErrNotFound),
		finished:   newTable[reminder.Delivery](s, "deliveries_done", reminder.ErrNotFound),
		leases:     newTable[leaseDoc](s, "send_leases", reminder.ErrNotFound),
		quotas:     newTable[reminder.Quota](s, "quotas", reminder.ErrNotFound),
	}
	t.users.sealed, t.users.derived = userTexts, userDue
	t.attempts.sealed, t.answers.sealed, t.rules.sealed = attemptTexts, answerTexts, ruleTexts
	t.deliveries.sealed, t.finished.sealed = deliveryTexts, deliveryTexts
	t.users.marked, t.userKeys.marked, t.attempts.marked = true, true, true
	t.persons.marked, t.personKeys.marked = true, true
	t.rules.marked, t.deliveries.marked = true, true
	t.counters.derived, t.schedules.derived, t.quotas.derived = counterExpires, scheduleKey, quotaKey
	return t
}
