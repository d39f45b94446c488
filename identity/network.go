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

// Site is the /48 of an IPv6 address, the largest network that one customer usually gets (RFC 6177): it holds 65,536 networks
// of the kind that Network returns, so a limit by these alone is none for such a customer. A carrier may serve as many
// phones from one /48, so a limit by site must allow several times as much. ok is false for every other address.
func Site(address netip.Addr) (site netip.Addr, ok bool) {
	network := Network(address)
	if !network.Is6() {
		return netip.Addr{}, false
	}
	prefix, err := network.Prefix(48)
	return prefix.Addr(), err == nil
}
