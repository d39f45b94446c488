package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"time"

	"yibao/config"
	"yibao/config/setting"
	"yibao/platforms/insurer"
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

// RunProbes tries everything that the configuration names, one after the other, each with its own time limit. A part that
// cannot be tried leaves the others to be tried.
func RunProbes(ctx context.Context, c *config.Config, log *slog.Logger) []Probe {
	all := probeKeysAndStore(ctx, c)
	outside, err := newOutside(c, log, time.Now)
	var problems setting.Problems
	_ = errors.As(err, &problems)
	for _, p := range outside.platforms {
		for _, app := range slices.Sorted(maps.Keys(p.offers)) {
			all = append(all, p.probe(ctx, app, problems)...)
		}
	}
	for _, code := range slices.Sorted(maps.Keys(c.Regions)) {
		all = append(all, probeRegion(ctx, outside.Insurer, code, c.Regions[code].Timeout, problems)...)
	}
	// Nothing is sent by SMS: a message costs money, and no person waits for it.
	about := Probe{Name: "sms", Word: WordSkip, Note: "configured, but cannot be tried without sending a message"}
	if outside.SMS == nil {
		about.Note = "not configured; no region offers a proof by SMS"
	}
	all = append(all, about)
	if len(c.Server.TrustedProxies) == 0 {
		all = append(all, Probe{Name: "server.trusted_proxies", Word: WordHint, Note: "is empty: behind a proxy all users " +
			"would share its address, and so the limits per address"})
	}
	return all
}

// told makes a line for the part's own problems and one for each of its templates. Without problems of its own the part
// can be tried.
func told(problems setting.Problems, part string) (lines []Probe, sound bool) {
	texts := map[string][]string{}
	for _, p := range problems {
		key, below := strings.CutPrefix(p.Key+".", part+".")
		if !below {
			continue
		}
		name := part
		if template, ok := strings.CutPrefix(key, "templates."); ok {
			template, key, _ = strings.Cut(template, ".")
			name += ".templates." + template
		}
		if key != "" {
			key = strings.TrimSuffix(key, ".") + ": "
		}
		texts[name] = append(texts[name], key+p.What+" ("+p.Mend+")")
	}
	for _, name := range slices.Sorted(maps.Keys(texts)) {
		lines = append(lines, Probe{Name: name, Err: errors.New(strings.Join(texts[name], "\n"))})
	}
	return lines, texts[part] == nil
}

func probeKeysAndStore(ctx context.Context, c *config.Config) []Probe {
	keys, err := loadKeys(c)
	all := []Probe{{Name: "keys", Err: err, Note: "the four key files are of the right kind"}}
	if err != nil {
		return append(all, Probe{Name: "mongodb", Word: WordSkip, Note: "cannot be tried without the keys"})
	}
	return append(all, probe(ctx, "mongodb", mongoHints, func(ctx context.Context) (string, error) {
		return probeStore(ctx, c, keys)
	}))
}

// probe tells an app's problems, then tries it.
func (p platform) probe(ctx context.Context, app string, problems setting.Problems) []Probe {
	name := string(p.name) + ".apps." + app
	all, sound := told(problems, name)
	if !sound {
		return all
	}
	for _, t := range p.tries {
		all = append(all, probe(ctx, t.of+name, p.hints, func(ctx context.Context) (string, error) {
			return t.seen, t.do(ctx, app)
		}))
	}
	return all
}

// probeRegion tells a region's problems, then tries it. limit is how long one exchange may take.
func probeRegion(
	ctx context.Context, client *insurer.Client, code string, limit time.Duration, problems setting.Problems,
) []Probe {
	name := "regions." + code
	all, sound := told(problems, name)
	if !sound {
		return all
	}
	understood := false
	all = []Probe{probe(ctx, name, regionHints, func(ctx context.Context) (string, error) {
		asked := time.Now()
		var err error
		understood, err = client.Probe(ctx, code)
		return "the upstream answers", sayUnreached(err, time.Since(asked), limit)
	})}
	if all[0].Err == nil && !understood {
		all = append(all, Probe{Name: name, Word: WordHint, Note: "what it says of a person who cannot exist fits no rule of " +
			"insurer.failures.not_enrolled or .mismatch (nor empty_means_not_enrolled): a mistyped number would " +
			"count as the upstream's failure"})
	}
	return append(all,
		probe(ctx, "clock against "+name, nil, func(ctx context.Context) (string, error) {
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

func probe(ctx context.Context, name string, hints []hint, try func(context.Context) (string, error)) Probe {
	ctx, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	note, err := try(ctx)
	if err != nil {
		note = ""
	}
	return Probe{Name: name, Err: withHint(hints, err), Note: note}
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
		RequestTimeout: c.MongoDB.Timeout, Now: time.Now})
	if errors.Is(err, store.ErrKeys) {
		return "", fmt.Errorf("reachable, but: %w", err)
	}
	if err != nil {
		return "", err
	}
	defer func() { _ = s.Close(context.WithoutCancel(ctx)) }()
	if err := s.Ready(ctx); err != nil {
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
