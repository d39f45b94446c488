package setting

import (
	"net/netip"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"time"
)

// Numbers adds a problem for every count and duration of the section that is not above zero. The keys named may also be
// zero. Fields without a key are not looked at.
func (r Report) Numbers(section any, orZero ...string) {
	v := reflect.ValueOf(section)
	for i := range v.NumField() {
		key := v.Type().Field(i).Tag.Get("koanf")
		if key == "" || !v.Field(i).CanInt() || v.Field(i).Type() == reflect.TypeFor[TimeOfDay]() {
			continue
		}
		mend := "leave it out for the default"
		if v.Field(i).Type() == reflect.TypeFor[time.Duration]() {
			mend = `such as "10s"; ` + mend
		}
		n := v.Field(i).Int()
		if slices.Contains(orZero, key) {
			r.Need(n >= 0, key, "must not be negative", "0 for none; "+mend)
		} else {
			r.Need(n > 0, key, "must be above 0", mend)
		}
	}
}

// OneOf adds a problem unless the value is one of those allowed.
func OneOf[T ~string](r Report, key string, value T, allowed ...T) {
	var names []string
	for _, one := range allowed {
		names = append(names, string(one))
	}
	r.Need(slices.Contains(allowed, value), key, "is not one of the known values", "use "+strings.Join(names, ", "))
}

// Address wants an absolute http or https address without user, query or fragment. Plain http is right behind a gateway
// or on a private line, so the operator decides.
func (r Report) Address(key, text string) {
	u, err := url.Parse(text)
	ok := err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != "" && u.User == nil &&
		u.RawQuery == "" && u.Fragment == ""
	r.Need(ok, key, "is not an http(s) address", "such as https://gateway.example.com/path")
	if ok && u.Scheme == "http" {
		ip, _ := netip.ParseAddr(u.Hostname())
		r.Hint(u.Hostname() == "localhost" || ip.IsLoopback(), key, "is plain http",
			"credentials and names of people travel unsealed: right on a private line alone, else write https")
	}
}
