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
		address   string
		hints     []hint
		err, look string
	}{
		{"wechat.base_url", wechatHints, "wechat: errcode 40164", "IP whitelist"},
		{"wechat.base_url", wechatHints, "wechat: no token: dns", "the host in wechat.base_url is not known to DNS"},
		{"wechat.base_url", wechatHints, "wechat: no token: refused", "nothing takes connections there"},
		{"alipay.gateway", alipayHints, "alipay: the gateway gave no answer to believe: http/timeout", "no answer in time: is alipay.gateway"},
		{"alipay.gateway", alipayHints, "alipay: the gateway gave no answer to believe: http/tls_name", "alipay.gateway must name the host"},
		{"alipay.gateway", alipayHints, "alipay: the gateway gave no answer to believe: answer/signature", "alipay_public_key is not the key"},
		{"alipay.gateway", alipayHints, "alipay: the gateway refuses the app: 40002/isv.invalid-signature", "belongs to private_key"},
		{"insurer.base_url", regionHints, "insurer: timeout: region 990100 transaction 1101 cause unreachable", "a firewall"},
		{"insurer.base_url", regionHints, "insurer: access: region 990100 cause tls_authority", "ca_file beside insurer.base_url"},
		{"insurer.base_url", regionHints, "insurer: access: region 990100 cause tls_client", "client_cert_file"},
		{"insurer.base_url", regionHints, "insurer: access: region 990100", "paas_id"},
		{"insurer.base_url", regionHints, "insurer: throttled: region 990100 transaction 1101 status 429", "fewer questions"},
		{"alipay.gateway", alipayHints, "alipay: the gateway refuses the app: unsigned/40002/isv.invalid-app-id", "app_id is not the id"},
		{"mongodb.uri", mongoHints, "no server can be used: tls_authority", "tlsCAFile"},
		{"mongodb.uri", mongoHints, "no server can be used: tls_name", "mongodb.uri must name the host"},
		{"", keyHints, "store: seal key: not an AEAD keyset", "swapped"},
	} {
		cause := errors.New(one.err)
		got := withHint(one.address, one.hints, cause)
		if !errors.Is(got, cause) || !strings.Contains(got.Error(), one.look) {
			t.Errorf("%s: %v", one.err, got)
		}
	}
	plain := errors.New("something else")
	if got := withHint("x", wechatHints, plain); got != plain || withHint("x", wechatHints, nil) != nil {
		t.Error(got)
	}
}

// TestSwappedKeyFilesAreNamed: the seal key is of another kind than the rest.
func TestSwappedKeyFilesAreNamed(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := store.NewKeyFiles(dir); err != nil {
		t.Fatal(err)
	}
	swapped := store.KeyFiles{}.In(dir)
	swapped.Seal, swapped.Code = swapped.Code, swapped.Seal
	_, err := store.LoadKeyring(swapped)
	if err = withHint("", keyHints, err); err == nil || !strings.Contains(err.Error(), "seal_file holds the key of another purpose: are the files swapped?") {
		t.Error(err)
	}
}

func TestStoreHintSparesWhatExplainsItself(t *testing.T) {
	t.Parallel()
	const nowhere = "mongodb://127.0.0.1:1/"
	got := storeHint(t.Context(), nowhere, fmt.Errorf("%w: ping: timeout", identity.ErrStore))
	if !errors.Is(got, identity.ErrStore) || !strings.Contains(got.Error(), "refused (nothing takes connections there") || !strings.Contains(got.Error(), "mongodb.uri") {
		t.Error(got)
	}
	for _, err := range []error{store.ErrKeys, errors.Join(store.ErrSchema, identity.ErrStore)} {
		if got := storeHint(t.Context(), nowhere, err); got != err {
			t.Error(got)
		}
	}
}
