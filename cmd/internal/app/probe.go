package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"time"

	"yibao/config"
	"yibao/store"
)

// Probe is the result of trying one thing that the configuration names.
type Probe struct {
	Name string // "mongodb", "wechat.apps.main", "regions.990100"
	Err  error  // nil when it works; its text is safe to show
	Note string // what was seen
}

// maxClockOffset is how far our clock may be from the outside's: Alipay refuses five minutes, TIF gateways were seen to
// refuse three.
const maxClockOffset = time.Minute

// RunProbes tries everything that the configuration names, one after the other, each with its own time limit.
func RunProbes(ctx context.Context, c *config.Config, log *slog.Logger) []Probe {
	keys, err := loadKeys(c)
	all := []Probe{{Name: "keys", Err: err, Note: "the four key files are of the right kind"}}
	if err == nil {
		all = append(all, probe(ctx, "mongodb", func(ctx context.Context) (string, error) { return probeStore(ctx, c, keys, log) }))
	}
	outside, err := newOutside(c, log, time.Now)
	if err != nil {
		return append(all, Probe{Name: "adapters", Err: err})
	}
	for _, name := range slices.Sorted(maps.Keys(c.WeChat.Apps)) {
		all = append(all, probe(ctx, "wechat.apps."+name, func(ctx context.Context) (string, error) {
			return "a stable token was issued", outside.WeChat.Probe(ctx, name)
		}))
	}
	for _, name := range slices.Sorted(maps.Keys(c.Alipay.Apps)) {
		all = append(all,
			probe(ctx, "alipay.apps."+name, func(context.Context) (string, error) {
				return "the private key signs", outside.Alipay.Probe(name)
			}),
			// Only the gateway can say that its key and ours belong together; the question changes nothing there.
			probe(ctx, "gateway for alipay.apps."+name, func(ctx context.Context) (string, error) {
				return "the gateway takes our signature, and its own verifies", outside.Alipay.ProbeGateway(ctx, name)
			}))
	}
	for _, code := range slices.Sorted(maps.Keys(c.Regions)) {
		all = append(all,
			probe(ctx, "regions."+code, func(ctx context.Context) (string, error) {
				return "the upstream answers", outside.Insurer.Probe(ctx, code)
			}),
			probe(ctx, "clock against regions."+code, func(ctx context.Context) (string, error) {
				offset, err := outside.Insurer.ClockOffset(ctx, code)
				return checkOffset(offset, err)
			}))
	}
	return all
}

func probe(ctx context.Context, name string, try func(context.Context) (string, error)) Probe {
	ctx, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	note, err := try(ctx)
	if err != nil {
		note = ""
	}
	return Probe{Name: name, Err: withHint(name, err), Note: note}
}

// checkOffset judges how far our clock is from the upstream's.
func checkOffset(offset time.Duration, err error) (string, error) {
	if err != nil {
		return "", err
	}
	if offset.Abs() > maxClockOffset {
		return "", errors.New("this machine's clock is off by " + offset.Round(time.Second).String() + ": set it by NTP")
	}
	return "within " + maxClockOffset.String(), nil
}

// probeStore reaches the database and looks at its indexes; it changes nothing.
func probeStore(ctx context.Context, c *config.Config, keys *store.Keyring, log *slog.Logger) (string, error) {
	s, err := store.Open(ctx, store.Options{URI: c.MongoDB.URI.Reveal(), Database: c.MongoDB.Database, Keys: keys, Log: log,
		Now: time.Now})
	if errors.Is(err, store.ErrKeys) {
		return "", fmt.Errorf("reachable, but: %w", err)
	}
	if err != nil {
		return "", err
	}
	defer func() { _ = s.Close(context.WithoutCancel(ctx)) }()
	if err := s.Ping(ctx); err != nil {
		return "", err
	}
	missing, err := s.CheckIndexes(ctx)
	if err != nil {
		return "", err
	}
	if len(missing) > 0 {
		return "reachable; the first start will make the indexes", nil
	}
	return "reachable, indexes in place", nil
}
