// Package config is the whole configuration of the server: one struct with defaults in code, read from a YAML file and
// the environment, secrets also from files, and checked whole at start. See config.example.yaml for every key.
package config

import "time"

// Config is everything that can be set. Durations are Go durations ("10m"), money is in fen, times of day are "06:00"
// in Asia/Shanghai.
type Config struct {
	Server   Server            `koanf:"server"`
	MongoDB  MongoDB           `koanf:"mongodb"`
	Keys     Keys              `koanf:"keys"`
	Token    Token             `koanf:"token"`
	WeChat   WeChat            `koanf:"wechat"`
	Alipay   Alipay            `koanf:"alipay"`
	Regions  map[string]Region `koanf:"regions"` // by six-digit code
	SMS      SMS               `koanf:"sms"`
	Consent  Consent           `koanf:"consent"`
	Linking  Linking           `koanf:"linking"`
	Balance  Balance           `koanf:"balance"`
	Reminder Reminder          `koanf:"reminder"`
	Limits   Limits            `koanf:"limits"`
	Log      Log               `koanf:"log"`
}

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

// MongoDB is the store.
type MongoDB struct {
	URI      Secret `koanf:"uri"`
	Database string `koanf:"database"`
}

// Keys names the four key files that `server keys new` makes.
type Keys struct {
	SealFile   string `koanf:"seal_file"`
	LookupFile string `koanf:"lookup_file"`
	ProofFile  string `koanf:"proof_file"`
	CodeFile   string `koanf:"code_file"`
}

// Token is the session token.
type Token struct {
	Key Secret        `koanf:"key"` // at least 32 characters; `server keys new` makes one
	TTL time.Duration `koanf:"ttl"`
}

// WeChat is the platform and its apps.
type WeChat struct {
	BaseURL string               `koanf:"base_url"`
	Timeout time.Duration        `koanf:"timeout"`
	Apps    map[string]WeChatApp `koanf:"apps"` // by our name of the app
}

// WeChatApp is one mini-program.
type WeChatApp struct {
	AppID     string              `koanf:"app_id"`
	Secret    Secret              `koanf:"secret"`
	State     string              `koanf:"state"`   // developer, trial or formal: the version a message opens
	Regions   []string            `koanf:"regions"` // codes the app offers
	Templates map[string]Template `koanf:"templates"`
}

// Alipay is the platform and its apps.
type Alipay struct {
	Gateway string               `koanf:"gateway"`
	Timeout time.Duration        `koanf:"timeout"`
	Apps    map[string]AlipayApp `koanf:"apps"`
}

// AlipayApp is one mini-program.
type AlipayApp struct {
	AppID           string              `koanf:"app_id"`
	PrivateKey      Secret              `koanf:"private_key"` // RSA, PKCS#1 or PKCS#8, PEM or bare base64
	AlipayPublicKey Secret              `koanf:"alipay_public_key"`
	Regions         []string            `koanf:"regions"`
	Templates       map[string]Template `koanf:"templates"`
}

// Template is one message template of an app.
type Template struct {
	TemplateID string            `koanf:"template_id"` // the platform's
	Kind       string            `koanf:"kind"`        // one_time or long_term
	Title      string            `koanf:"title"`
	Page       string            `koanf:"page"`
	Lang       string            `koanf:"lang"` // WeChat only
	Fields     map[string]string `koanf:"fields"`
}

// Region is one insured region and how its upstream talks.
type Region struct {
	Name        string        `koanf:"name"`
	Unattended  bool          `koanf:"unattended"` // may the server ask when nobody is waiting?
	Insurer     Insurer       `koanf:"insurer"`
	PhoneOnFile PhoneOnFile   `koanf:"local_phone_on_file"`
	HITypeField string        `koanf:"local_hi_type_field"` // the region's own field of an insuinfo row with HI_TYPE
	Accounts    []AccountRule `koanf:"accounts"`            // who has a personal account; the first rule that fits decides
}

// Insurer is the profile of a region's upstream (FSI family).
type Insurer struct {
	BaseURL          string            `koanf:"base_url"`
	PathMode         string            `koanf:"path_mode"` // suffix: <base>/<infno>; single: <base>
	Auth             string            `koanf:"auth"`      // tif or apikey
	PaasID           string            `koanf:"paas_id"`
	ServiceID        string            `koanf:"service_id"`
	Secret           Secret            `koanf:"secret"` // TIF secret, or the API key
	APIKeyHeader     string            `koanf:"api_key_header"`
	ContentType      string            `koanf:"content_type"`
	InfVer           string            `koanf:"infver"`
	RecerSysCode     string            `koanf:"recer_sys_code"`
	CareRegion       string            `koanf:"mdtrtarea_admvs"`
	InsuredRegion    string            `koanf:"insuplc_admdvs"`
	InstitutionCode  string            `koanf:"fixmedins_code"`
	InstitutionName  string            `koanf:"fixmedins_name"`
	OperatorType     string            `koanf:"opter_type"`
	Operator         string            `koanf:"opter"`
	OperatorName     string            `koanf:"opter_name"`
	Extra            map[string]string `koanf:"extra"` // further envelope fields
	SuccessCodes     []string          `koanf:"success_codes"`
	MessageIsFailure bool              `koanf:"err_msg_means_failure"`
	EmptyIsUnknown   bool              `koanf:"empty_means_not_enrolled"`
	Unwrap           string            `koanf:"unwrap"`  // object, array, string or nested
	Numbers          string            `koanf:"numbers"` // text, number or either
	Timeout          time.Duration     `koanf:"timeout"` // of one exchange
	Retries          int               `koanf:"retries"` // of a question that got no answer
	Transactions     map[string]string `koanf:"transactions"`
	Failures         Failures          `koanf:"failures"`
}

// Failures says which refusals mean what; the first list with a rule that fits decides, in this order.
type Failures struct {
	Access      []FailureRule `koanf:"access"`
	NotEnrolled []FailureRule `koanf:"not_enrolled"`
	Mismatch    []FailureRule `koanf:"mismatch"`
	NoAnswer    []FailureRule `koanf:"no_answer"`
}

// FailureRule fits a refusal by code, by a part of its text, or by both.
type FailureRule struct {
	Code     string `koanf:"code"`
	Contains string `koanf:"contains"`
}

// PhoneOnFile is a region's own way to tell the phone it has on file; nothing national does.
type PhoneOnFile struct {
	Transaction string `koanf:"transaction"` // one of its own, or "" when 1101 carries the phone
	Path        string `koanf:"path"`        // dotted path of the phone in that answer's output; "" means the region has none
}

// AccountRule is one rule on who has a personal account. An empty field fits everything.
type AccountRule struct {
	InsuranceType string `koanf:"insutype"` // whole
	PersonType    string `koanf:"psn_type"` // from its beginning
	HIType        string `koanf:"hi_type"`  // whole
	Exists        string `koanf:"exists"`   // yes, no or unknown
}

// SMS is the gateway for one-time codes.
type SMS struct {
	URL      string        `koanf:"url"`
	AppKey   string        `koanf:"app_key"`
	Secret   Secret        `koanf:"secret"`
	SignName string        `koanf:"sign_name"`
	Template string        `koanf:"template"`
	Timeout  time.Duration `koanf:"timeout"`
}

// Consent is the text that a person agrees to when linking.
type Consent struct {
	Version string `koanf:"version"`
	Text    string `koanf:"text"`
}

// Linking bounds proofs. All "per" counts are per 24 hours.
type Linking struct {
	LinksPerUser     int           `koanf:"links_per_user"`
	LinksPerPerson   int           `koanf:"links_per_person"`
	CodeTTL          time.Duration `koanf:"code_ttl"`
	AttemptTTL       time.Duration `koanf:"attempt_ttl"`
	ResendAfter      time.Duration `koanf:"resend_after"`
	StartsPerUser    int           `koanf:"starts_per_user"`
	StartsPerAddress int           `koanf:"starts_per_address"`
	WrongPerPair     int           `koanf:"wrong_codes_per_pair"`
	SendsPerPair     int           `koanf:"sends_per_pair"`
	SendsPerPhone    int           `koanf:"sends_per_phone"`
}

// Balance rules how fresh figures must be and how hard an upstream is asked.
type Balance struct {
	DisplayAge      time.Duration `koanf:"display_age"`
	DecisionAge     time.Duration `koanf:"decision_age"`
	AskTimeout      time.Duration `koanf:"ask_timeout"`
	Slots           int           `koanf:"slots_per_region"`
	UnattendedSlots int           `koanf:"unattended_slots_per_region"`
	DailyAt         string        `koanf:"daily_at"` // "06:00"
	DailySpread     time.Duration `koanf:"daily_spread"`
	CollectEvery    time.Duration `koanf:"collect_every"`
}

// Reminder rules the two reminder workers.
type Reminder struct {
	CheckEvery   time.Duration `koanf:"check_every"`
	Tick         time.Duration `koanf:"tick"`
	Lease        time.Duration `koanf:"lease"`
	Cooldown     time.Duration `koanf:"cooldown"`
	DeliveryTTL  time.Duration `koanf:"delivery_ttl"`
	UnknownFor   time.Duration `koanf:"unknown_for"`
	SendTimeout  time.Duration `koanf:"send_timeout"`
	Batch        int           `koanf:"batch"`
	Parallel     int           `koanf:"parallel"`
	MaxAttempts  int           `koanf:"max_attempts"`
	MaxFree      int           `koanf:"max_free"`
	DefaultDelta int64         `koanf:"default_margin_fen"`
}

// Limits are requests a minute; bursts are a quarter of it.
type Limits struct {
	PerAddress int `koanf:"per_address_per_minute"`
	PerUser    int `koanf:"per_user_per_minute"`
}

// Log is what goes to standard error.
type Log struct {
	Level  string `koanf:"level"`  // debug, info, warn or error
	Format string `koanf:"format"` // json or text
}

// Default returns the configuration before a file or the environment is read. Apps, regions and addresses of the
// outside have none.
func Default() Config {
	return Config{
		Server: Server{
			Listen: "127.0.0.1:8080", ReadTimeout: 10 * time.Second, WriteTimeout: 30 * time.Second,
			IdleTimeout: time.Minute, RequestTimeout: 20 * time.Second, DrainDelay: 3 * time.Second, DrainTimeout: 20 * time.Second, Metrics: true,
		},
		MongoDB: MongoDB{Database: "yibao"},
		Token:   Token{TTL: 2 * time.Hour},
		WeChat:  WeChat{BaseURL: "https://api.weixin.qq.com", Timeout: 6 * time.Second},
		Alipay:  Alipay{Gateway: "https://openapi.alipay.com/gateway.do", Timeout: 8 * time.Second},
		SMS:     SMS{Timeout: 6 * time.Second},
		Linking: Linking{
			LinksPerUser: 10, LinksPerPerson: 8, CodeTTL: 5 * time.Minute, AttemptTTL: 15 * time.Minute,
			ResendAfter: time.Minute, StartsPerUser: 20, StartsPerAddress: 100, WrongPerPair: 10, SendsPerPair: 6,
			SendsPerPhone: 10,
		},
		Balance: Balance{
			DisplayAge: 10 * time.Minute, DecisionAge: 30 * time.Minute, AskTimeout: 15 * time.Second, Slots: 32,
			UnattendedSlots: 8, DailyAt: "06:00", DailySpread: 2 * time.Hour, CollectEvery: time.Minute,
		},
		Reminder: Reminder{
			CheckEvery: time.Hour, Tick: 5 * time.Second, Lease: 2 * time.Minute, Cooldown: 24 * time.Hour,
			DeliveryTTL: 72 * time.Hour, UnknownFor: 10 * time.Minute, SendTimeout: 10 * time.Second, Batch: 50,
			Parallel: 4, MaxAttempts: 8, MaxFree: 50, DefaultDelta: 1000,
		},
		Limits: Limits{PerAddress: 600, PerUser: 240},
		Log:    Log{Level: "info", Format: "json"},
	}
}

// defaultRegion is what a region's profile holds before the file is read: the spellings most deployments share.
func defaultRegion() Region {
	return Region{Insurer: Insurer{
		PathMode: "suffix", Auth: "tif", APIKeyHeader: "apikey", ContentType: "application/json", InfVer: "V1.0",
		RecerSysCode: "01", OperatorType: "3", Operator: "yibao", OperatorName: "yibao", SuccessCodes: []string{"0"},
		Unwrap: "object", Numbers: "either", Timeout: 8 * time.Second, Retries: 1,
		Transactions: map[string]string{"identity": "1101", "enrolment": "1101", "balance": "1101"},
	}}
}

// fill sets what an app or a template leaves out; maps of structs have no defaults before they are read.
func (c *Config) fill() {
	for name, app := range c.WeChat.Apps {
		if app.State == "" {
			app.State = "formal"
		}
		fillTemplates(app.Templates)
		c.WeChat.Apps[name] = app
	}
	for _, app := range c.Alipay.Apps {
		fillTemplates(app.Templates)
	}
}

func fillTemplates(templates map[string]Template) {
	for name, t := range templates {
		if t.Kind == "" {
			t.Kind = "one_time"
		}
		if t.Lang == "" {
			t.Lang = "zh_CN"
		}
		if t.Title == "" {
			t.Title = "医保余额提醒"
		}
		templates[name] = t
	}
}
