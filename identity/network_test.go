package identity_test

import (
	"net/netip"
	"testing"

	"yibao/identity"
)

func TestNetwork(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{
		"192.0.2.7":            "192.0.2.7",
		"::ffff:192.0.2.7":     "192.0.2.7",
		"2001:db8:1:2:3:4:5:6": "2001:db8:1:2::",
		"2001:db8:1:2::1":      "2001:db8:1:2::",
		"fe80::1%eth0":         "fe80::",
	} {
		if got := identity.Network(netip.MustParseAddr(address)); got.String() != want {
			t.Errorf("%s counts as %s, want %s", address, got, want)
		}
	}
	if got := identity.Network(netip.Addr{}); got.IsValid() {
		t.Errorf("no address counts as %s", got)
	}
}

func TestSite(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{
		"2001:db8:1:2:3:4:5:6": "2001:db8:1::",
		"2001:db8:1:ffff::1":   "2001:db8:1::",
		"2001:db8:2::1":        "2001:db8:2::",
		"fe80::1%eth0":         "fe80::",
		"192.0.2.7":            "",
		"::ffff:192.0.2.7":     "",
	} {
		site, ok := identity.Site(netip.MustParseAddr(address))
		if ok != (want != "") || ok && site.String() != want {
			t.Errorf("%s is of site %s (%v), want %q", address, site, ok, want)
		}
	}
	if _, ok := identity.Site(netip.Addr{}); ok {
		t.Error("no address has a site")
	}
}
