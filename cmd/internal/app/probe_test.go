package app

import (
	"errors"
	"strings"
	"testing"
	"time"

	"yibao/platforms/insurer"
)

func TestUnreachedIsNotSlow(t *testing.T) {
	t.Parallel()
	silent := &insurer.Error{Class: insurer.ClassTimeout}
	if got := sayUnreached(silent, 50*time.Millisecond, 8*time.Second); !strings.Contains(got.Error(), "cannot be reached") {
		t.Error(got)
	}
	if got := sayUnreached(silent, 8*time.Second, 8*time.Second); !strings.Contains(got.Error(), "no answer within 8s") {
		t.Error(got)
	}
	for _, err := range []error{nil, errors.New("other"), &insurer.Error{Class: insurer.ClassTimeout, Status: 504}, &insurer.Error{Class: insurer.ClassAccess}} {
		if got := sayUnreached(err, 0, time.Second); got != err {
			t.Error(got)
		}
	}
}
