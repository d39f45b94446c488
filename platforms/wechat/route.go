package wechat

import (
	"crypto/tls"
	"errors"
	"net/http"
	"net/url"
	"sync"

	"github.com/silenceper/wechat/v2/util"

	"yibao/platforms/internal/outside"
)

// sdkHost is the host that the SDK's URLs are written with.
const sdkHost = "api.weixin.qq.com"

// installHTTPClient gives the SDK our client. It is a plain global of the SDK's, so it is written once in a process;
// what differs between two Clients, the route and the time limit, travels in the request's context.
var installHTTPClient = sync.OnceFunc(func() {
	util.DefaultHTTPClient = outside.NewClient(outside.Options{Timeout: maxTimeout, Transport: router{}})
})

// route is how one Client reaches WeChat, or the gateway in between.
type route struct {
	base *url.URL
	next *http.Transport
	// once opens a connection for each request. Sign-in goes through it: net/http sends a GET a second time by itself
	// when a connection that was used before dies under it, and the code in this one is good for one use. A POST it
	// repeats only when nothing of it has left.
	once *http.Transport
}

func newRoute(base *url.URL, settings *tls.Config) *route {
	r := &route{base, outside.NewTransport(maxTimeout, settings), outside.NewTransport(maxTimeout, settings)}
	r.once.DisableKeepAlives = true
	return r
}

type routeKey struct{}

// router sends a request along the route in its context, in place of WeChat's own address.
type router struct{}

var errNoRoute = errors.New("wechat: a request without a route")

// RoundTrip implements http.RoundTripper.
func (router) RoundTrip(request *http.Request) (*http.Response, error) {
	r, ok := request.Context().Value(routeKey{}).(*route)
	if !ok || request.URL.Host != sdkHost {
		return nil, errNoRoute
	}
	// A RoundTripper must not change the request it is given.
	routed := request.Clone(request.Context())
	routed.URL.Scheme, routed.URL.Host, routed.Host = r.base.Scheme, r.base.Host, r.base.Host
	routed.URL.Path = r.base.Path + request.URL.Path
	if request.Method == http.MethodGet {
		return r.once.RoundTrip(routed)
	}
	return r.next.RoundTrip(routed)
}
