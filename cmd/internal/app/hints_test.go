package app

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"yibao/identity"
	"yibao/store"
)

func TestHintsSayWhereToLook(t *testing.T) {
	t.Parallel()
	for _, one := range []struct{ name, err, look string }{
		{"wechat.apps.main", "wechat: errcode 40164", "IP whitelist"},
		{"wechat.apps.main", "wechat: token not had: not_sent", "base_url"},
		{"regions.990100", "insurer: timeout: region 990100 transaction 1101", "base_url"},
		{"regions.990100", "insurer: access: region 990100", "paas_id"},
	} {
		cause := errors.New(one.err)
		got := withHint(one.name, cause)
		if !errors.Is(got, cause) || !strings.Contains(got.Error(), one.look) {
			t.Errorf("%s: %v", one.name, got)
		}
	}
	plain := errors.New("something else")
	if got := withHint("wechat.apps.main", plain); got != plain || withHint("wechat", nil) != nil {
		t.Error(got)
	}
}

func TestStoreHintSparesWhatExplainsItself(t *testing.T) {
	t.Parallel()
	if got := storeHint(fmt.Errorf("%w: ping: timeout", identity.ErrStore)); !errors.Is(got, identity.ErrStore) || !strings.Contains(got.Error(), "mongodb.uri") {
		t.Error(got)
	}
	for _, err := range []error{store.ErrKeys, errors.Join(store.ErrSchema, identity.ErrStore)} {
		if got := storeHint(err); got != err {
			t.Error(got)
		}
	}
}
