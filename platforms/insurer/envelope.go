package insurer

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"yibao/balance"
	"yibao/identity"
)

// The formats of the envelope's times, Beijing time.
const (
	compactTime = "20060102150405"
	plainTime   = "2006-01-02 15:04:05"
)

// envelope is the request, with the spelling of the wire: mdtrtarea_admvs, but insuplc_admdvs.
type envelope struct {
	InfNo          string `json:"infno"`
	MsgID          string `json:"msgid"`
	MdtrtareaAdmvs string `json:"mdtrtarea_admvs"`
	InsuplcAdmdvs  string `json:"insuplc_admdvs"`
	RecerSysCode   string `json:"recer_sys_code"`
	DevNo          string `json:"dev_no"`
	DevSafeInfo    string `json:"dev_safe_info"`
	CAInfo         string `json:"cainfo"`
	SignType       string `json:"signtype"`
	InfVer         string `json:"infver"`
	OpterType      string `json:"opter_type"`
	Opter          string `json:"opter"`
	OpterName      string `json:"opter_name"`
	InfTime        string `json:"inf_time"`
	FixmedinsCode  string `json:"fixmedins_code"`
	FixmedinsName  string `json:"fixmedins_name"`
	SignNo         string `json:"sign_no"`
	Input          input  `json:"input"`
}

type input struct {
	Data json.RawMessage `json:"data"`
}

// personQuestion is the input of 1101, and of a local transaction that asks by person number.
type personQuestion struct {
	PsnNo        string `json:"psn_no,omitempty"` // not part of 1101
	MdtrtCert    string `json:"mdtrt_cert_type"`
	MdtrtCertNo  string `json:"mdtrt_cert_no"`
	CardSN       string `json:"card_sn"`
	BeginTime    string `json:"begntime"`
	PersonIDType string `json:"psn_cert_type"`
	CertNo       string `json:"certno"`
	Name         string `json:"psn_name"`
}

// certByIDNumber is mdtrt_cert_type "by ID-card number".
const certByIDNumber = "02"

// question asks for a person by ID number with the whole identity triple.
func question(claim identity.Claim) personQuestion {
	return personQuestion{
		MdtrtCert: certByIDNumber, MdtrtCertNo: claim.IDNumber,
		PersonIDType: claim.IDType, CertNo: claim.IDNumber, Name: claim.Name,
	}
}

// fits checks the lengths of 1101's input, so that an upstream never sees a value it would cut.
func (q personQuestion) fits() bool {
	within := func(s string, n int) bool { return s != "" && utf8.ValidString(s) && utf8.RuneCountInString(s) <= n }
	return within(q.CertNo, 50) && within(q.Name, 50) && within(q.PersonIDType, 6) && (q.PsnNo == "" || within(q.PsnNo, 30))
}

type fieldLength struct {
	key, value string
	min, max   int
}

// envelopeLengths are the limits of the request envelope for what a profile fills in.
func (p Profile) envelopeLengths() []fieldLength {
	fields := []fieldLength{
		{"recer_sys_code", p.RecerSysCode, 1, 10},
		{"infver", p.InfVer, 1, 6},
		{"opter_type", p.OpterType, 1, 3},
		{"opter", p.Opter, 1, 30},
		{"opter_name", p.OpterName, 1, 50},
		{"fixmedins_name", p.FixmedinsName, 1, 200},
	}
	for name, value := range p.Extra {
		fields = append(fields, fieldLength{"extra", name, 1, 40}, fieldLength{"extra", value, 0, 200})
	}
	return fields
}

// The names of the fields that the envelope and the question fill by themselves.
var (
	standardFields = fieldsOf(envelope{Input: input{Data: json.RawMessage("{}")}})
	questionFields = fieldsOf(personQuestion{PsnNo: "x"})
)

func fieldsOf(object any) map[string]bool {
	var fields map[string]json.RawMessage
	body, err := json.Marshal(object)
	if err != nil || json.Unmarshal(body, &fields) != nil {
		panic("insurer: not an object")
	}
	names := map[string]bool{}
	for name := range fields {
		names[name] = true
	}
	return names
}

// data is the question's own part.
func (a ask) data() (json.RawMessage, error) {
	if a.fields != nil {
		return marshal(a.fields)
	}
	return marshalWith(a.question, a.local)
}

// body builds one request's bytes. Every try gets a message id of its own.
func (p Profile) body(a ask, at time.Time, s *sequence) ([]byte, error) {
	at = at.In(balance.Shanghai)
	data, err := a.data()
	if err != nil {
		return nil, err
	}
	request := envelope{
		InfNo: a.infno, MsgID: p.FixmedinsCode[:12] + at.Format(compactTime) + s.next(),
		MdtrtareaAdmvs: p.MdtrtareaAdmvs, InsuplcAdmdvs: a.insuredRegion,
		RecerSysCode: p.RecerSysCode, InfVer: p.InfVer,
		OpterType: p.OpterType, Opter: p.Opter, OpterName: p.OpterName,
		InfTime: at.Format(plainTime), FixmedinsCode: p.FixmedinsCode, FixmedinsName: p.FixmedinsName,
		Input: input{Data: data},
	}
	return marshalWith(request, p.Extra)
}

// marshalWith adds further fields to an object.
func marshalWith(object any, more map[string]string) ([]byte, error) {
	body, err := marshal(object)
	if err != nil || len(more) == 0 {
		return body, err
	}
	extra, err := marshal(more)
	if err != nil {
		return nil, err
	}
	return append(append(body[:len(body)-1], ','), extra[1:]...), nil // {a} and {b} → {a,b}
}

// marshal writes JSON as the upstreams' own clients do: < > & stay as they are.
func marshal(value any) ([]byte, error) {
	var buffer bytes.Buffer
	encoder := json.NewEncoder(&buffer)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return nil, err
	}
	return bytes.TrimRight(buffer.Bytes(), "\n"), nil
}

// sequence numbers a process' messages: the four digits at the end of a message id. It starts anywhere, so that two
// processes of one institution rarely meet within a second; and does not repeat within 10,000 messages.
type sequence struct{ last atomic.Uint32 }

func newSequence() *sequence {
	s := &sequence{}
	s.last.Store(rand.Uint32N(10000))
	return s
}

func (s *sequence) next() string { return fmt.Sprintf("%04d", s.last.Add(1)%10000) }
