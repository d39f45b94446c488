package config

import (
	"net"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"yibao/config/setting"
)

// Server is the HTTP side.
type Server struct {
	Listen         string        `koanf:"listen"`          // host:port
	WorkerListen   string        `koanf:"worker_listen"`   // host:port of a process of role worker; "" for none
	TrustedProxies []string      `koanf:"trusted_proxies"` // addresses or networks whose X-Forwarded-For is believed
	ReadTimeout    time.Duration `koanf:"read_timeout"`
	WriteTimeout   time.Duration `koanf:"write_timeout"`
	IdleTimeout    time.Duration `koanf:"idle_timeout"`
	RequestTimeout time.Duration `koanf:"request_timeout"` // deadline of one request's work
	DrainDelay     time.Duration `koanf:"drain_delay"`     // at a stop: from "not ready" to the closing of the listener
	DrainTimeout   time.Duration `koanf:"drain_timeout"`   // after it: how long requests and sends in flight may take together
	MetricsListen  string        `koanf:"metrics_listen"`  // host:port of /metrics beside an API; "" for none
	HSTS           bool          `koanf:"hsts"`            // promise browsers that the host is reached by TLS alone
}

// SetDefaults fills the section.
func (s *Server) SetDefaults() {
	*s = Server{
		Listen: "127.0.0.1:8080", ReadTimeout: 10 * time.Second, WriteTimeout: 30 * time.Second, IdleTimeout: time.Minute,
		RequestTimeout: 20 * time.Second, DrainDelay: 3 * time.Second, DrainTimeout: 20 * time.Second,
	}
}

// Check adds every problem of the section.
func (s *Server) Check(r setting.Report) {
	r.Need(isHostPort(s.Listen), "listen", "is not host:port", "for example 127.0.0.1:8080")
	r.Need(s.WorkerListen == "" || isHostPort(s.WorkerListen), "worker_listen", "is not host:port",
		"for example 127.0.0.1:8081; leave it out for none")
	r.Need(s.MetricsListen == "" || isHostPort(s.MetricsListen), "metrics_listen", "is not host:port",
		"for example 127.0.0.1:9090; leave it out for none")
	r.Need(s.MetricsListen == "" || s.MetricsListen != s.Listen, "metrics_listen", "is the same as listen",
		"give it an address that the public does not reach")
	r.Hint(len(s.TrustedProxies) > 0, "trusted_proxies", "is empty", "behind a proxy all users would share its address, and so "+
		"the limits per address: name the proxy")
	for _, proxy := range s.TrustedProxies {
		network, err := network(proxy)
		r.Need(err == nil, "trusted_proxies", "holds something that is neither an address nor a network",
			"for example 10.0.0.5 or 10.0.0.0/24")
		r.Hint(err != nil || network.Bits() >= 8, "trusted_proxies", "holds nearly every address there is",
			"any client could choose by X-Forwarded-For the address that its limits are counted for: name the proxy alone")
	}
	r.Numbers(*s, "drain_delay")
	r.Knowing("request_timeout").Need(s.WriteTimeout > s.RequestTimeout, "write_timeout", "is not longer than request_timeout",
		"else an answer is cut off while it is written")
}

func isHostPort(text string) bool {
	_, port, err := net.SplitHostPort(text)
	_, wrong := strconv.ParseUint(port, 10, 16)
	return err == nil && wrong == nil
}

// network reads a network, or an address as a network of one.
func network(text string) (netip.Prefix, error) {
	if address, err := netip.ParseAddr(text); err == nil {
		return netip.PrefixFrom(address, address.BitLen()), nil
	}
	return netip.ParsePrefix(text)
}

// MongoDB is the store.
type MongoDB struct {
	URI      setting.Secret `koanf:"uri"`
	Database string         `koanf:"database"`
	Timeout  time.Duration  `koanf:"timeout"` // of one command of a request
}

// SetDefaults fills the section.
func (m *MongoDB) SetDefaults() { *m = MongoDB{Database: "yibao", Timeout: 2 * time.Second} }

// Check adds every problem of the section.
func (m *MongoDB) Check(r setting.Report) {
	r.Numbers(*m)
	uri := m.URI.Reveal()
	r.Need(uri != "", "uri", "is missing", "give uri or uri_file, such as mongodb://user:password@host:27017/?replicaSet=rs0")
	r.Need(uri == "" || strings.HasPrefix(uri, "mongodb://") || strings.HasPrefix(uri, "mongodb+srv://"), "uri",
		"does not begin with mongodb:// or mongodb+srv://", "such as mongodb://user:password@host:27017/?replicaSet=rs0")
	r.Need(m.Database != "" && !strings.ContainsAny(m.Database, `/\. "$*<>:|?`), "database", "is not a database name",
		"letters, digits, - and _")
}

// Keys names the four key files that `server keys new` makes.
type Keys struct {
	SealFile   string `koanf:"seal_file"`
	LookupFile string `koanf:"lookup_file"`
	ProofFile  string `koanf:"proof_file"`
	CodeFile   string `koanf:"code_file"`
}

// Check adds every problem of the section. Package store tells of a file that cannot be read as keys.
func (k *Keys) Check(r setting.Report) {
	const mend = "relative paths count from the current folder. An existing database opens only with its own key files; " +
		"for a new one make them with: server keys new --dir DIR"
	seen := map[string]string{} // contents → key
	for _, file := range [][2]string{{"seal_file", k.SealFile}, {"lookup_file", k.LookupFile}, {"proof_file", k.ProofFile},
		{"code_file", k.CodeFile}} {
		key, path := file[0], file[1]
		if path == "" {
			r.Add(key, "is missing", mend)
			continue
		}
		text, err := setting.ReadSecret(path)
		if err != nil {
			r.Unread(key, "", err.Error(), mend)
			continue
		}
		twin := seen[string(text)]
		r.Need(twin == "", key, "holds the same as "+twin, "each purpose has a key of its own")
		seen[string(text)] = key
	}
}

// Consent holds the texts that a person agrees to, either by itself.
type Consent struct {
	Version    string `koanf:"version"`         // of both
	Text       string `koanf:"text"`            // to link and to read the balance when asked
	Unattended string `koanf:"unattended_text"` // to read it regularly, for reminders and daily records
}

// Check adds every problem of the section.
func (c *Consent) Check(r setting.Report) {
	r.Need(c.Version != "" && len(c.Version) <= 32, "version", "is missing or longer than 32",
		"give the version of the consent text, such as 2026-11")
	r.Need(strings.TrimSpace(c.Text) != "", "text", "is missing", "give the text that a person agrees to before linking")
	r.Need(strings.TrimSpace(c.Unattended) != "", "unattended_text", "is missing",
		"give the text that a person agrees to before the balance is read regularly")
	for key, text := range map[string]string{"text": c.Text, "unattended_text": c.Unattended} {
		r.Hint(!strings.ContainsAny(text, "〔〕"), key, "has places that are not filled in",
			"write your own particulars where the example has 〔…〕")
	}
}

// Limits bound what is served. Those with "per minute" have a burst of a quarter of it.
type Limits struct {
	PerAddress            int `koanf:"per_address_per_minute"` // requests without a good token
	PerUser               int `koanf:"per_user_per_minute"`
	Connections           int `koanf:"connections"`
	ConnectionsPerAddress int `koanf:"connections_per_address"`
}

// SetDefaults fills the section.
func (l *Limits) SetDefaults() {
	*l = Limits{PerAddress: 600, PerUser: 240, Connections: 8192, ConnectionsPerAddress: 256}
}

// Check adds every problem of the section.
func (l *Limits) Check(r setting.Report) { r.Numbers(*l) }

// Log is what goes to standard error.
type Log struct {
	Level  string `koanf:"level"`  // debug, info, warn or error
	Format string `koanf:"format"` // json or text
}

// SetDefaults fills the section.
func (l *Log) SetDefaults() { *l = Log{Level: "info", Format: "json"} }

// Check adds every problem of the section.
func (l *Log) Check(r setting.Report) {
	setting.OneOf(r, "level", l.Level, "debug", "info", "warn", "error")
	setting.OneOf(r, "format", l.Format, "json", "text")
}
