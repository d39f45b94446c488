package app

import (
	"log/slog"
	"reflect"
	"slices"
	"testing"
	"time"

	"yibao/cmd/internal/world"
	"yibao/config"
	"yibao/identity"
	"yibao/platforms/simulator"
)

// TestEveryPlatformHasARow holds the table against the configuration and the simulated world: a platform that one of them
// has and another lacks fails here.
func TestEveryPlatformHasARow(t *testing.T) {
	t.Parallel()
	w, err := world.Open(t.Context(), world.Options{Dir: t.TempDir(), Listen: "127.0.0.1:0", Server: "127.0.0.1:0",
		Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = w.Close() }()
	c, err := config.Load(w.ConfigFile, nil)
	if err != nil {
		t.Fatal(err)
	}
	rows := map[string]platform{}
	for _, row := range platforms(c, slog.New(slog.DiscardHandler)) {
		rows[string(row.name)] = row
		if row.client == nil || row.err != nil || len(row.templates) == 0 || len(row.tries) == 0 || len(row.hints) == 0 {
			t.Errorf("the row of %s is not whole: %+v", row.name, row)
		}
	}
	sections := 0
	for v, i := reflect.ValueOf(c).Elem(), 0; i < v.NumField(); i++ {
		if _, ok := v.Field(i).Addr().Interface().(interface{ Offers() map[string][]string }); ok {
			sections++
			if key := v.Type().Field(i).Tag.Get("koanf"); rows[key].client == nil {
				t.Errorf("the platform with the section %s has no row", key)
			}
		}
	}
	for _, p := range world.Platforms {
		if rows[p.Name].client == nil {
			t.Errorf("the simulated %s has no row", p.Name)
		}
	}
	if len(rows) != sections || len(rows) != len(world.Platforms) {
		t.Errorf("%d rows, %d sections, %d simulated", len(rows), sections, len(world.Platforms))
	}
	o, err := newOutside(c, slog.New(slog.DiscardHandler), time.Now, nil)
	if err != nil {
		t.Fatal(err)
	}
	for name := range rows {
		app := identity.AppKey{Platform: identity.Platform(name), App: world.App}
		if !o.Regions.Offered(app, simulator.RegionA) || o.Regions.Offered(app, "990400") {
			t.Errorf("the directory does not know what %s offers", name)
		}
	}
	if got := o.Regions.Region(simulator.RegionB); got.Name != "示例市乙" || !got.Unattended || !slices.Equal(got.Methods, []identity.Method{identity.CardPassword}) {
		t.Errorf("the directory has %+v", got)
	}
}

// TestAPlatformWithoutAnAppIsLeftOut: nobody can sign in there, and deliveries to it are put off.
func TestAPlatformWithoutAnAppIsLeftOut(t *testing.T) {
	t.Parallel()
	c := config.Default()
	o, err := newOutside(&c, slog.New(slog.DiscardHandler), time.Now, nil)
	if err != nil || len(o.authenticators())+len(o.senders())+len(o.templates()) != 0 {
		t.Errorf("%v, %v", o.platforms, err)
	}
}
