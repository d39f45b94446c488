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
	"yibao/platforms/alipay"
	"yibao/platforms/insurer"
	"yibao/platforms/sms"
	"yibao/platforms/wechat"
	"yibao/store"
)

// Probe is the result of trying one thing that the configuration names.
type Probe struct {
	Name string // "mongodb", "wechat.apps.main", "regions.990100"
	Word string // WordSkip or WordHint; "" for what was tried
	Err  error  // nil when it works; its text is safe to show
	Note string // what was seen
}

// The words for what is told without having been tried; neither is a failure.
const (
	WordSkip = "skip" // what cannot be tried
	WordHint = "hint" // what may be meant otherwise
)

// maxClockOffset is how far our clock may be from the outside's: Alipay refuses five minutes, TIF gateways were seen to
// refuse three.
const maxClockOffset = time.Minute

// RunProbes tries everything that the configuration names, one after the other, each with its own time limit. What
// cannot be tried keeps nothing else from it.
func RunProbes(ctx context.Context, c *config.Config, log *slog.Logger) []Probe {
	all := probeKeysAndStore(ctx, c)
	all = append(all, probeWeChat(ctx, c, log)...)
	all = append(all, probeAlipay(ctx, c, log)...)
	for _, code := range slices.Sorted(maps.Keys(c.Regions)) {
		all = append(all, probeRegion(ctx, code, c.Regions[code], log)...)
	}
	all = append(all, aboutSMS(c, log))
	if len(c.Server.TrustedProxies) == 0 {
		all = append(all, Probe{Name: "server.trusted_proxies", Word: WordHint, Note: "is empty: behind a proxy all users " +
			"would share its address, and so the limits per address"})
	}
	return all
}

func probeKeysAndStore(ctx context.Context, c *config.Config) []Probe {
	keys, err := loadKeys(c)
	all := []Probe{{Name: "keys", Err: err, Note: "the four key files are of the right kind"}}
	if err != nil {
		return append(all, Probe{Name: "mongodb", Word: WordSkip, Note: "cannot be tried without the keys"})
	}
	return append(all, probe(ctx, "mongodb", func(ctx context.Context) (string, error) { return probeStore(ctx, c, keys) }))
}

// probeWeChat makes a client for each app, so that a mistake in one leaves the others to be tried, and without templates,
// which are told one by one.
func probeWeChat(ctx context.Context, c *config.Config, log *slog.Logger) []Probe {
	var all []Probe
	whole := wechatConfig(c, log)
	for _, one := range whole.Apps {
		name := "wechat.apps." + one.Name
		for _, t := range one.Templates {
			all = append(all, problem(name+".templates."+t.Name, wechat.CheckTemplate(t))...)
		}
		one.Templates = nil
		alone := whole
		alone.Apps = []wechat.App{one}
		client, err := wechat.New(alone)
		if err != nil {
			all = append(all, problem(name, err)...)
			continue
		}
		all = append(all, probe(ctx, name, func(ctx context.Context) (string, error) {
			return "a stable token was issued", client.Probe(ctx, one.Name)
		}))
	}
	return all
}

// probeAlipay goes about it as probeWeChat does.
func probeAlipay(ctx context.Context, c *config.Config, log *slog.Logger) []Probe {
	var all []Probe
	whole := alipayConfig(c, log)
	for _, one := range whole.Apps {
		name := "alipay.apps." + one.Name
		for _, t := range one.Templates {
			all = append(all, problem(name+".templates."+t.Name, alipay.CheckTemplate(t))...)
		}
		one.Templates = nil
		alone := whole
		alone.Apps = []alipay.App{one}
		client, err := alipay.New(alone)
		if err != nil {
			all = append(all, problem(name, err)...)
			continue
		}
		all = append(all,
			probe(ctx, name, func(context.Context) (string, error) {
				return "the private key signs", client.Probe(one.Name)
			}),
			// Only the gateway can say that its key and ours belong together; the question changes nothing there.
			probe(ctx, "gateway for "+name, func(ctx context.Context) (string, error) {
				return "the gateway takes our signature, and its own verifies", client.ProbeGateway(ctx, one.Name)
			}))
	}
	return all
}

func probeRegion(ctx context.Context, code string, region config.Region, log *slog.Logger) []Probe {
	name, limit := "regions."+code, region.Insurer.Timeout
	client, err := insurer.New([]insurer.Profile{profile(code, region)}, insurer.Options{Now: time.Now, Log: log})
	if err != nil {
		return problem(name, err)
	}
	understood := false
	all := []Probe{probe(ctx, name, func(ctx context.Context) (string, error) {
		asked := time.Now()
		understood, err = client.Probe(ctx, code)
		return "the upstream answers", sayUnreached(err, time.Since(asked), limit)
	})}
	if all[0].Err == nil && !understood {
		all = append(all, Probe{Name: name, Word: WordHint, Note: "what it says of a person who cannot exist fits no rule of " +
			"insurer.failures.not_enrolled or .mismatch (nor empty_means_not_enrolled): whoever mistypes a number would " +
			"count as the upstream's failure"})
	}
	return append(all,
		probe(ctx, "clock against "+name, func(ctx context.Context) (string, error) {
			asked := time.Now()
			offset, err := client.ClockOffset(ctx, code)
			return checkOffset(offset, sayUnreached(err, time.Since(asked), limit))
		}))
}

// sayUnreached tells a machine that cannot be reached from one that takes too long: both are a timeout to the adapter.
// took is how long it was tried, limit how long one answer may take.
func sayUnreached(err error, took, limit time.Duration) error {
	var e *insurer.Error
	if !errors.As(err, &e) || e.Class != insurer.ClassTimeout || e.Status != 0 {
		return err
	}
	what := "it cannot be reached"
	if took >= limit {
		what = "no answer within " + limit.String()
	}
	return errors.New("insurer: " + what + " (is insurer.base_url right, may this machine reach it?)")
}

// aboutSMS sends nothing: a message costs money, and nobody waits for it.
func aboutSMS(c *config.Config, log *slog.Logger) Probe {
	p := Probe{Name: "sms", Word: WordSkip, Note: "configured, but cannot be tried without sending a message"}
	if c.SMS.URL == "" {
		p.Note = "not configured; no region offers a proof by SMS"
		return p
	}
	if _, err := sms.New(smsConfig(c, log)); err != nil {
		return Probe{Name: "sms", Err: err}
	}
	return p
}

// problem is a line for an error, and none for nil.
func problem(name string, err error) []Probe {
	if err == nil {
		return nil
	}
	return []Probe{{Name: name, Err: err}}
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

// probeStore reaches the database and looks at its indexes; it changes nothing. It logs nothing either: a database
// before its first start lacks every collection, and each would be a warning.
func probeStore(ctx context.Context, c *config.Config, keys *store.Keyring) (string, error) {
	s, err := store.Open(ctx, store.Options{URI: c.MongoDB.URI.Reveal(), Database: c.MongoDB.Database, Keys: keys,
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
