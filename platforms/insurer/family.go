package insurer

import (
	"encoding/json"
	"errors"
	"strconv"
	"time"

	"yibao/balance"
	"yibao/config/setting"
	"yibao/platforms/insurer/gm"
	"yibao/platforms/internal/lenient"
)

// Family is how an upstream wraps its transactions.
type Family string

// The families of public material.
const (
	FamilyFSI Family = "fsi" // for hospitals: one JSON envelope, headers that sign it
	FamilyGM  Family = "gm"  // public services and mobile pay: data encrypted with SM4, the message signed with SM2
)

// StampFormat is how the envelope of FamilyGM writes its time.
type StampFormat string

// The formats seen in the field.
const (
	StampMillis  StampFormat = "millis"  // since 1970
	StampSeconds StampFormat = "seconds" // since 1970
	StampCompact StampFormat = "compact" // yyyyMMddHHmmss, Beijing time
)

// GM holds the settings of FamilyGM. No region of it was tried live: each value comes from the contract.
type GM struct {
	AppIDField  string         `koanf:"gm_app_id_field"` // appId, appCode or channelId
	AppID       string         `koanf:"gm_app_id"`
	AppSecret   setting.Secret `koanf:"gm_app_secret"`
	PrivateKey  setting.Secret `koanf:"gm_private_key"`         // ours, Base64 of 32 bytes
	PlatformKey string         `koanf:"gm_platform_public_key"` // theirs, Base64 of 65 bytes
	Version     string         `koanf:"gm_version"`             // "1.0.0", "2.0.1"
	Stamp       StampFormat    `koanf:"gm_timestamp"`
	Dialect     gm.Dialect     `koanf:",squash"`
}

func (g GM) codec() (*gm.Codec, error) {
	return gm.New(gm.Keys{AppID: g.AppID, Secret: g.AppSecret.Reveal(), Private: g.PrivateKey.Reveal(), Theirs: g.PlatformKey}, g.Dialect)
}

func (g GM) check(r setting.Report) {
	r.Need(g.AppIDField != "", "gm_app_id_field", "is missing", "appId in most contracts")
	r.Need(g.Version != "", "gm_version", "is missing", `"1.0.0" or "2.0.1"`)
	setting.OneOf(r, "gm_timestamp", g.Stamp, StampMillis, StampSeconds, StampCompact)
	setting.OneOf(r, "gm_user_id", g.Dialect.UserID, gm.UserIDDefault, gm.UserIDSecret)
	setting.OneOf(r, "gm_key_from", g.Dialect.KeyFrom, gm.KeyFromFirst, gm.KeyFromEven)
	_, err := g.codec()
	for _, one := range []struct {
		key string
		err error
	}{{"gm_app_id", gm.ErrAppID}, {"gm_app_secret", gm.ErrSecret}, {"gm_private_key", gm.ErrPrivate}, {"gm_platform_public_key", gm.ErrPublic}} {
		r.Need(!errors.Is(err, one.err), one.key, "cannot be used: "+one.err.Error(), fromBureau)
	}
}

// gmBody seals one request. The transaction number is transType.
func (r *region) gmBody(a ask, at time.Time) ([]byte, error) {
	plain, err := a.data()
	if err != nil {
		return nil, err
	}
	var data map[string]any // texts alone
	if err := json.Unmarshal(plain, &data); err != nil {
		return nil, err
	}
	stamp := at.In(balance.Shanghai).Format(compactTime)
	switch r.GM.Stamp {
	case StampMillis:
		stamp = strconv.FormatInt(at.UnixMilli(), 10)
	case StampSeconds:
		stamp = strconv.FormatInt(at.Unix(), 10)
	}
	return r.gm.Seal(map[string]string{r.GM.AppIDField: r.GM.AppID, "version": r.GM.Version, "timestamp": stamp, "transType": a.infno}, data)
}

// gmReply opens an answer and puts it into the envelope of FamilyFSI, so one reading serves both. An unsigned
// success is refused. An unsigned refusal is read as a refusal.
func (r *region) gmReply(status int, body []byte) ([]byte, *Error) {
	body = lenient.JSON(body)
	message, err := r.gm.Open(body)
	fits := map[string]any{"infcode": message.Text("code"), "err_msg": "", "output": json.RawMessage(message.Data),
		"respond_time": message.Text("timestamp"), "inf_refmsgid": message.Text("requestId")}
	said := message.Text("message")
	switch {
	case errors.Is(err, gm.ErrUnsigned) && message.Head != nil:
		if code := message.Text("code"); r.succeeds(code) || code == "" {
			return nil, &Error{Class: ClassAccess, Status: status, Code: safeCode(code), Unsigned: true}
		}
		fits["output"], fits["err_msg"] = nil, said
	case errors.Is(err, gm.ErrMalformed):
		if _, isObject := object(body); isObject {
			return nil, &Error{Class: ClassMalformed, Status: status, Unsigned: true} // it may call itself a success
		}
		return body, nil // HTML, words of a relay: the common reading tells them apart, and takes none for a success
	case err != nil:
		return nil, &Error{Class: ClassAccess, Status: status, Unsigned: true}
	case !r.succeeds(message.Text("code")):
		fits["err_msg"] = said
	}
	if len(message.Data) == 0 {
		fits["output"] = nil
	}
	translated, err := marshal(fits)
	if err != nil {
		return nil, &Error{Class: ClassMalformed, Status: status}
	}
	return translated, nil
}
