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
	for _, one := range []struct {
		hints     []hint
		err, look string
	}{
		{wechatHints, "wechat: errcode 40164", "IP whitelist"},
		{wechatHints, "wechat: no token: not_sent", "base_url"},
		{alipayHints, "alipay: the gateway gave no answer to believe: http/timeout", "alipay_public_key"},
		{regionHints, "insurer: timeout: region 990100 transaction 1101", "base_url"},
		{regionHints, "insurer: access: region 990100", "paas_id"},
	} {
		cause := errors.New(one.err)
		got := withHint(one.hints, cause)
		if !errors.Is(got, cause) || !strings.Contains(got.Error(), one.look) {
			t.Errorf("%s: %v", one.err, got)
		}
	}
	plain := errors.New("something else")
	if got := withHint(wechatHints, plain); got != plain || withHint(wechatHints, nil) != nil {
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
