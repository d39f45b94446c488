package store

import (
	"yibao/balance"
	"yibao/identity"
	"yibao/reminder"
)

// tables are the collections with their codecs.
type tables struct {
	about *table[aboutDoc, aboutDoc, *aboutDoc]

	users      *table[identity.PlatformUser, userDoc, *userDoc]
	sessions   *table[identity.Session, sessionDoc, *sessionDoc]
	changes    *table[identity.Change, changeDoc, *changeDoc]
	attempts   *table[identity.Attempt, attemptDoc, *attemptDoc]
	persons    *table[personDoc, personDoc, *personDoc]
	personKeys *table[personKey, personKey, *personKey]
	counters   *table[identity.Counter, counterDoc, *counterDoc]

	readings  *table[readingMonth, readingMonth, *readingMonth]
	answers   *table[lastAnswer, answerDoc, *answerDoc]
	schedules *table[balance.Schedule, scheduleDoc, *scheduleDoc]

	rules      *table[reminder.Rule, ruleDoc, *ruleDoc]
	deliveries *table[reminder.Delivery, deliveryDoc, *deliveryDoc]
	finished   *table[reminder.Delivery, deliveryDoc, *deliveryDoc]
	leases     *table[leaseDoc, leaseDoc, *leaseDoc]
	quotas     *table[reminder.Quota, quotaDoc, *quotaDoc]
}

func newTable[T, D any, P document[D]](s *Store, name string, missing error, toDoc func(*T) (*D, error), toDom func(*D) (*T, error)) *table[T, D, P] {
	return &table[T, D, P]{name: name, store: s, missing: missing, toDoc: toDoc, toDom: toDom}
}

// plain is a codec half that cannot fail.
func plain[A, B any](convert func(*A) *B) func(*A) (*B, error) {
	return func(a *A) (*B, error) { return convert(a), nil }
}

// same is the codec half of a document type that is its own value.
func same[D any](d *D) (*D, error) { return d, nil }

func (s *Store) newTables() tables {
	return tables{
		about: newTable(s, "about", errNoAbout, same[aboutDoc], same[aboutDoc]),

		users:      newTable(s, "platform_users", identity.ErrNotFound, s.userToDoc, s.userToDom),
		sessions:   newTable(s, "sessions", identity.ErrNotFound, plain(sessionToDoc), plain(sessionToDom)),
		changes:    newTable(s, "changes", identity.ErrNotFound, plain(changeToDoc), plain(changeToDom)),
		attempts:   newTable(s, "link_attempts", identity.ErrNotFound, s.attemptToDoc, s.attemptToDom),
		persons:    newTable(s, "persons", identity.ErrNotFound, same[personDoc], same[personDoc]),
		personKeys: newTable(s, "person_keys", identity.ErrNotFound, same[personKey], same[personKey]),
		counters:   newTable(s, "counters", identity.ErrNotFound, plain(counterToDoc), plain(counterToDom)),

		readings:  newTable(s, "readings", balance.ErrNotFound, same[readingMonth], same[readingMonth]),
		answers:   newTable(s, "answers", balance.ErrNotFound, s.answerToDoc, s.answerToDom),
		schedules: newTable(s, "schedules", balance.ErrNotFound, plain(scheduleToDoc), plain(scheduleToDom)),

		rules:      newTable(s, "rules", reminder.ErrNotFound, plain(ruleToDoc), plain(ruleToDom)),
		deliveries: newTable(s, "deliveries", reminder.ErrNotFound, plain(deliveryToDoc), plain(deliveryToDom)),
		finished:   newTable(s, "deliveries_done", reminder.ErrNotFound, plain(deliveryToDoc), plain(deliveryToDom)),
		leases:     newTable(s, "send_leases", reminder.ErrNotFound, same[leaseDoc], same[leaseDoc]),
		quotas:     newTable(s, "quotas", reminder.ErrNotFound, plain(quotaToDoc), plain(quotaToDom)),
	}
}
