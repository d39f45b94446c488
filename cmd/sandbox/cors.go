package main

import (
	"net/http"

	"github.com/valyala/fasthttp"
)

// allowPages lets pages of any origin call: a front end is developed on a server of its own, and here is nothing to
// protect. Production allows none; there the mini-programs call, which know no origins. It returns true for a preflight
// request, which is answered by these headers alone.
func allowPages(get func(header string) string, set func(header, value string)) (preflight bool) {
	if get("Origin") == "" {
		return false
	}
	set("Access-Control-Allow-Origin", "*")
	set("Access-Control-Expose-Headers", "*")
	if get("Access-Control-Request-Method") == "" {
		return false
	}
	set("Access-Control-Allow-Methods", "GET, POST, PUT, PATCH, DELETE")
	set("Access-Control-Allow-Headers", get("Access-Control-Request-Headers")) // * would not cover Authorization
	set("Access-Control-Max-Age", "600")
	return true
}

func pagesMayCallServer(next fasthttp.RequestHandler) fasthttp.RequestHandler {
	return func(c *fasthttp.RequestCtx) {
		get := func(header string) string { return string(c.Request.Header.Peek(header)) }
		if c.IsOptions() && allowPages(get, c.Response.Header.Set) {
			c.SetStatusCode(fasthttp.StatusNoContent)
			return
		}
		next(c)
		allowPages(get, c.Response.Header.Set) // only now: an error page begins with a new answer
	}
}

func pagesMayCallWorld(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if allowPages(r.Header.Get, w.Header().Set) && r.Method == http.MethodOptions {
			w.WriteHeader(http.StatusNoContent)
			return
		}
		next.ServeHTTP(w, r)
	})
}
