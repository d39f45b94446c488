package identity

import "net/netip"

// Network is the part of an address that limits count by: an IPv4 address itself, and of IPv6 the /64 that one line gets.
// Every IPv4 address comes back in its short form, and no address keeps a zone.
func Network(address netip.Addr) netip.Addr {
	address = address.Unmap().WithZone("")
	if !address.Is6() {
		return address
	}
	prefix, err := address.Prefix(64)
	if err != nil {
		return address
	}
	return prefix.Addr()
}
