package app

import (
	"errors"
	"fmt"
	"strings"

	"yibao/identity"
	"yibao/store"
)

// hint says where an operator should look when something fails with a text that holds says.
type hint struct{ says, look string }

const noWay = "is mongodb.uri right, does the database run, may this machine reach it?"

// The codes are in MongoDB's error_codes.yml.
var mongoHints = []hint{
	{"server code 18", "the user or the password in mongodb.uri is wrong"},
	{"server code 13", "the user in mongodb.uri may not read and write this database"},
	{": timeout", noWay},
	{": network", noWay},
	{": clock: ", "the database answers; set both clocks by NTP"},
}

var regionHints = []hint{
	{": timeout", "is insurer.base_url right, may this machine reach it?"},
	{": access", "are secret, paas_id and fixmedins_code those that the bureau issued?"},
	{": malformed", "are base_url, path_mode and unwrap those of this region?"},
}

// withHint adds where to look, by the first hint that fits.
func withHint(hints []hint, err error) error {
	if err == nil {
		return nil
	}
	for _, h := range hints {
		if strings.Contains(err.Error(), h.says) {
			return fmt.Errorf("%w (%s)", err, h.look)
		}
	}
	return err
}

// storeHint is withHint for the store's failures; other keys or a newer schema say themselves what is wrong.
func storeHint(err error) error {
	if errors.Is(err, identity.ErrStore) && !errors.Is(err, store.ErrSchema) {
		return withHint(mongoHints, fmt.Errorf("mongodb: %w", err))
	}
	return err
}
