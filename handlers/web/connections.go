package web

import (
	"io"
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/time/rate"

	"yibao/identity"
)

// Bound returns a listener for the app of the same options. It bounds the connections that are open, each of which costs up
// to 64 KB before it has asked for anything, and it lets clients read the answer to a request that is not read to its end.
// Connections beyond the bounds are closed at once.
func Bound(inner net.Listener, o Options) (net.Listener, error) {
	o.SetDefaults()
	trusted, err := parseProxies(o.TrustedProxies)
	if err != nil {
		return nil, err
	}
	return &listener{
		Listener: inner, proxies: trusted, most: o.Limits.Connections, perAddress: o.Limits.ConnectionsPerAddress,
		from: map[origin]int{}, log: o.Log, rarely: rate.Sometimes{Interval: time.Minute},
		refused: registered(o.Metrics, prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "yibao_http_connections_refused_total",
			Help: "Connections closed at once, by the bound that was reached.",
		}, []string{"bound"})),
	}, nil
}

type listener struct {
	net.Listener
	proxies          proxies
	most, perAddress int
	refused          *prometheus.CounterVec
	log              *slog.Logger
	rarely           rate.Sometimes

	mu   sync.Mutex
	open int
	from map[origin]int
}

// origin is a network or a site that connections come from.
type origin struct {
	address netip.Addr
	site    bool
}

// Accept returns the next connection that is within the bounds.
func (l *listener) Accept() (net.Conn, error) {
	for {
		inner, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		origins := l.origins(inner.RemoteAddr())
		bound := l.enter(origins)
		if bound == "" {
			return &conn{Conn: inner, leave: sync.OnceFunc(func() { l.leave(origins) })}, nil
		}
		_ = inner.Close() // the client learns nothing either way
		l.refused.WithLabelValues(bound).Inc()
		l.rarely.Do(func() { l.log.Warn("connection_refused", "bound", bound) })
	}
}

// origins are none for a trusted proxy: whole provinces may come from there.
func (l *listener) origins(remote net.Addr) (list []origin) {
	tcp, ok := remote.(*net.TCPAddr)
	if !ok {
		return nil
	}
	address := tcp.AddrPort().Addr().Unmap()
	if l.proxies.trusts(address) {
		return nil
	}
	list = append(list, origin{address: identity.Network(address)})
	if site, ok := identity.Site(address); ok {
		list = append(list, origin{site, true})
	}
	return list
}

// enter counts a connection, or names the bound that it would exceed.
func (l *listener) enter(origins []origin) (bound string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.open >= l.most {
		return "all"
	}
	for _, o := range origins {
		most := l.perAddress
		if o.site {
			most *= siteShare
		}
		if l.from[o] >= most {
			return "address"
		}
	}
	l.open++
	for _, o := range origins {
		l.from[o]++
	}
	return ""
}

func (l *listener) leave(origins []origin) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.open--
	for _, o := range origins {
		if l.from[o]--; l.from[o] == 0 {
			delete(l.from, o)
		}
	}
}

// lingerTime is how long a client may go on sending after the answer that refuses its request.
const lingerTime = 10 * time.Second

// conn is one connection within the bounds.
type conn struct {
	net.Conn
	leave  func()
	linger atomic.Bool // set behind an answer to a request that is not read to its end
}

// Close ends the connection. Closing a socket that still receives makes the system reset it, and a client that is still
// sending then loses the answer. So after such an answer only our half is closed first, and the rest of the request is read
// and dropped, until the client ends or lingerTime is over.
func (c *conn) Close() error {
	defer c.leave()
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok && c.linger.Swap(false) && half.CloseWrite() == nil {
		_ = c.Conn.SetReadDeadline(time.Now().Add(lingerTime))
		_, _ = io.Copy(io.Discard, c.Conn) // its end is all that is wanted
	}
	return c.Conn.Close()
}
