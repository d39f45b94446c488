package insurer

import "time"

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
	AuthAPIKey AuthScheme = "apikey" // one static header
)

// Auth is the region's credential.
type Auth struct {
	Scheme    AuthScheme
	PaasID    string // tif: x-tif-paasid, issued by the bureau
	Secret    string // tif: the signature's secret; apikey: the header's value
	Header    string // apikey: the header's name; "" means "apikey"
	ServiceID string // tif: x-tif-serviceId, which some gateways want; "" leaves it out
}

// String hides the secret; so do %v and %+v of a whole Profile.
func (a Auth) String() string { return "{" + string(a.Scheme) + " ***}" }

// GoString hides the secret from %#v.
func (a Auth) GoString() string { return a.String() }

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

// Profile is all that is known of one region's upstream.
type Profile struct {
	Region string // six digits; the key
	Name   string // as citizens read it

	BaseURL     string
	PathMode    PathMode // "" means suffix
	ContentType string   // "" means "application/json; charset=utf-8"; some gateways want text/plain
	Auth        Auth
	Timeout     time.Duration // of one exchange; 0 means 10 s
	Retries     int           // further tries of a question without answer; 0 means 1, negative none

	// The envelope; New checks the lengths.
	InfVer         string            // "V1.0" or "1.0"
	RecerSysCode   string            // receiving system
	MdtrtareaAdmvs string            // region of care; "" means Region
	InsuplcAdmdvs  string            // region of insurance where it must be sent with every request; "" otherwise
	FixmedinsCode  string            // institution code, 12 characters or more
	FixmedinsName  string            // institution name
	OpterType      string            // 1 clerk, 2 terminal, 3 mobile; "" means 3
	Opter          string            // operator or terminal id
	OpterName      string            // operator or terminal name
	Extra          map[string]string // further envelope fields of the region, e.g. recer_admvs

	SuccessCodes          []string // of infcode; nil means "0"
	ErrMsgMeansFailure    bool     // a success code with a text in err_msg is a failure
	EmptyMeansNotEnrolled bool     // success without a person in it says that the person is unknown
	Unwrap                Unwrap   // "" means object
	Numbers               Numbers  // "" means either
	Failures              Failures // which failures mean what; nationally nobody knows

	Capabilities map[Capability]string // to transaction numbers; nil means 1101 for all
	Accounts     Accounts
	PhoneOnFile  *PhoneOnFile // LOCAL extension; nil where the region has none
	Unattended   bool         // may be asked while no person waits
}

// PhoneOnFile is a region's own way to tell the phone it has on file. It is a local extension: no national transaction
// returns a phone, so both fields come from the region's contract.
type PhoneOnFile struct {
	// Transaction is the number of the local transaction, asked with the identity triple and the person number of 1101;
	// "" reads the phone from the answer of the identity transaction itself.
	Transaction string
	// Path leads to the phone from the output down, by names with dots between: "baseinfo.exp_content.mobile". A step
	// into a string reads it as JSON; a step into an array needs it to hold one element.
	Path string
}

// Failures maps the region's refusals to their meaning; the first list with a matching rule decides, in this order.
// What no rule matches is a business error.
type Failures struct {
	Access      []FailureRule // credential, signature or configuration
	NotEnrolled []FailureRule
	Mismatch    []FailureRule
	NoAnswer    []FailureRule // the relay could not reach the system behind it
}

// FailureRule matches a refusal by its code, by a part of its text, or by both when both are set.
type FailureRule struct {
	Code     string // infcode, or code where there is no infcode
	Contains string // part of err_msg, msg or message
}
