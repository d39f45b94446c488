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
	util.DefaultHTTPClient = outside.NewClient(outside.Options{
		Timeout:   maxTimeout,
		Transport: &router{next: outside.NewTransport(maxTimeout)},
	})
})

type baseKey struct{}

func withBase(ctx context.Context, base *url.URL) context.Context {
	return context.WithValue(ctx, baseKey{}, base)
}

// router sends a request to the address in its context in place of WeChat's own.
type router struct {
	next http.RoundTripper
}

func (r *router) RoundTrip(request *http.Request) (*http.Response, error) {
	base, ok := request.Context().Value(baseKey{}).(*url.URL)
	if !ok || request.URL.Host != sdkHost {
		return r.next.RoundTrip(request)
	}
	// A RoundTripper must not change the request it is given.
	routed := request.Clone(request.Context())
	routed.URL.Scheme, routed.URL.Host, routed.Host = base.Scheme, base.Host, base.Host
	routed.URL.Path = base.Path + request.URL.Path
	return r.next.RoundTrip(routed)
}
