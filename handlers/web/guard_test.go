package web

import (
	"strings"
	"testing"

	"yibao/handlers/web/webtest"
)

func TestCompressedBodiesAreRefused(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	made := webtest.Request("PUT", thing, goodThing)
	made.Header.Set("Authorization", "Bearer "+goodToken)
	made.Header.Set("Content-Encoding", "gzip")
	if p := r.send(made).Problem(t); p.Code != "unsupported_media_type" {
		t.Error(p.Code)
	}
}

func TestVerifyMayFailToo(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	made := webtest.Request("GET", "/v1/things/ONE", "")
	made.Header.Set("Authorization", "bearer store-down")
	if p := r.send(made).Problem(t); p.Code != "store_unavailable" || p.Status != 503 {
		t.Errorf("%+v", p)
	}
}

func TestPlainID(t *testing.T) {
	t.Parallel()
	for id, want := range map[string]bool{
		"K3ZTQ7XNB5WRJ2M6VDYAHP4ELC": true, "v1:ab_c-d.e": true, "": false, "a b": false, "a/b": false, "%00": false, "甲": false,
		strings.Repeat("a", 128): true, strings.Repeat("a", 129): false,
	} {
		if plainID(id) != want {
			t.Errorf("%.20q", id)
		}
	}
}
