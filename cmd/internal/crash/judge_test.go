package main

import (
	"testing"
	"time"

	"yibao/reminder"
)

// TestTally makes sure that the judge would see what it is there to see.
func TestTally(t *testing.T) {
	at := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	accepted := reminder.Delivery{State: reminder.DeliveryAccepted}
	unknown := reminder.Delivery{State: reminder.DeliveryUnknown, SendingAt: at, EndedAt: at.Add(3 * time.Second)}
	dropped := reminder.Delivery{State: reminder.DeliveryDropped}
	during, before, after := []time.Time{at.Add(time.Second)}, []time.Time{at.Add(-time.Second)}, []time.Time{at.Add(time.Minute)}
	for _, one := range []struct {
		name            string
		falls, messages int
		deliveries      []reminder.Delivery
		kills           []time.Time
		want            count
	}{
		{"all told", 2, 2, []reminder.Delivery{accepted, accepted}, nil, count{falls: 2}},
		{"a fall without a delivery", 2, 1, []reminder.Delivery{accepted}, nil, count{falls: 2, lost: 1}},
		{"a dropped message", 1, 0, []reminder.Delivery{dropped}, nil, count{falls: 1, lost: 1}},
		{"accepted, but not on the phone", 1, 0, []reminder.Delivery{accepted}, nil, count{falls: 1, lost: 1}},
		{"two on the phone for one fall", 1, 2, []reminder.Delivery{accepted}, nil, count{falls: 1, doubled: 1}},
		{"two deliveries for one fall", 1, 2, []reminder.Delivery{accepted, accepted}, nil, count{falls: 1, doubled: 1}},
		{"unknown, arrived", 1, 1, []reminder.Delivery{unknown}, during, count{falls: 1, unknown: 1}},
		{"unknown, did not arrive", 1, 0, []reminder.Delivery{unknown}, during, count{falls: 1, unknown: 1}},
		{"unknown, and then sent again", 1, 2, []reminder.Delivery{unknown}, during, count{falls: 1, unknown: 1, doubled: 1}},
		{"unknown with a kill before it", 1, 0, []reminder.Delivery{unknown}, before, count{falls: 1, unknown: 1, stray: 1}},
		{"unknown with a kill long after it", 1, 0, []reminder.Delivery{unknown}, after, count{falls: 1, unknown: 1, stray: 1}},
	} {
		if got := tally(one.falls, one.messages, one.deliveries, one.kills); got != one.want {
			t.Errorf("%s: got %+v, want %+v", one.name, got, one.want)
		}
	}
}
