package config

import (
	"errors"
	"io/fs"
	"net"
	"net/netip"
	"path/filepath"
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
	Metrics        bool          `koanf:"metrics"`         // answer /metrics
	HSTS           bool          `koanf:"hsts"`            // promise browsers that the host is reached by TLS alone
}

// SetDefaults fills the section.
func (s *Server) SetDefaults() {
	*s = Server{
		Listen: "127.0.0.1:8080", ReadTimeout: 10 * time.Second, WriteTimeout: 30 * time.Second, IdleTimeout: time.Minute,
		RequestTimeout: 20 * time.Second, DrainDelay: 3 * time.Second, DrainTimeout: 20 * time.Second, Metrics: true,
	}
}

// Check adds every problem of the section.
func (s *Server) Check(r setting.Report) {
	r.Need(isHostPort(s.Listen), "listen", "is not host:port", "for example 127.0.0.1:8080")
	r.Need(s.WorkerListen == "" || isHostPort(s.WorkerListen), "worker_listen", "is not host:port",
		"for example 127.0.0.1:8081; leave it out for none")
	for _, proxy := range s.TrustedProxies {
		r.Need(isAddressOrNetwork(proxy), "trusted_proxies", "holds something that is neither an address nor a network",
			"for example 10.0.0.5 or 10.0.0.0/24")
	}
	r.Numbers(*s, "drain_delay")
	r.Need(s.WriteTimeout > s.RequestTimeout, "write_timeout", "is not longer than request_timeout",
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
	r.Need(strings.HasPrefix(uri, "mongodb://") || strings.HasPrefix(uri, "mongodb+srv://"), "uri",
		"is missing or does not begin with mongodb:// or mongodb+srv://", "give uri or uri_file")
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
		text, err := readSmall(path)
		if errors.Is(err, fs.ErrNotExist) {
			r.Add(key, "there is no file "+absolute(path), mend)
		}
		if err != nil {
			continue
		}
		twin := seen[string(text)]
		r.Need(twin == "", key, "holds the same as "+twin, "each purpose has a key of its own")
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

// Consent is the text that a person agrees to when linking.
type Consent struct {
	Version string `koanf:"version"`
	Text    string `koanf:"text"`
}

// Check adds every problem of the section.
func (c *Consent) Check(r setting.Report) {
	r.Need(c.Version != "" && len(c.Version) <= 32, "version", "is missing or longer than 32",
		"give the version of the consent text, such as 2026-11")
	r.Need(strings.TrimSpace(c.Text) != "", "text", "is missing", "give the text that a person agrees to before linking")
}

// Limits are requests a minute; bursts are a quarter of it.
type Limits struct {
	PerAddress int `koanf:"per_address_per_minute"`
	PerUser    int `koanf:"per_user_per_minute"`
}

// SetDefaults fills the section.
func (l *Limits) SetDefaults() { *l = Limits{PerAddress: 600, PerUser: 240} }

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
