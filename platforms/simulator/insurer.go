package simulator

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"yibao/platforms/insurer/gm"
)

// The transactions that the insurers serve. L101 and L102 are a region's own inventions, marked local: no national
// transaction returns a phone, or compares the password of a card.
const (
	infnoPerson = "1101"
	infnoPhone  = "L101"
	infnoCard   = "L102"
)

// The err_msg of the two business errors, with the internal tag that real ones carry.
const (
	DefaultNotFoundText = "FSI-未查询到参保人信息[psnBO_101]"
	DefaultMismatchText = "FSI-人员姓名与证件号码不匹配[psnBO_102]"
	wrongPasswordText   = "FSI-卡号或密码错误[cardBO_103]"
)

// insurerTarget names the region, so that each can misbehave alone.
func insurerTarget(r *http.Request, _ []byte) string {
	return targetInsurer + "." + r.PathValue("region")
}

// envelope is a request of the provider-side family. Unknown fields are refused.
type envelope struct {
	Infno         string `json:"infno"`
	MsgID         string `json:"msgid"`
	MdtrtArea     string `json:"mdtrtarea_admvs"`
	InsuPlace     string `json:"insuplc_admdvs"`
	Receiver      string `json:"recer_sys_code"`
	ReceiverArea  string `json:"recer_admvs"`
	ReceiverArea2 string `json:"recer_admdvs"`
	DevNo         string `json:"dev_no"`
	DevSafeInfo   string `json:"dev_safe_info"`
	CAInfo        string `json:"cainfo"`
	SignType      string `json:"signtype"`
	Version       string `json:"infver"`
	OperatorType  string `json:"opter_type"`
	Operator      string `json:"opter"`
	OperatorName  string `json:"opter_name"`
	Time          string `json:"inf_time"`
	FixmedinsCode string `json:"fixmedins_code"`
	FixmedinsName string `json:"fixmedins_name"`
	SignNo        string `json:"sign_no"`
	Input         struct {
		Data json.RawMessage `json:"data"`
	} `json:"input"`
}

// personInput is data of 1101; psn_no, card_no and query_pwd belong to the local transactions only.
type personInput struct {
	CertType    string `json:"mdtrt_cert_type"`
	CertNo      string `json:"mdtrt_cert_no"`
	CardSN      string `json:"card_sn"`
	BeginTime   string `json:"begntime"`
	PersonCert  string `json:"psn_cert_type"`
	PersonNo    string `json:"certno"`
	PersonName  string `json:"psn_name"`
	PersonIndex string `json:"psn_no"`
	CardNumber  string `json:"card_no"`
	Password    string `json:"query_pwd"`
}

// insurer is POST /insurer/{region}[/{infno}].
func (s *server) insurer(c *call) reply {
	region, known := s.regions[c.request.PathValue("region")]
	if !known {
		return gatewayError(http.StatusNotFound, 500404, "no such service")
	}
	if c.request.Method != http.MethodPost || c.request.URL.RawQuery != "" {
		return gatewayError(http.StatusMethodNotAllowed, 500405, "method not allowed")
	}
	if region.Family == familyGM {
		return s.gmInsurer(c, region)
	}
	if bad := s.authorised(c, region); bad != "" {
		return gatewayError(http.StatusUnauthorized, 500401, bad)
	}
	var e envelope
	if !isMedia(c.request, "application/json") && !isMedia(c.request, "text/plain") || strict(c.body, &e) != nil {
		return gatewayError(http.StatusBadRequest, 500400, "malformed request")
	}
	a := &insurerCall{call: c, region: region, envelope: e, infno: e.Infno}
	if !a.read(e.Input.Data) {
		return gatewayError(http.StatusBadRequest, 500400, "malformed request")
	}
	if bad := a.checkEnvelope(s.world); bad != "" {
		return a.refuse("FSI-报文参数不合法：" + bad + "[envBO_001]")
	}
	if answer, there := a.faulty(); there {
		return answer
	}
	return s.transaction(a)
}

// gatewayError is the shape of the gateway before the insurer.
func gatewayError(status, code int, message string) reply {
	return jsonReply(status, map[string]any{"code": code, "success": false, "message": message})
}

// tifSkew and tifNonces are the window of the sibling gateway; inf_time is measured by the same.
const (
	tifSkew   = 180 * time.Second
	tifNonces = 10 * time.Minute
)

func (s *server) authorised(c *call, region Region) string {
	header := c.request.Header
	if region.Auth == "apikey" {
		if header.Get("apikey") != region.APIKey {
			return "invalid apikey"
		}
		return ""
	}
	scheme, written := "x-tif-", strings.ToLower
	if region.Auth == "rio" {
		scheme, written = "x-rio-", strings.ToUpper
	}
	stamp, nonce := header.Get(scheme+"timestamp"), header.Get(scheme+"nonce")
	sum := sha256.Sum256([]byte(stamp + region.Secret + nonce + stamp))
	seconds, err := strconv.ParseInt(stamp, 10, 64)
	switch {
	case header.Get(scheme+"paasid") != region.PaasID:
		return "unknown paasid"
	case header.Get(scheme+"signature") != written(hex.EncodeToString(sum[:])):
		return "invalid signature"
	case err != nil || time.Since(time.Unix(seconds, 0)).Abs() > tifSkew:
		return "timestamp out of window"
	case len(nonce) < 6 || len(nonce) > 64:
		return "invalid nonce"
	case !s.world.once("tif|"+region.Code+"|"+nonce, tifNonces):
		return "nonce repeated"
	}
	return ""
}

// insurerCall is a request that came from who it says.
type insurerCall struct {
	*call
	region   Region
	envelope envelope  // of the FSI family
	gm       *gm.Codec // of the other one
	infno    string
	person   personInput       // of the transactions about a person
	asked    map[string]string // of those that tell rows
}

// read reads the question's data strictly.
func (a *insurerCall) read(data json.RawMessage) bool {
	if _, list := listKinds[a.infno]; list {
		return strict(data, &a.asked) == nil
	}
	return strict(data, &a.person) == nil
}

var (
	sixDigits = regexp.MustCompile(`^\d{6}$`)
	msgTail   = regexp.MustCompile(`^\d{14}[0-9A-Za-z]{4}$`)
)

// checkEnvelope returns the first field that breaks the envelope's rules.
func (a *insurerCall) checkEnvelope(w *World) string {
	e, data := a.envelope, a.person
	for _, field := range []struct {
		name, value string
		least, most int
	}{
		{"infno", e.Infno, 4, 6}, {"msgid", e.MsgID, 30, 30}, {"mdtrtarea_admvs", e.MdtrtArea, 6, 6},
		{"insuplc_admdvs", e.InsuPlace, 0, 6}, {"recer_sys_code", e.Receiver, 1, 10}, {"dev_no", e.DevNo, 0, 100},
		{"recer_admvs", e.ReceiverArea, 0, 6}, {"recer_admdvs", e.ReceiverArea2, 0, 6},
		{"dev_safe_info", e.DevSafeInfo, 0, 2000}, {"cainfo", e.CAInfo, 0, 1024}, {"signtype", e.SignType, 0, 10},
		{"infver", e.Version, 1, 6}, {"opter_type", e.OperatorType, 1, 3}, {"opter", e.Operator, 1, 30},
		{"opter_name", e.OperatorName, 1, 50}, {"inf_time", e.Time, 19, 19}, {"fixmedins_code", e.FixmedinsCode, 12, 30},
		{"fixmedins_name", e.FixmedinsName, 1, 200}, {"sign_no", e.SignNo, 0, 30},
	} {
		if n := utf8.RuneCountInString(field.value); n < field.least || n > field.most {
			return field.name
		}
	}
	if a.asked != nil {
		return a.checkForms(w)
	}
	for _, field := range []struct {
		name, value string
		least, most int
	}{
		{"mdtrt_cert_type", data.CertType, 1, 3}, {"mdtrt_cert_no", data.CertNo, 1, 50},
		{"card_sn", data.CardSN, 0, 32}, {"psn_cert_type", data.PersonCert, 1, 6},
		{"certno", data.PersonNo, 1, 50}, {"psn_name", data.PersonName, 1, 50},
		{"psn_no", data.PersonIndex, 0, 30}, {"card_no", data.CardNumber, 0, 32},
		{"query_pwd", data.Password, 0, 64},
	} {
		if n := utf8.RuneCountInString(field.value); n < field.least || n > field.most {
			return field.name
		}
	}
	return a.checkForms(w)
}

// checkForms checks what is more than a length.
func (a *insurerCall) checkForms(w *World) string {
	e, data := a.envelope, a.person
	psn := data.PersonIndex + a.asked["psn_no"]
	at, timeErr := time.ParseInLocation("2006-01-02 15:04:05", e.Time, beijing)
	infno := a.request.PathValue("infno")
	switch {
	case a.region.PathMode == "suffix" && infno != e.Infno, a.region.PathMode == "single" && infno != "":
		return "infno"
	case !strings.HasPrefix(e.MsgID, e.FixmedinsCode[:12]) || !msgTail.MatchString(e.MsgID[12:]):
		return "msgid"
	case !sixDigits.MatchString(e.MdtrtArea):
		return "mdtrtarea_admvs"
	case e.InsuPlace != "" && !sixDigits.MatchString(e.InsuPlace), e.InsuPlace == "" && psn != "":
		return "insuplc_admdvs"
	case !oneOf(e.OperatorType, "1", "2", "3"):
		return "opter_type"
	case timeErr != nil, e.MsgID[12:26] != at.Format("20060102150405"), time.Since(at).Abs() > tifSkew:
		return "inf_time"
	case a.asked != nil && psn == "":
		return "psn_no"
	case a.asked == nil && (data.CertType != "02" || data.CertNo != data.PersonNo):
		return "mdtrt_cert_no"
	case e.Infno == infnoPerson && data.PersonIndex != "":
		return "psn_no"
	case (e.Infno == infnoCard) != (data.CardNumber != ""), (e.Infno == infnoCard) != (data.Password != ""):
		return "card_no"
	case !w.once("msgid|"+a.region.Code+"|"+e.MsgID, tifNonces):
		return "msgid"
	}
	return ""
}

// transaction finds the person and tells what was asked. Someone without a row in the region is not known there.
func (s *server) transaction(a *insurerCall) reply {
	if a.asked != nil {
		return s.listed(a)
	}
	data := a.person
	served := map[string]bool{infnoPerson: true, infnoPhone: a.region.PhoneOnFile, infnoCard: true}
	if !served[a.infno] {
		return a.refuse("FSI-不支持的交易[svcBO_404]")
	}
	person := s.world.byID[data.PersonNo]
	switch {
	case person == nil || len(person.in(a.region.Code)) == 0:
		return a.refuse(cmp.Or(a.region.NotFoundText, DefaultNotFoundText))
	case !person.isCalled(data.PersonName) || person.CertType != data.PersonCert:
		return a.refuse(cmp.Or(a.region.MismatchText, DefaultMismatchText))
	case a.infno == infnoPhone:
		if data.PersonIndex != "" && data.PersonIndex != psnNo(person) {
			return a.refuse(cmp.Or(a.region.MismatchText, DefaultMismatchText))
		}
		return a.succeed(map[string]any{"phoneinfo": map[string]any{"mobile": person.phoneOnFile}})
	case a.infno == infnoCard:
		if data.CardNumber != person.CardNumber || data.Password != person.CardPassword {
			return a.refuse(wrongPasswordText)
		}
		return a.succeed(map[string]any{"cardinfo": map[string]any{"result": "1"}})
	}
	if a.fault.is("other_person") {
		person = s.world.somebodyElse(person, a.region.Code)
	}
	return a.succeed(a.personOutput(s.world, person))
}

// somebodyElse is another person of the region.
func (w *World) somebodyElse(than *Person, region string) *Person {
	for i := range w.people {
		if p := &w.people[i]; p != than && len(p.in(region)) > 0 {
			return p
		}
	}
	return than
}

// psnNo is the upstream's own number of a person.
func psnNo(p *Person) string {
	sum := sha256.Sum256([]byte("psn-no\n" + p.IDNumber))
	return "99" + strings.ToUpper(hex.EncodeToString(sum[:9]))
}
