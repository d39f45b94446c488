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
// X-Forwarded-For that is no trusted proxy. Addresses left of it were written by the client and are not believed; nor are
// those left of an item that is no address.
func (s *server) client(c *fiber.Ctx) netip.Addr {
	remote, _ := netip.AddrFromSlice(c.Context().RemoteIP())
	last := remote.Unmap()
	if !s.proxies.trusts(last) {
		s.noteUntrusted(c)
		return last
	}
	for _, line := range slices.Backward(c.Request().Header.PeekAll(fiber.HeaderXForwardedFor)) {
		for _, hop := range slices.Backward(strings.Split(string(line), ",")) {
			address, err := netip.ParseAddr(strings.TrimSpace(hop))
			if err != nil {
				return last
			}
			if last = address.Unmap(); !s.proxies.trusts(last) {
				return last
			}
		}
	}
	return last
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
