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

	"yibao/balance"
	"yibao/config"
	"yibao/config/setting"
	"yibao/platforms/insurer"
	"yibao/platforms/sms"
	"yibao/store"
)

// Probe is the result of trying one thing that the configuration names.
type Probe struct {
	Name string // "mongodb", "wechat.apps.main", "regions.990100"
	Word string // WordSkip or WordHint; "" for a thing that was tried
	Err  error  // nil when it works; its text is safe to show
	Note string // the finding
}

// The words for lines that follow no trial; neither is a failure.
const (
	WordSkip = "skip" // cannot be tried
	WordHint = "hint" // may be meant otherwise
)

// maxClockOffset is how far our clock may be from the outside's: Alipay refuses five minutes, TIF gateways were seen to
// refuse three.
const maxClockOffset = time.Minute

// RunProbes tries everything that the configuration names, one after the other, each with its own time limit. A part
// that has a problem is left out. It changes nothing outside.
func RunProbes(ctx context.Context, c *config.Config, problems setting.Problems, log *slog.Logger) []Probe {
	all := probeKeysAndStore(ctx, c, problems)
	outside, _ := newOutside(c, log, time.Now, nil) // its problems are among those given
	for _, p := range outside.platforms {
		for _, app := range slices.Sorted(maps.Keys(p.offers)) {
			all = append(all, p.probe(ctx, app, problems)...)
		}
	}
	for _, code := range slices.Sorted(maps.Keys(c.Regions)) {
		all = append(all, probeRegion(ctx, outside.Insurer, code, problems)...)
	}
	return append(all, probeSMS(ctx, outside.SMS, problems))
}

// sound says whether a part has no problem: neither itself, nor a section above or a key below it. Keys below it that begin
// with but belong to parts of their own.
func sound(problems setting.Problems, part, but string) bool {
	return !slices.ContainsFunc(problems, func(p setting.Problem) bool {
		below := p.Key == part || strings.HasPrefix(p.Key, part+".") || strings.HasPrefix(part, p.Key+".")
		return !p.Hint && below && (but == "" || !strings.HasPrefix(p.Key, but))
	})
}

func skipped(name string) Probe {
	return Probe{Name: name, Word: WordSkip, Note: "cannot be tried before the problems above are mended"}
}

func probeKeysAndStore(ctx context.Context, c *config.Config, problems setting.Problems) []Probe {
	if !sound(problems, "keys", "") {
		return []Probe{skipped("keys"), skipped("mongodb")}
	}
	keys, err := loadKeys(c)
	all := []Probe{{Name: "keys", Err: withHint("", keyHints, err), Note: "the four key files are of the right kind"}}
	if err != nil || !sound(problems, "mongodb", "") {
		return append(all, skipped("mongodb"))
	}
	alone, err := lookAtServers(ctx, c.MongoDB.URI.Reveal())
	if err != nil {
		return append(all, Probe{Name: "mongodb", Err: withHint("mongodb.uri", mongoHints, err)})
	}
	all = append(all, probe(ctx, "mongodb", "mongodb.uri", mongoHints, func(ctx context.Context) (string, error) {
		return probeStore(ctx, c, keys)
	}))
	if alone {
		all = append(all, Probe{Name: "mongodb", Word: WordHint, Note: "is one server and no replica set: while it is down " +
			"everything is, and with its disk all is lost (for trying, that is all right)"})
	}
	return all
}

// probe tries an app.
func (p platform) probe(ctx context.Context, app string, problems setting.Problems) (all []Probe) {
	name := string(p.name) + ".apps." + app
	if !sound(problems, name, name+".templates.") || !sound(problems, string(p.name), string(p.name)+".apps.") {
		return []Probe{skipped(name)}
	}
	for _, t := range p.tries {
		all = append(all, probe(ctx, t.of+name, p.address, p.hints, func(ctx context.Context) (string, error) {
			return t.seen, t.do(ctx, app)
		}))
	}
	return all
}

// probeRegion tries a region's upstream, and compares clocks.
func probeRegion(ctx context.Context, client *insurer.Client, code string, problems setting.Problems) []Probe {
	name := "regions." + code
	if !sound(problems, name, "") {
		return []Probe{skipped(name)}
	}
	var found insurer.Finding
	unanswered := false
	all := []Probe{probe(ctx, name, "insurer.base_url", regionHints, func(ctx context.Context) (string, error) {
		var err error
		found, err = client.Probe(ctx, code)
		var e *insurer.Error
		if unanswered = errors.As(err, &e) && e.Cause != ""; unanswered {
			err = errors.New("the upstream gives no answer: " + e.Cause)
		}
		unanswered = unanswered || errors.Is(err, balance.ErrThrottled)
		return "the upstream answers", err
	})}
	if unanswered {
		return all
	}
	if all[0].Err == nil {
		all = append(all, notProved(name, found)...)
	}
	return append(all,
		probe(ctx, "clock against "+name, "insurer.base_url", nil, func(ctx context.Context) (string, error) {
			return checkOffset(client.ClockOffset(ctx, code))
		}))
}

// notProved says what a region's answer leaves open.
func notProved(name string, found insurer.Finding) (hints []Probe) {
	code := ""
	if found.Code != "" {
		code = " (code " + found.Code + ")"
	}
	switch {
	case found.ErrMsgOnly:
		hints = append(hints, Probe{Name: name, Word: WordHint, Note: "for a person who cannot exist it answers success" + code +
			" with a text in err_msg and no output: set insurer.err_msg_means_failure, and give the text a rule in " +
			"insurer.failures.not_enrolled or .mismatch"})
	case !found.Understood:
		hints = append(hints, Probe{Name: name, Word: WordHint, Note: "what it says of a person who cannot exist" + code +
			" fits no rule of insurer.failures.not_enrolled or .mismatch (nor empty_means_not_enrolled): a mistyped number would " +
			"count as the upstream's failure"})
	}
	if found.NoAccessRule {
		hints = append(hints, Probe{Name: name, Word: WordHint, Note: "the answer" + code + " does not prove that the secret is right: " +
			"some regions refuse a wrong one like a person they do not know. Ask the bureau how they refuse it, and give " +
			"insurer.failures.access a rule for that"})
	}
	return hints
}

// probeSMS connects to the gateway. Nothing is sent: a message costs money, and no person waits for it.
func probeSMS(ctx context.Context, client *sms.Client, problems setting.Problems) Probe {
	const name = "sms"
	switch {
	case !sound(problems, name, ""):
		return skipped(name)
	case client == nil:
		return Probe{Name: name, Word: WordSkip, Note: "not configured; no region offers a proof by SMS"}
	}
	tried := probe(ctx, name, "sms.url", nil, func(ctx context.Context) (string, error) { return "", client.Probe(ctx) })
	if tried.Err == nil {
		tried.Word, tried.Note = WordSkip, "can be reached; the rest cannot be tried without sending a message"
	}
	return tried
}

func probe(ctx context.Context, name, address string, hints []hint, try func(context.Context) (string, error)) Probe {
	ctx, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	note, err := try(ctx)
	if err != nil {
		note = ""
	}
	return Probe{Name: name, Err: withHint(address, hints, err), Note: note}
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
