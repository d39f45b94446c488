package remindertest

import (
	"maps"
	"slices"

	"yibao/reminder"
)

func cloneRule(r *reminder.Rule) *reminder.Rule {
	if r == nil {
		return nil
	}
	c := *r
	if r.Outbox != nil {
		outbox := *r.Outbox
		outbox.Message = cloneMessage(outbox.Message)
		c.Outbox = &outbox
	}
	return &c
}

func cloneMessage(m reminder.Message) reminder.Message {
	if m.Balance != nil {
		fen := *m.Balance
		m.Balance = &fen
	}
	return m
}

func cloneDelivery(d *reminder.Delivery) *reminder.Delivery {
	c := *d
	c.Message = cloneMessage(d.Message)
	return &c
}

func cloneQuota(q *reminder.Quota) *reminder.Quota {
	c := *q
	c.Reserved = maps.Clone(q.Reserved)
	c.Unknown = maps.Clone(q.Unknown)
	c.Reports = slices.Clone(q.Reports)
	return &c
}
