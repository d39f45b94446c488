package simulator

import (
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// Options is who the servers know, and the keys they share with them.
type Options struct {
	WeChatApps []WeChatApp
	AlipayApps []AlipayApp
	Regions    []Region
	SMS        SMS
	// ControlToken, when set, must come with every control request: header X-Control-Token or parameter token.
	ControlToken string
	// Now overrides the world's clock for what comes through this handler.
	Now func() time.Time
}

// platform is one row of the table of simulated platforms.
type platform struct {
	name   string
	faults map[string]map[string]string  // by target; the platform's name means all its targets
	mount  func(*server, *http.ServeMux) // adds the platform's apps to the server's
}

var platforms = []platform{
	{wechatPlatform, wechatFaults, mountWeChat},
	{alipayPlatform, alipayFaults, mountAlipay},
}

// WeChatApp is one mini-program.
type WeChatApp struct {
	Name      string // what the control API may call it; AppID always works
	AppID     string
	Secret    string
	UnionID   bool // bound to an Open Platform account: sign-in tells a unionid
	Templates []WeChatTemplate
}

// WeChatTemplate is a subscribe-message template.
type WeChatTemplate struct {
	ID      string
	Title   string              // shown above the lines
	Keys    []string            // like "thing1", "amount2"; all must be in a message
	Labels  map[string]string   // key → the label that the phone shows
	Enums   map[string][]string // allowed values of enum keys
	OneTime bool                // else long-term: one grant, many messages
}

// AlipayApp is one mini-program.
type AlipayApp struct {
	Name              string // what the control API may call it; AppID always works
	AppID             string
	AppPublicKey      string // PEM or base64; checks requests
	GatewayPrivateKey string // PEM or base64; signs answers
	UserID            bool   // an older app, which is told user_id beside open_id
	Templates         []AlipayTemplate
}

// AlipayTemplate is a message template; its values are keyword1 … keywordN.
type AlipayTemplate struct {
	ID       string
	Title    string
	Keywords int
	Labels   []string // of keyword1 …
	LongTerm bool     // one grant, many messages
}

// familyGM is the family of public services.
const familyGM = "gm"

// Region is one insurer and its dialect of a protocol.
type Region struct {
	Code, Name    string
	PathMode      string   // "suffix" (/{infno} behind the address) or "single"
	Auth          string   // "tif", "rio" or "apikey"
	PaasID        string   // tif
	Secret        string   // tif
	APIKey        string   // apikey
	SuccessCode   string   // infcode of success: "0" (default) or "1"
	InfcodeNumber bool     // infcode as a number
	Unwrap        string   // "object" (default), "array", "string", "nested": where output is
	NumberMode    string   // "number" or "string" (default) for money
	PhoneOnFile   bool     // exp_content.local_phone and transaction L101
	QuotaLeft     bool     // exp_content.opt_pool_balc
	Lists         []string // transactions that tell rows; see insurer_lists.go
	Family        string   // "" (FSI) or "gm"
	GM            GM       // of that family; there Auth and its keys have no use
	// NotFoundText and MismatchText are the err_msg of the two; defaults are in insurer.go.
	NotFoundText, MismatchText string
}

// SMS is the gateway's account.
type SMS struct {
	AppKey, Secret string
	SignName       string   // checked when set
	Templates      []string // checked when set
}

// Check reports everything that is wrong with the options.
func (o Options) Check() error {
	var problems []error
	for i, app := range o.WeChatApps {
		if app.AppID == "" || app.Secret == "" {
			problems = append(problems, fmt.Errorf("simulator: WeChat app %d lacks an id or a secret", i))
		}
	}
	for i, app := range o.AlipayApps {
		_, err := publicKey(app.AppPublicKey)
		_, err2 := privateKey(app.GatewayPrivateKey)
		if app.AppID == "" || err != nil || err2 != nil {
			problems = append(problems, fmt.Errorf("simulator: Alipay app %d lacks an id or a usable key", i))
		}
	}
	for _, region := range o.Regions {
		problems = append(problems, region.check())
	}
	return errors.Join(problems...)
}

func (r Region) check() error {
	switch {
	case r.Code == "", !oneOf(r.PathMode, "suffix", "single"), !oneOf(r.Unwrap, "", "object", "array", "string", "nested"),
		!oneOf(r.NumberMode, "", "number", "string"), !oneOf(r.SuccessCode, "", "0", "1"):
		return fmt.Errorf("simulator: region %q has no code or an unknown mode", r.Code)
	case r.Family == familyGM:
		_, err := r.GM.codec()
		return err
	case oneOf(r.Auth, "tif", "rio") && r.PaasID != "" && r.Secret != "", r.Auth == "apikey" && r.APIKey != "":
		return nil
	}
	return fmt.Errorf("simulator: region %q lacks an auth scheme or its keys", r.Code)
}

func oneOf(s string, all ...string) bool { return slices.Contains(all, s) }

var errKey = errors.New("simulator: not an RSA key")

// keyBytes takes PEM or bare base64, as the platform's console gives it.
func keyBytes(text string) ([]byte, error) {
	text = strings.TrimSpace(text)
	if block, _ := pem.Decode([]byte(text)); block != nil {
		return block.Bytes, nil
	}
	return base64.StdEncoding.DecodeString(strings.Join(strings.Fields(text), ""))
}

func publicKey(text string) (*rsa.PublicKey, error) {
	der, err := keyBytes(text)
	if err != nil {
		return nil, errKey
	}
	if key, err := x509.ParsePKCS1PublicKey(der); err == nil {
		return key, nil
	}
	any, _ := x509.ParsePKIXPublicKey(der)
	if key, ok := any.(*rsa.PublicKey); ok {
		return key, nil
	}
	return nil, errKey
}

func privateKey(text string) (*rsa.PrivateKey, error) {
	der, err := keyBytes(text)
	if err != nil {
		return nil, errKey
	}
	if key, err := x509.ParsePKCS1PrivateKey(der); err == nil {
		return key, nil
	}
	any, _ := x509.ParsePKCS8PrivateKey(der)
	if key, ok := any.(*rsa.PrivateKey); ok {
		return key, nil
	}
	return nil, errKey
}
