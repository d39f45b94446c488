package wechat

import (
	"context"
	"net/http"
	"net/url"
	"sync"

	"github.com/silenceper/wechat/v2/util"

	"yibao/platforms/internal/outside"
)

// sdkHost is the host that the SDK's URLs are written with.
const sdkHost = "api.weixin.qq.com"

// installHTTPClient gives the SDK our client. It is a plain global of the SDK's, so it is written once in a process;
// what differs between two Clients, address and time limit, travels in the request's context.
var installHTTPClient = sync.OnceFunc(func() {
	once := outside.NewTransport(maxTimeout)
	once.DisableKeepAlives = true
	util.DefaultHTTPClient = outside.NewClient(outside.Options{
		Timeout:   maxTimeout,
		Transport: &router{next: outside.NewTransport(maxTimeout), once: once},
	})
})

type baseKey struct{}

func withBase(ctx context.Context, base *url.URL) context.Context {
	return context.WithValue(ctx, baseKey{}, base)
}

// router sends a request to the address in its context in place of WeChat's own.
type router struct {
	next http.RoundTripper
	// once opens a connection for each request. Sign-in goes through it: net/http sends a GET a second time by itself
	// when a connection that was used before dies under it, and the code in this one is good for one use. A POST it
	// repeats only when nothing of it has left.
	once http.RoundTripper
}

func (r *router) RoundTrip(request *http.Request) (*http.Response, error) {
	next := r.next
	if request.Method == http.MethodGet {
		next = r.once
	}
	base, ok := request.Context().Value(baseKey{}).(*url.URL)
	if !ok || request.URL.Host != sdkHost {
		return next.RoundTrip(request)
	}
	// A RoundTripper must not change the request it is given.
	routed := request.Clone(request.Context())
	routed.URL.Scheme, routed.URL.Host, routed.Host = base.Scheme, base.Host, base.Host
	routed.URL.Path = base.Path + request.URL.Path
	return next.RoundTrip(routed)
}
