package app

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"yibao/identity"
	"yibao/platforms/reach"
	"yibao/store"
)

// hint says where an operator should look when something fails with a text that holds says.
type hint struct{ says, look string }

// reachHints are for every address outside, by the word of package reach. {address} is the key that has the address.
var reachHints = map[string]string{
	reach.DNS:         "the host in {address} is not known to DNS: is it spelt right, does this machine's DNS know it?",
	reach.Refused:     "nothing takes connections there: does it run, is the port in {address} right?",
	reach.Unreachable: "no connection comes about: is {address} right, does a firewall let this machine through?",
	reach.Proxy:       "the proxy that HTTPS_PROXY or HTTP_PROXY names takes no connection: is it right, should NO_PROXY name this host?",
	reach.Authority:   "its certificate is signed by an authority that this machine does not trust: name it in ca_file beside {address}",
	reach.Name:        "its certificate is for another host: {address} must name the host that the certificate names",
	reach.Expired:     "its certificate has expired, or this machine's clock is wrong",
	reach.Plain:       "it does not speak TLS: is http meant, or another port in {address}?",
	reach.Client:      "it wants a certificate of ours, or refuses the one it gets: set client_cert_file and client_key_file beside {address}",
	reach.TLS:         "TLS fails: are its versions too old, does it want a certificate of ours (client_cert_file)?",
	reach.Time:        "connected, but there was no answer in time: is {address} right, does it work at present?",
	reach.Lost:        "it cut the connection: is {address} right, is TLS or another protocol wanted there?",
}

// The codes are in MongoDB's error_codes.yml.
var mongoHints = []hint{
	{"server code 18", "the user or the password in mongodb.uri is wrong, or authSource is missing in it"},
	{"server code 13", "the user in mongodb.uri may not read and write this database"},
	{reach.Authority, "its certificate is signed by an authority that this machine does not trust: name it by tlsCAFile=FILE in mongodb.uri"},
	{reach.Client, "it wants a certificate of ours, or refuses the one it gets: name it by tlsCertificateKeyFile=FILE in mongodb.uri"},
	{"connection string", "write mongodb://user:password@host:27017/?replicaSet=NAME; in the password @ is %40, : is %3A, / is %2F, % is %25"},
	{": timeout", "is there a primary, is replicaSet in mongodb.uri right, is the network slow?"},
	{": network", "is mongodb.uri right, does it speak TLS (tls=true)?"},
	{": clock: ", "the database answers; set both clocks by NTP"},
}

var keyHints = []hint{
	{"not an AEAD keyset", "seal_file holds the key of another purpose: are the files swapped?"},
	{"not a PRF keyset", "that file holds the seal key: are the files swapped?"},
	{"not a Tink keyset", "server keys new makes the four key files"},
}

var regionHints = []hint{
	{": throttled", "it asks for fewer questions (429); try again later, and agree with the bureau on how many it takes"},
	{": access", "are secret, paas_id and fixmedins_code those that the bureau issued?"},
	{": malformed", "are base_url, path_mode and unwrap those of this region?"},
}

// withHint adds where to look: by the last word of package reach in the error's text, of which the hints may say more than
// the common ones, else by the first hint that fits.
func withHint(address string, hints []hint, err error) error {
	if err == nil {
		return nil
	}
	words := strings.FieldsFunc(err.Error(), func(r rune) bool { return strings.ContainsRune(" :/", r) })
	for _, word := range slices.Backward(words) {
		if n := slices.IndexFunc(hints, func(h hint) bool { return h.says == word }); n >= 0 {
			return fmt.Errorf("%w (%s)", err, hints[n].look)
		}
		if look, ok := reachHints[word]; ok && address != "" {
			return fmt.Errorf("%w (%s)", err, strings.ReplaceAll(look, "{address}", address))
		}
	}
	for _, h := range hints {
		if strings.Contains(err.Error(), h.says) {
			return fmt.Errorf("%w (%s)", err, h.look)
		}
	}
	return err
}

// storeHint says where to look when the store cannot be opened. The store's own error tells no more than that time is over
// where a server cannot be reached at all. Errors of other keys or a newer schema explain themselves.
func storeHint(ctx context.Context, uri string, err error) error {
	if !errors.Is(err, identity.ErrStore) || errors.Is(err, store.ErrSchema) {
		return err
	}
	if _, why := lookAtServers(context.WithoutCancel(ctx), uri); why != nil {
		err = fmt.Errorf("%w: %w", identity.ErrStore, why)
	}
	return withHint("mongodb.uri", mongoHints, fmt.Errorf("mongodb: %w", err))
}
