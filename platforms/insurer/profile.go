package insurer

import (
	"strings"
	"time"

	"yibao/config/setting"
	"yibao/identity"
	"yibao/platforms/insurer/gm"
	"yibao/platforms/internal/outside"
)

// PathMode says how the transaction number reaches the upstream besides the body.
type PathMode string

// The path modes.
const (
	PathSuffix PathMode = "suffix" // POST {BaseURL}/{infno}
	PathSingle PathMode = "single" // POST {BaseURL} for every transaction
)

// AuthScheme says how a request proves where it comes from.
type AuthScheme string

// The schemes of the FSI family.
const (
	AuthTIF    AuthScheme = "tif"    // x-tif-* headers with a SHA-256 signature
	AuthRIO    AuthScheme = "rio"    // x-rio-* headers with the same in upper case: the sibling gateway
	AuthAPIKey AuthScheme = "apikey" // one static header
)

// Auth is the region's credential.
type Auth struct {
	Scheme    AuthScheme     `koanf:"auth"`
	PaasID    string         `koanf:"paas_id"`        // tif: x-tif-paasid, issued by the bureau
	Secret    setting.Secret `koanf:"secret"`         // tif: the signature's secret; apikey: the header's value
	Header    string         `koanf:"api_key_header"` // apikey: the header's name, sent letter by letter
	ServiceID string         `koanf:"service_id"`     // tif: x-tif-serviceId, which some gateways want; "" leaves it out
	Names     HeaderNames    `koanf:"tif_headers"`
}

// HeaderNames are the names of the tif headers. They go over the wire letter by letter: some gateways compare them by case,
// though HTTP says that case has no meaning, and contracts spell them in several ways.
type HeaderNames struct {
	PaasID    string `koanf:"paas_id"`
	Timestamp string `koanf:"timestamp"`
	Nonce     string `koanf:"nonce"`
	Signature string `koanf:"signature"`
	ServiceID string `koanf:"service_id"`
}

func (h HeaderNames) check(r setting.Report) {
	seen := map[string]bool{}
	for _, one := range []struct{ key, name string }{{"paas_id", h.PaasID}, {"timestamp", h.Timestamp}, {"nonce", h.Nonce},
		{"signature", h.Signature}, {"service_id", h.ServiceID}} {
		name := strings.ToLower(one.name)
		if !headerName.MatchString(name) {
			r.Add(one.key, "is not a header's name", "such as x-tif-paasid")
			continue
		}
		r.Need(!seen[name], one.key, "is the name of another of these headers", "the contract names five")
		seen[name] = true
	}
}

// Unwrap says what surrounds a transaction's output. A plain object is understood in every mode.
type Unwrap string

// The unwrap modes, all seen in the field.
const (
	UnwrapObject Unwrap = "object" // output is the object
	UnwrapArray  Unwrap = "array"  // output is an array that holds the one object
	UnwrapString Unwrap = "string" // output is a string that holds the object's JSON
	UnwrapNested Unwrap = "nested" // envelope or output lie below data, output or body, in any of the shapes above
)

// Numbers says how the region writes amounts. A figure written the other way is not known: a region that has promised
// text and sends floating-point numbers may have rounded them.
type Numbers string

// The number modes.
const (
	NumbersEither Numbers = "either"
	NumbersText   Numbers = "text"
	NumbersNumber Numbers = "number"
)

// Capability is something that a region may be able to tell.
type Capability string

// The capabilities of this step; all are read from transactions of the shape of 1101.
const (
	CapIdentity  Capability = "identity"  // does the person exist and match?
	CapEnrolment Capability = "enrolment" // which insurances?
	CapBalance   Capability = "balance"   // how much is in the personal accounts?
)

// Profiles is the section regions of the configuration: a profile by the region's six-digit code.
type Profiles map[string]Profile

// Profile is all that is known of one region and its upstream.
type Profile struct {
	Name         string `koanf:"name"`       // as citizens read it
	Unattended   bool   `koanf:"unattended"` // may be asked while no person waits
	Dialect      `koanf:"insurer"`
	PhoneOnFile  PhoneOnFile       `koanf:"local_phone_on_file"`
	CardPassword CardPassword      `koanf:"local_card_password"`
	Records      map[string]Record `koanf:"records"`
	// InsuranceCode is how each platform opens the region's official insurance code.
	InsuranceCode map[identity.Platform]identity.CodeOpening `koanf:"insurance_code"`
	Accounts      `koanf:",squash"`
}

// Dialect says how the upstream talks.
type Dialect struct {
	Family      Family      `koanf:"family"`
	BaseURL     string      `koanf:"base_url"`
	PathMode    PathMode    `koanf:"path_mode"`
	ContentType string      `koanf:"content_type"` // some gateways want text/plain
	Auth        Auth        `koanf:",squash"`
	TLS         outside.TLS `koanf:",squash"`
	GM          GM          `koanf:",squash"` // of FamilyGM

	Timeout time.Duration `koanf:"timeout"` // of one exchange
	Retries int           `koanf:"retries"` // further tries of a question without answer; 0 for none

	// The envelope; New checks the lengths.
	InfVer         string            `koanf:"infver"`          // "V1.0" or "1.0"
	RecerSysCode   string            `koanf:"recer_sys_code"`  // receiving system
	MdtrtareaAdmvs string            `koanf:"mdtrtarea_admvs"` // region of care
	InsuplcAdmdvs  string            `koanf:"insuplc_admdvs"`  // region of insurance where every request needs it; "" otherwise
	FixmedinsCode  string            `koanf:"fixmedins_code"`  // institution code, 12 characters or more
	FixmedinsName  string            `koanf:"fixmedins_name"`  // institution name
	OpterType      string            `koanf:"opter_type"`      // 1 clerk, 2 terminal, 3 mobile
	Opter          string            `koanf:"opter"`           // operator or terminal id
	OpterName      string            `koanf:"opter_name"`      // operator or terminal name
	Extra          map[string]string `koanf:"extra"`           // further envelope fields of the region, e.g. recer_admvs

	SuccessCodes          []string `koanf:"success_codes"`            // of infcode
	ErrMsgMeansFailure    bool     `koanf:"err_msg_means_failure"`    // a success code with a text in err_msg is a failure
	EmptyMeansNotEnrolled bool     `koanf:"empty_means_not_enrolled"` // success without a person in it: the person is unknown
	Unwrap                Unwrap   `koanf:"unwrap"`
	Numbers               Numbers  `koanf:"numbers"`
	Failures              Failures `koanf:"failures"` // which failures mean what; no national table is public

	Capabilities map[Capability]string `koanf:"transactions"` // to transaction numbers
}

// PhoneOnFile is a region's own way to tell the phone it has on file. It is a local extension: no national transaction
// returns a phone, so both fields come from the region's contract.
type PhoneOnFile struct {
	// Transaction is the number of the local transaction, asked with the identity triple and the person number of 1101;
	// "" reads the phone from the answer of the identity transaction itself.
	Transaction string `koanf:"transaction"`
	// Path leads to the phone from the output down, by names with dots between: "baseinfo.exp_content.mobile". A step
	// into a string reads it as JSON; a step into an array needs it to hold one element. "" means that the region has none.
	Path string `koanf:"path"`
}

// Failures maps the region's refusals to their meaning; the first list with a matching rule decides, in this order.
// A refusal that no rule matches is a business error.
type Failures struct {
	Throttled   []FailureRule `koanf:"throttled"` // too many questions; a code 429 says so without a rule
	Access      []FailureRule `koanf:"access"`    // credential, signature or configuration
	NotEnrolled []FailureRule `koanf:"not_enrolled"`
	Mismatch    []FailureRule `koanf:"mismatch"`
	NoAnswer    []FailureRule `koanf:"no_answer"` // the relay could not reach the system behind it
}

// FailureRule matches a refusal by its code, by a part of its text, or by both when both are set.
type FailureRule struct {
	Code     string `koanf:"code"`     // infcode, or code where there is no infcode
	Contains string `koanf:"contains"` // part of err_msg, msg or message
}

// defaultHeaders are spelt as in most contracts.
var defaultHeaders = HeaderNames{PaasID: "x-tif-paasid", Timestamp: "x-tif-timestamp", Nonce: "x-tif-nonce",
	Signature: "x-tif-signature", ServiceID: "x-tif-serviceId"}

// SetDefaults fills the profile with the spellings that most deployments share.
func (p *Profile) SetDefaults() {
	*p = Profile{
		Dialect: Dialect{
			Family: FamilyFSI, GM: GM{AppIDField: "appId", Version: "1.0.0", Stamp: StampMillis,
				Dialect: gm.Dialect{UserID: gm.UserIDDefault, KeyFrom: gm.KeyFromFirst}},
			PathMode: PathSuffix, ContentType: "application/json", Auth: Auth{Scheme: AuthTIF, Header: "apikey", Names: defaultHeaders},
			Timeout: 8 * time.Second, Retries: 1, InfVer: "V1.0", RecerSysCode: "01", OpterType: "3", Opter: "yibao",
			OpterName: "yibao", SuccessCodes: []string{"0"}, Unwrap: UnwrapObject, Numbers: NumbersEither,
			Capabilities: map[Capability]string{CapIdentity: defaultInfNo, CapEnrolment: defaultInfNo, CapBalance: defaultInfNo},
		},
		Accounts: Accounts{Rules: DefaultAccountRules()},
	}
}

// Methods lists the proofs that the region offers, the surest first. A code by SMS needs the phone on file.
func (p Profile) Methods() []identity.Method {
	var methods []identity.Method
	if p.PhoneOnFile.Path != "" {
		methods = append(methods, identity.SMSOnFile)
	}
	if p.CardPassword.Transaction != "" {
		methods = append(methods, identity.CardPassword)
	}
	return methods
}
