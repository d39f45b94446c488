package config

import (
	"errors"
	"io/fs"
	"net"
	"net/netip"
	"net/url"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

var (
	regionCode = regexp.MustCompile(`^[0-9]{6}$`)
	appName    = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,31}$`)
)

// check adds every problem of the decoded configuration to r.
func (c *Config) check(r report) {
	c.Server.check(r.at("server"))
	c.MongoDB.check(r.at("mongodb"))
	c.Keys.check(r.at("keys"))
	c.Token.check(r.at("token"))
	c.WeChat.check(r.at("wechat"), c.Regions)
	c.Alipay.check(r.at("alipay"), c.Regions)
	r.need(len(c.WeChat.Apps)+len(c.Alipay.Apps) > 0, "wechat.apps", "there is no app at all",
		"configure at least one app under wechat.apps or alipay.apps")
	c.checkRegions(r)
	c.SMS.check(r.at("sms"), c.Regions)
	r.need(c.Consent.Version != "" && len(c.Consent.Version) <= 32, "consent.version", "is missing or longer than 32",
		"give the version of the consent text, such as 2026-11")
	r.need(strings.TrimSpace(c.Consent.Text) != "", "consent.text", "is missing",
		"give the text that a person agrees to before linking")
	c.Linking.check(r.at("linking"))
	c.Balance.check(r.at("balance"))
	c.Reminder.check(r.at("reminder"))
	r.need(c.Limits.PerAddress > 0, "limits.per_address_per_minute", "must be above 0", "the default is 600")
	r.need(c.Limits.PerUser > 0, "limits.per_user_per_minute", "must be above 0", "the default is 240")
	oneOf(r, "log.level", c.Log.Level, "debug", "info", "warn", "error")
	oneOf(r, "log.format", c.Log.Format, "json", "text")
}

func (s Server) check(r report) {
	r.need(isHostPort(s.Listen), "listen", "is not host:port", "for example 127.0.0.1:8080")
	r.need(s.WorkerListen == "" || isHostPort(s.WorkerListen), "worker_listen", "is not host:port",
		"for example 127.0.0.1:8081; leave it out for none")
	for _, proxy := range s.TrustedProxies {
		r.need(isAddressOrNetwork(proxy), "trusted_proxies", "holds something that is neither an address nor a network",
			"for example 10.0.0.5 or 10.0.0.0/24")
	}
	positive(r, "read_timeout", s.ReadTimeout)
	positive(r, "write_timeout", s.WriteTimeout)
	positive(r, "idle_timeout", s.IdleTimeout)
	positive(r, "request_timeout", s.RequestTimeout)
	positive(r, "drain_timeout", s.DrainTimeout)
	r.need(s.DrainDelay >= 0, "drain_delay", "is negative", "0s closes at once")
	r.need(s.WriteTimeout > s.RequestTimeout, "write_timeout", "is not longer than request_timeout",
		"else an answer is cut off while it is written")
}

func isHostPort(text string) bool {
	_, port, err := net.SplitHostPort(text)
	return err == nil && port != ""
}

func isAddressOrNetwork(text string) bool {
	if _, err := netip.ParseAddr(text); err == nil {
		return true
	}
	_, err := netip.ParsePrefix(text)
	return err == nil
}

func (m MongoDB) check(r report) {
	uri := m.URI.Reveal()
	r.need(strings.HasPrefix(uri, "mongodb://") || strings.HasPrefix(uri, "mongodb+srv://"), "uri",
		"is missing or does not begin with mongodb:// or mongodb+srv://", "give uri or uri_file")
	r.need(m.Database != "" && !strings.ContainsAny(m.Database, `/\. "$*<>:|?`), "database", "is not a database name",
		"letters, digits, - and _")
}

func (k Keys) check(r report) {
	const mend = "relative paths count from the current folder. An existing database opens only with its own key files; " +
		"for a new one make them with: server keys new --dir DIR"
	seen := map[string]string{} // contents → key
	for _, file := range [][2]string{{"seal_file", k.SealFile}, {"lookup_file", k.LookupFile}, {"proof_file", k.ProofFile},
		{"code_file", k.CodeFile}} {
		key, path := file[0], file[1]
		if path == "" {
			r.add(key, "is missing", mend)
			continue
		}
		text, err := readSmall(path)
		if errors.Is(err, fs.ErrNotExist) {
			r.add(key, "there is no file "+absolute(path), mend)
		}
		if err != nil { // what else is wrong with a file, its reader says
			continue
		}
		twin := seen[string(text)]
		r.need(twin == "", key, "holds the same as "+twin, "each purpose has a key of its own")
		seen[string(text)] = key
	}
}

// absolute is the path as the system resolves it.
func absolute(path string) string {
	if full, err := filepath.Abs(path); err == nil {
		return full
	}
	return path
}

func (t Token) check(r report) {
	r.need(len(t.Key.Reveal()) >= 32, "key", "is missing or shorter than 32 characters",
		"give key_file; server keys new makes one")
	r.need(t.TTL >= time.Minute && t.TTL <= 24*time.Hour, "ttl", "must be between 1m and 24h", "the default is 2h")
}

func (w WeChat) check(r report, regions map[string]Region) {
	if len(w.Apps) == 0 {
		return
	}
	address(r, "base_url", w.BaseURL)
	positive(r, "timeout", w.Timeout)
	for name, app := range w.Apps {
		a := r.at("apps").at(name)
		a.need(appName.MatchString(name), "", "is not a name for an app", "small letters, digits, - and _")
		a.need(app.AppID != "", "app_id", "is missing", "the id that the WeChat console shows")
		a.need(app.Secret != "", "secret", "is missing", "give secret or secret_file")
		oneOf(a, "state", app.State, "developer", "trial", "formal")
		checkRegionList(a, app.Regions, regions)
		checkTemplates(a, app.Templates)
	}
}

func (p Alipay) check(r report, regions map[string]Region) {
	if len(p.Apps) == 0 {
		return
	}
	address(r, "gateway", p.Gateway)
	positive(r, "timeout", p.Timeout)
	for name, app := range p.Apps {
		a := r.at("apps").at(name)
		a.need(appName.MatchString(name), "", "is not a name for an app", "small letters, digits, - and _")
		a.need(app.AppID != "", "app_id", "is missing", "the id that the Alipay console shows")
		a.need(app.PrivateKey != "", "private_key", "is missing", "give private_key or private_key_file")
		a.need(app.AlipayPublicKey != "", "alipay_public_key", "is missing",
			"give Alipay's public key, not the app's own")
		checkRegionList(a, app.Regions, regions)
		checkTemplates(a, app.Templates)
	}
}

func checkRegionList(r report, codes []string, regions map[string]Region) {
	r.need(len(codes) > 0, "regions", "is empty", "list the codes of the regions that the app offers")
	for _, code := range codes {
		_, known := regions[code]
		// A region whose own values could not be read is missing from the map; that is told already.
		r.need(known || r.has("regions."+code+"."), "regions", "names a region that is not configured", "add it under regions, or take it out")
	}
}

func checkTemplates(r report, templates map[string]Template) {
	for name, t := range templates {
		one := r.at("templates").at(name)
		one.need(t.TemplateID != "", "template_id", "is missing", "the id that the platform's console shows")
		oneOf(one, "kind", t.Kind, "one_time", "long_term")
		one.need(len(t.Fields) > 0, "fields", "is empty", "give each key of the template a text")
	}
}

func (c *Config) checkRegions(r report) {
	r.need(len(c.Regions) > 0, "regions", "is empty", "configure at least one region")
	for code, region := range c.Regions {
		one := r.at("regions").at(code)
		one.need(regionCode.MatchString(code), "", "is not a region code", "six digits, in quotes")
		one.need(region.Name != "", "name", "is missing", "the name that people see")
		region.Insurer.check(one.at("insurer"))
		one.need(region.PhoneOnFile.Transaction == "" || region.PhoneOnFile.Path != "", "local_phone_on_file.path",
			"is missing", "say where in that transaction's answer the phone stands")
		for n, rule := range region.Accounts {
			rule.check(one.at("accounts").at(strconv.Itoa(n)))
		}
	}
}

func (a AccountRule) check(r report) {
	oneOf(r, "exists", a.Exists, "yes", "no", "unknown")
	r.need(a.InsuranceType != "" || a.PersonType != "" || a.HIType != "", "", "has no condition and would fit everybody",
		"give insutype, psn_type or hi_type; whom no rule fits is unknown anyway")
}

func (f Failures) check(r report) {
	for key, rules := range map[string][]FailureRule{"access": f.Access, "not_enrolled": f.NotEnrolled,
		"mismatch": f.Mismatch, "no_answer": f.NoAnswer} {
		for n, rule := range rules {
			r.at(key).at(strconv.Itoa(n)).need(rule.Code != "" || rule.Contains != "", "", "would fit every refusal",
				"give code, contains or both")
		}
	}
}

func (i Insurer) check(r report) {
	address(r, "base_url", i.BaseURL)
	oneOf(r, "path_mode", i.PathMode, "suffix", "single")
	oneOf(r, "auth", i.Auth, "tif", "apikey")
	r.need(i.Auth != "tif" || i.PaasID != "", "paas_id", "is missing", "the application id that the bureau issued")
	r.need(i.Secret != "", "secret", "is missing", "give secret or secret_file")
	oneOf(r, "unwrap", i.Unwrap, "object", "array", "string", "nested")
	oneOf(r, "numbers", i.Numbers, "text", "number", "either")
	r.need(len(i.SuccessCodes) > 0 && !slices.Contains(i.SuccessCodes, ""), "success_codes", "is empty, or has an empty code in it",
		`the common value is ["0"]`)
	r.need(len(i.InstitutionCode) >= 12, "fixmedins_code", "is shorter than 12 characters", "the code that the bureau issued")
	r.need(i.InstitutionName != "", "fixmedins_name", "is missing", "the name that goes with fixmedins_code")
	r.need(regionCode.MatchString(i.CareRegion), "mdtrtarea_admvs", "is not six digits", "the region of care")
	oneOf(r, "opter_type", i.OperatorType, "1", "2", "3")
	positive(r, "timeout", i.Timeout)
	i.Failures.check(r.at("failures"))
}

func (s SMS) check(r report, regions map[string]Region) {
	needed := false
	for _, region := range regions {
		needed = needed || region.PhoneOnFile.Path != ""
	}
	if !needed && s.URL == "" {
		return
	}
	address(r, "url", s.URL)
	r.need(s.AppKey != "", "app_key", "is missing", "the key that the gateway issued")
	r.need(s.Secret != "", "secret", "is missing", "give secret or secret_file")
	r.need(s.SignName != "", "sign_name", "is missing", "the signature that the gateway approved")
	r.need(s.Template != "", "template", "is missing", "the template that the gateway approved")
	positive(r, "timeout", s.Timeout)
}

func (l Linking) check(r report) {
	counts := map[string]int{"links_per_user": l.LinksPerUser, "links_per_person": l.LinksPerPerson,
		"starts_per_user": l.StartsPerUser, "starts_per_address": l.StartsPerAddress,
		"wrong_codes_per_pair": l.WrongPerPair, "sends_per_pair": l.SendsPerPair, "sends_per_phone": l.SendsPerPhone}
	for key, n := range counts {
		r.need(n > 0, key, "must be above 0", "leave it out for the default")
	}
	positive(r, "code_ttl", l.CodeTTL)
	positive(r, "resend_after", l.ResendAfter)
	r.need(l.AttemptTTL >= l.CodeTTL, "attempt_ttl", "is shorter than code_ttl", "the default is 15m")
}

func (b Balance) check(r report) {
	positive(r, "display_age", b.DisplayAge)
	positive(r, "decision_age", b.DecisionAge)
	positive(r, "ask_timeout", b.AskTimeout)
	positive(r, "collect_every", b.CollectEvery)
	r.need(b.Slots > 0, "slots_per_region", "must be above 0", "the default is 32")
	r.need(b.UnattendedSlots > 0, "unattended_slots_per_region", "must be above 0", "the default is 8")
	r.need(b.DailySpread >= 0 && b.DailySpread < 24*time.Hour, "daily_spread", "must be less than a day", "such as 2h")
	_, err := TimeOfDay(b.DailyAt)
	r.need(err == nil, "daily_at", "is not a time of day", `such as "06:00"`)
}

// TimeOfDay reads "06:00" as the time since midnight.
func TimeOfDay(text string) (time.Duration, error) {
	t, err := time.Parse("15:04", text)
	if err != nil {
		return 0, err
	}
	return time.Duration(t.Hour())*time.Hour + time.Duration(t.Minute())*time.Minute, nil
}

func (m Reminder) check(r report) {
	durations := map[string]time.Duration{"check_every": m.CheckEvery, "tick": m.Tick, "lease": m.Lease,
		"delivery_ttl": m.DeliveryTTL, "unknown_for": m.UnknownFor, "send_timeout": m.SendTimeout}
	for key, d := range durations {
		positive(r, key, d)
	}
	counts := map[string]int{"batch": m.Batch, "parallel": m.Parallel, "max_attempts": m.MaxAttempts,
		"max_free": m.MaxFree}
	for key, n := range counts {
		r.need(n > 0, key, "must be above 0", "leave it out for the default")
	}
	r.need(m.Cooldown >= 0, "cooldown", "must not be negative", "the default is 24h")
	r.need(m.DefaultDelta >= 0, "default_margin_fen", "must not be negative", "the default is 1000, ¥10")
	// A lease is renewed before a send when less than two send timeouts are left of it; a shorter one would be renewed
	// before every message, or end during one.
	r.need(m.Lease >= 3*m.SendTimeout, "lease", "is shorter than three times send_timeout",
		"a lease that ends while a message is on its way makes its outcome unknown; the defaults are 2m and 10s")
}

func positive(r report, key string, d time.Duration) {
	r.need(d > 0, key, "must be a duration above 0", `such as "10s"`)
}

func oneOf(r report, key, value string, allowed ...string) {
	r.need(slices.Contains(allowed, value), key, "is not one of the known values", "use "+strings.Join(allowed, ", "))
}

// address wants an absolute http or https address without user, query or fragment. Plain http is right behind a gateway
// or a private line; that is the operator's choice.
func address(r report, key, text string) {
	u, err := url.Parse(text)
	ok := err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != "" && u.User == nil &&
		u.RawQuery == "" && u.Fragment == ""
	r.need(ok, key, "is not an http(s) address", "such as https://gateway.example.com/path")
}
