package web

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/gofiber/fiber/v2"

	"yibao/handlers/web/webtest"
	"yibao/identity"
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

// TestVerifyHasADeadline: the store knows by the deadline that it is asked for a request, and does not make it wait.
func TestVerifyHasADeadline(t *testing.T) {
	t.Parallel()
	var limited bool
	api := API{Verify: func(ctx context.Context, _ string) (*identity.Caller, error) {
		_, limited = ctx.Deadline()
		return &identity.Caller{}, nil
	}}
	app, err := NewBare(testOptions(), api, "GET", "/v1/things/{id}", func(c *fiber.Ctx) error { return c.SendString("bytes") })
	if err != nil {
		t.Fatal(err)
	}
	made := webtest.Request("GET", thing, "")
	made.Header.Set("Authorization", "Bearer "+goodToken)
	if got := webtest.Send(t, app, made); got.StatusCode != 200 || !limited {
		t.Error(got.StatusCode, limited)
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

// TestTokensThatAreTooLong do not reach the service.
func TestTokensThatAreTooLong(t *testing.T) {
	t.Parallel()
	api := API{Verify: func(context.Context, string) (*identity.Caller, error) { return &identity.Caller{}, nil }}
	app, err := NewBare(testOptions(), api, "GET", "/v1/things/{id}", func(c *fiber.Ctx) error { return c.SendString("bytes") })
	if err != nil {
		t.Fatal(err)
	}
	for length, want := range map[int]int{100: 200, maxToken: 401} {
		made := webtest.Request("GET", thing, "")
		made.Header.Set("Authorization", "Bearer "+strings.Repeat("t", length))
		if got := webtest.Send(t, app, made); got.StatusCode != want {
			t.Errorf("%d bytes: %d", length, got.StatusCode)
		}
	}
}

// TestServicesMayKeepStrings: the next request of a connection leaves the strings of the one before as they were.
func TestServicesMayKeepStrings(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	base, client := "http://"+served(t, r), &http.Client{}
	for _, id := range []string{"ONE", "TWO"} {
		made, err := http.NewRequest("GET", base+"/v1/things/"+id, nil)
		if err != nil {
			t.Fatal(err)
		}
		made.Header.Set("Authorization", "Bearer token-of-"+id)
		answer, err := client.Do(made)
		if err != nil {
			t.Fatal(err)
		}
		webtest.Read(t, answer)
	}
	if want := []string{"token-of-ONE", "token-of-TWO"}; !slices.Equal(r.service.tokens, want) {
		t.Errorf("kept %q", r.service.tokens)
	}
}
