package web

import (
	"strings"
	"testing"

	"yibao/handlers/web/webtest"
)

func TestAddressBehindProxies(t *testing.T) {
	t.Parallel()
	const self, unknown = "0.0.0.0", "" // self is where app.Test calls from
	cases := []struct {
		trusted []string
		headers []string
		want    string
	}{
		{nil, []string{"203.0.113.9"}, self},
		{[]string{"10.0.0.0/8"}, []string{"203.0.113.9"}, self},
		{[]string{self}, nil, unknown},
		{[]string{self}, []string{"203.0.113.9"}, "203.0.113.9"},
		{[]string{self}, []string{"198.51.100.1, 203.0.113.9"}, "203.0.113.9"},
		{[]string{self, "10.0.0.0/8"}, []string{"198.51.100.1, 203.0.113.9, 10.1.2.3"}, "203.0.113.9"},
		{[]string{self, "10.0.0.0/8"}, []string{"198.51.100.1", "203.0.113.9,10.1.2.3"}, "203.0.113.9"},
		{[]string{self, "10.0.0.0/8"}, []string{"10.9.9.9"}, "10.9.9.9"},
		{[]string{self, "10.0.0.0/8"}, []string{"203.0.113.9, nonsense, 10.1.2.3"}, "203.0.113.9"},
		{[]string{self}, []string{""}, unknown},
		{[]string{self}, []string{"::ffff:203.0.113.9"}, "203.0.113.9"},
		{[]string{self}, []string{"2001:db8::7"}, "2001:db8::7"},
		{[]string{self}, []string{"2001:db8::7%eth0"}, "2001:db8::7"},
		// Ports, brackets and quotes.
		{[]string{self}, []string{"203.0.113.7:51234"}, "203.0.113.7"},
		{[]string{self}, []string{"[2001:db8::1]:443"}, "2001:db8::1"},
		{[]string{self}, []string{"[2001:db8::1]"}, "2001:db8::1"},
		{[]string{self}, []string{`"[2001:db8::1]:443"`}, "2001:db8::1"},
		{[]string{self, "10.0.0.0/8"}, []string{"198.51.100.1:1, 203.0.113.7:2, 10.1.2.3:3"}, "203.0.113.7"},
		// Empty items.
		{[]string{self}, []string{"203.0.113.7,"}, "203.0.113.7"},
		{[]string{self}, []string{"203.0.113.7 , ,\t,"}, "203.0.113.7"},
		{[]string{self}, []string{"203.0.113.7", ""}, "203.0.113.7"},
		{[]string{self}, []string{",,"}, unknown},
		// Items that are no address: the nearest that is one.
		{[]string{self}, []string{"unknown, 203.0.113.7"}, "203.0.113.7"},
		{[]string{self}, []string{"203.0.113.7, unknown"}, "203.0.113.7"},
		{[]string{self}, []string{"203.0.113.7", "_hidden"}, "203.0.113.7"},
		{[]string{self, "10.0.0.0/8"}, []string{"unknown, 10.1.2.3"}, unknown},
		{[]string{self, "10.0.0.0/8"}, []string{"10.9.9.9, , 10.1.2.3"}, "10.9.9.9"},
		{[]string{self}, []string{"unknown"}, unknown},
		{[]string{self}, []string{"[unknown]:443"}, unknown},
	}
	for _, c := range cases {
		r := newRig(t, func(o *Options) { o.TrustedProxies = c.trusted })
		made := webtest.Request("PUT", thing, goodThing)
		made.Header.Set("Authorization", "Bearer "+goodToken)
		for _, value := range c.headers {
			made.Header.Add("X-Forwarded-For", value)
		}
		r.send(made).JSON(t, 200)
		if r.service.address != c.want {
			t.Errorf("%v behind %v: %s instead of %s", c.headers, c.trusted, r.service.address, c.want)
		}
	}
}

func TestForgottenProxyIsNotedOnce(t *testing.T) {
	t.Parallel()
	for trusted, want := range map[string]int{"10.0.0.0/8": 1, "0.0.0.0": 0} {
		r := newRig(t, func(o *Options) { o.TrustedProxies = []string{trusted} })
		r.do("GET", thing, "").JSON(t, 200)
		if strings.Contains(r.log.String(), "untrusted_proxy") {
			t.Error("noted without X-Forwarded-For")
		}
		for range 3 {
			made := webtest.Request("GET", "/v1/open", "")
			made.Header.Set("X-Forwarded-For", "203.0.113.9")
			r.send(made).JSON(t, 200)
		}
		log := r.log.String()
		if strings.Count(log, "untrusted_proxy") != want || strings.Contains(log, "203.0.113.9") {
			t.Errorf("trusting %s: %s", trusted, log)
		}
	}
}

func FuzzParseHop(f *testing.F) {
	for _, item := range []string{"203.0.113.7:51234", " [2001:db8::1]:443", `"[2001:db8::1]"`, "unknown", "_hidden", "", "[", "::", "fe80::1%eth0"} {
		f.Add(item)
	}
	f.Fuzz(func(t *testing.T, item string) {
		address, ok := parseHop(item)
		if ok != address.IsValid() || address.Zone() != "" || address.Is4In6() {
			t.Errorf("%q: %v, %v", item, address, ok)
		}
		if again, ok := parseHop(address.String()); ok && again != address {
			t.Errorf("%q: %v, then %v", item, address, again)
		}
	})
}
