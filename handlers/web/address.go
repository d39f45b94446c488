package web

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/gofiber/fiber/v2"
)

// proxies are the trusted networks: their X-Forwarded-For is believed.
type proxies []netip.Prefix

// parseProxies reads addresses and networks ("10.0.0.0/8", "192.0.2.7").
func parseProxies(list []string) (proxies, error) {
	parsed := make(proxies, 0, len(list))
	for _, item := range list {
		prefix, err := netip.ParsePrefix(item)
		if err != nil {
			address, err := netip.ParseAddr(item)
			if err != nil {
				return nil, fmt.Errorf("web: trusted proxy %q is neither an address nor a network", item)
			}
			prefix = netip.PrefixFrom(address, address.BitLen())
		}
		parsed = append(parsed, prefix.Masked())
	}
	return parsed, nil
}

func (p proxies) trusts(address netip.Addr) bool {
	return slices.ContainsFunc(p, func(network netip.Prefix) bool { return network.Contains(address) })
}

// client returns the address a request came from: the connection's, or behind trusted proxies the right-most address of
// X-Forwarded-For that is no trusted proxy. Addresses left of it were written by the client and are not believed.
//
// An item that is no address ("unknown", and names that RFC 7239 allows) is passed over, and the next one to the left
// counts. A trusted proxy wrote the item, and it hides the client. A client may have invented the neighbour, but then it has
// only got around a limit. To count by the proxy's own address would be worse: all users behind it would share one limit.
// If only proxies are left, the address is not known (the zero Addr), and nothing counts by it.
func (s *server) client(c *fiber.Ctx) netip.Addr {
	remote, _ := netip.AddrFromSlice(c.Context().RemoteIP())
	remote = remote.Unmap()
	if !s.proxies.trusts(remote) {
		s.noteUntrusted(c)
		return remote
	}
	var last netip.Addr
	hidden := false
	for _, line := range slices.Backward(c.Request().Header.PeekAll(fiber.HeaderXForwardedFor)) {
		for rest := string(line); rest != ""; {
			comma := strings.LastIndexByte(rest, ',')
			hop := rest[comma+1:]
			rest = rest[:max(comma, 0)]
			address, ok := parseHop(hop)
			switch {
			case ok && !s.proxies.trusts(address):
				return address
			case ok:
				last = address // in the end a client inside a trusted network, if nothing is hidden
			default:
				hidden = hidden || strings.TrimSpace(hop) != ""
			}
		}
	}
	if hidden {
		return netip.Addr{}
	}
	return last
}

// parseHop reads one item of X-Forwarded-For: an address, which may have quotes, brackets or a port.
func parseHop(item string) (netip.Addr, bool) {
	item = strings.Trim(item, " \t\"")
	if inner, ok := strings.CutPrefix(item, "["); ok {
		item, _, _ = strings.Cut(inner, "]")
	} else if strings.Count(item, ":") == 1 {
		item, _, _ = strings.Cut(item, ":")
	}
	address, err := netip.ParseAddr(item)
	return address.Unmap().WithZone(""), err == nil
}

// noteUntrusted warns, once, of a forwarded request whose sender is no trusted proxy. The header may be invented, but
// mostly a proxy was forgotten in the configuration. The address is not logged: it may be a person's.
func (s *server) noteUntrusted(c *fiber.Ctx) {
	if len(c.Request().Header.Peek(fiber.HeaderXForwardedFor)) == 0 {
		return
	}
	s.untrusted.Do(func() {
		s.Log.Warn("untrusted_proxy", "meaning", "a request carries X-Forwarded-For and comes from an address that is not in "+
			"trusted_proxies; if that is your proxy, all users behind it share one address and its limits")
	})
}
