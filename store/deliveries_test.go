package store_test

import (
	"strconv"
	"sync/atomic"
	"testing"

	"yibao/reminder"
	"yibao/store/storetest"
)

// TestDeliveriesAreListedWhileTheyMove: a delivery that is being moved to the finished ones is never missing.
func TestDeliveriesAreListedWhileTheyMove(t *testing.T) {
	storetest.Each(t, testDeliveriesAreListedWhileTheyMove)
}

func testDeliveriesAreListedWhileTheyMove(t *testing.T, d *storetest.Database) {
	s := d.Open(t)
	var written atomic.Int64
	stop := make(chan struct{})
	go func() {
		defer close(stop)
		for i := range 60 {
			d := delivery("d"+strconv.Itoa(i), "u", start)
			if err := s.InsertDelivery(t.Context(), d); err != nil {
				t.Error(err)
			}
			written.Add(1)
			d.State = reminder.DeliveryAccepted
			if err := s.FinishDelivery(t.Context(), &d); err != nil {
				t.Error(err)
			}
		}
	}()
	for done := false; !done; {
		select {
		case <-stop:
			done = true
		default:
		}
		least := int(written.Load())
		list, err := s.DeliveriesOf(t.Context(), "l", 100)
		if err != nil || len(list) < least {
			t.Fatalf("%d of %d are listed, %v", len(list), least, err)
		}
	}
}
