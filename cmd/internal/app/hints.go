package app

import (
	"errors"
	"fmt"
	"strings"

	"yibao/identity"
	"yibao/store"
)

// hint says what an operator should look at when what the name stands for fails with a text that holds says.
type hint struct{ name, says, look string }

const noWay = "is mongodb.uri right, does the database run, may this machine reach it?"

// hints are tried in their order; the first that fits is shown. The codes of WeChat are those of its page on
// stable_token, those of MongoDB are in its error_codes.yml.
var hints = []hint{
	{"mongodb", "server code 18", "the user or the password in mongodb.uri is wrong"},
	{"mongodb", "server code 13", "the user in mongodb.uri may not read and write this database"},
	{"mongodb", ": timeout", noWay},
	{"mongodb", ": network", noWay},
	{"wechat", "errcode 40013", "app_id is not the id of an app"},
	{"wechat", "errcode 40125", "secret is not this app's"},
	{"wechat", "errcode 40164", "add this machine's public address to the app's IP whitelist in the WeChat console"},
	{"wechat", "errcode 40243", "the app's secret is frozen; thaw it in the WeChat console"},
	{"wechat", "not had", "is wechat.base_url right, may this machine reach it?"},
	{"gateway", "no answer", "is alipay.gateway right, may this machine reach it, is alipay_public_key that gateway's?"},
	{"gateway", "signature", "does the Alipay console have the public key that belongs to private_key?"},
	{"regions", ": Capabilities ", "that is insurer.transactions"},
	{"regions", ": timeout", "is insurer.base_url right, may this machine reach it?"},
	{"regions", ": access", "are secret, paas_id and fixmedins_code those that the bureau issued?"},
	{"regions", ": malformed", "are base_url, path_mode and unwrap those of this region?"},
}

// withHint adds what to look at, if anything is known.
func withHint(name string, err error) error {
	if err == nil {
		return nil
	}
	for _, h := range hints {
		if strings.HasPrefix(name, h.name) && strings.Contains(err.Error(), h.says) {
			return fmt.Errorf("%w (%s)", err, h.look)
		}
	}
	return err
}

// storeHint is withHint for the store's failures; other keys or a newer schema say themselves what is wrong.
func storeHint(err error) error {
	if errors.Is(err, identity.ErrStore) && !errors.Is(err, store.ErrSchema) {
		return withHint("mongodb", fmt.Errorf("mongodb: %w", err))
	}
	return err
}
