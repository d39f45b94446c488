package simulator

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"yibao/balance"
	"yibao/platforms/simulator/books"
)

func TestInsurerChecksWhoAsks(t *testing.T) {
	t.Parallel()
	r := newRig(t, "")
	p := r.person(RegionA, "employee")
	post := func(region, path string, header map[string]string, sign func() (string, time.Time)) (int, map[string]any) {
		request := r.request("POST", "/insurer/"+path, "application/json", string(marshal(insurerBody(infnoPerson, p))))
		if sign != nil {
			nonce, at := sign()
			tifHeaders(request, nonce, at)
		}
		for name, value := range header {
			request.Header.Set(name, value)
		}
		status, body, err := r.do(request)
		if err != nil {
			t.Fatal(err)
		}
		return status, object(t, body)
	}
	now := func(nonce string) func() (string, time.Time) {
		return func() (string, time.Time) { return nonce, time.Now() }
	}
	tests := map[string]struct {
		path   string
		header map[string]string
		sign   func() (string, time.Time)
		want   string
	}{
		"no headers":     {RegionA + "/1101", nil, nil, "unknown paasid"},
		"paasid":         {RegionA + "/1101", map[string]string{"x-tif-paasid": "x"}, now("nonce-1"), "unknown paasid"},
		"signature":      {RegionA + "/1101", map[string]string{"x-tif-signature": strings.Repeat("0", 64)}, now("nonce-2"), "invalid signature"},
		"upper case":     {RegionA + "/1101", map[string]string{"x-tif-nonce": "NONCE-3"}, now("nonce-3"), "invalid signature"},
		"too old":        {RegionA + "/1101", nil, func() (string, time.Time) { return "nonce-4", time.Now().Add(-200 * time.Second) }, "timestamp out of window"},
		"too early":      {RegionA + "/1101", nil, func() (string, time.Time) { return "nonce-5", time.Now().Add(200 * time.Second) }, "timestamp out of window"},
		"short nonce":    {RegionA + "/1101", nil, now("n"), "invalid nonce"},
		"wrong api key":  {RegionB, map[string]string{"apikey": "x"}, nil, "invalid apikey"},
		"no api key":     {RegionB, nil, nil, "invalid apikey"},
		"unknown region": {"990300", nil, nil, "no such service"},
	}
	for name, test := range tests {
		status, answer := post(RegionA, test.path, test.header, test.sign)
		if status < 400 || answer["message"] != test.want || answer["success"] != false {
			t.Errorf("%s: %d %v", name, status, answer)
		}
	}
	if _, answer := post(RegionA, RegionA+"/1101", nil, now("nonce-again")); answer["infcode"] != 0.0 {
		t.Errorf("first: %v", answer)
	}
	if _, answer := post(RegionA, RegionA+"/1101", nil, now("nonce-again")); answer["message"] != "nonce repeated" {
		t.Errorf("replayed: %v", answer)
	}
	if status, _, _ := r.do(r.request("GET", "/insurer/"+RegionA+"/1101", "", "")); status != 405 {
		t.Errorf("GET: %d", status)
	}
}

func TestTIFVector(t *testing.T) {
	t.Parallel()
	// A vector computed apart pins the concatenation that authorised recomputes.
	world, err := OpenWorld(WorldOptions{})
	if err != nil {
		t.Fatal(err)
	}
	s := newServer(world, Options{})
	request := (&rig{t: t}).request("POST", "/", "", "")
	request.Header.Set("x-tif-paasid", "p")
	request.Header.Set("x-tif-timestamp", "1700000000")
	request.Header.Set("x-tif-nonce", "a1b2c3d4")
	request.Header.Set("x-tif-signature", "5d59de2adc62eda66f509054d4350644f24b5ed33a559d09b3647455dacdacfa")
	region := Region{Auth: "tif", PaasID: "p", Secret: "test-pass-token"}
	if bad := s.authorised(&call{request: request}, region); bad != "timestamp out of window" {
		t.Errorf("the signature should be right and the time old: %q", bad)
	}
}

func TestInsurerChecksTheEnvelope(t *testing.T) {
	t.Parallel()
	r := newRig(t, "")
	p := r.person(RegionA, "employee")
	set := func(name string, value any) func(map[string]any) { return func(m map[string]any) { m[name] = value } }
	data := func(name string, value any) func(map[string]any) {
		return func(m map[string]any) { m["input"].(map[string]any)["data"].(map[string]any)[name] = value }
	}
	// moved sets inf_time and the digits of msgid each that far from now.
	moved := func(infTime, msgID time.Duration) func(map[string]any) {
		return func(m map[string]any) {
			now := time.Now().In(beijing)
			m["inf_time"] = now.Add(infTime).Format("2006-01-02 15:04:05")
			m["msgid"] = fixmedins + now.Add(msgID).Format("20060102150405") + m["msgid"].(string)[26:]
		}
	}
	tests := map[string]struct {
		change func(map[string]any)
		want   string
	}{
		"msgid short":    {set("msgid", fixmedins+"1"), "msgid"},
		"msgid foreign":  {set("msgid", "H88010000001"+"20261121120000"+"0001"), "msgid"},
		"msgid no time":  {set("msgid", fixmedins+"2026112112xxxx0001"), "msgid"},
		"area":           {set("mdtrtarea_admvs", "99010x"), "mdtrtarea_admvs"},
		"area missing":   {set("mdtrtarea_admvs", ""), "mdtrtarea_admvs"},
		"place":          {set("insuplc_admdvs", "99010x"), "insuplc_admdvs"},
		"receiver":       {set("recer_sys_code", ""), "recer_sys_code"},
		"version":        {set("infver", ""), "infver"},
		"version long":   {set("infver", "V1.0.00"), "infver"},
		"operator type":  {set("opter_type", "9"), "opter_type"},
		"operator":       {set("opter", ""), "opter"},
		"operator name":  {set("opter_name", strings.Repeat("名", 51)), "opter_name"},
		"time":           {set("inf_time", "2026/11/21 12:00:00"), "inf_time"},
		"time and msgid": {moved(time.Second, 0), "inf_time"},
		"time too early": {moved(-200*time.Second, -200*time.Second), "inf_time"},
		"time too late":  {moved(200*time.Second, 200*time.Second), "inf_time"},
		"time in UTC":    {moved(-8*time.Hour, -8*time.Hour), "inf_time"},
		"institution":    {set("fixmedins_code", "H1"), "fixmedins_code"},
		"name":           {set("fixmedins_name", ""), "fixmedins_name"},
		"no cert type":   {data("mdtrt_cert_type", ""), "mdtrt_cert_type"},
		"cert type 01":   {data("mdtrt_cert_type", "01"), "mdtrt_cert_no"},
		"cert no":        {data("mdtrt_cert_no", "x"), "mdtrt_cert_no"},
		"person cert":    {data("psn_cert_type", ""), "psn_cert_type"},
		"person name":    {data("psn_name", ""), "psn_name"},
		"psn_no":         {data("psn_no", "99"), "insuplc_admdvs"},
		"psn_no of 1101": {func(m map[string]any) { data("psn_no", "99")(m); set("insuplc_admdvs", "990100")(m) }, "psn_no"},
	}
	for name, test := range tests {
		body := insurerBody(infnoPerson, p)
		test.change(body)
		answer := r.ask(RegionA, body)
		if text, _ := answer["err_msg"].(string); answer["infcode"] != -1.0 || !strings.Contains(text, "："+test.want+"[") {
			t.Errorf("%s: %v", name, answer)
		}
	}
	again := insurerBody(infnoPerson, p)
	if answer := r.ask(RegionA, again); answer["infcode"] != 0.0 {
		t.Errorf("first: %v", answer)
	}
	if answer := r.ask(RegionA, again); answer["infcode"] != -1.0 {
		t.Errorf("msgid repeated: %v", answer)
	}
	for name, field := range map[string]any{"unknown": "x"} {
		body := insurerBody(infnoPerson, p)
		body[name] = field
		if answer := r.ask(RegionA, body); answer["message"] != "malformed request" {
			t.Errorf("%s: %v", name, answer)
		}
	}
}

func TestInsurerPathModes(t *testing.T) {
	t.Parallel()
	r := newRig(t, "")
	a, b := r.person(RegionA, "employee"), r.person(RegionB, "employee")
	request := r.request("POST", "/insurer/"+RegionA, "application/json", string(marshal(insurerBody(infnoPerson, a))))
	tifHeaders(request, "nonce-path", time.Now())
	if _, body, _ := r.do(request); !strings.Contains(string(body), "infno") {
		t.Errorf("no transaction in the path: %s", body)
	}
	request = r.request("POST", "/insurer/"+RegionB+"/1101", "application/json", string(marshal(insurerBody(infnoPerson, b))))
	request.Header.Set("apikey", "test-api-key")
	if _, body, _ := r.do(request); !strings.Contains(string(body), "infno") {
		t.Errorf("transaction in the path of a single-path region: %s", body)
	}
}

func TestInsurerRefusesStrangers(t *testing.T) {
	t.Parallel()
	r := newRig(t, "")
	a, b := r.person(RegionA, "employee"), r.person(RegionB, "employee")
	misnamed, mistyped, unknown := a, a, a
	misnamed.Name, mistyped.CertType, unknown.IDNumber = "测试别人", "17", withCheck("99019920000101101")
	tests := map[string]struct {
		region string
		body   map[string]any
		want   string
	}{
		"unknown":           {RegionA, insurerBody(infnoPerson, unknown), DefaultNotFoundText},
		"other region":      {RegionA, insurerBody(infnoPerson, b), DefaultNotFoundText},
		"other name":        {RegionA, insurerBody(infnoPerson, misnamed), DefaultMismatchText},
		"other kind of id":  {RegionA, insurerBody(infnoPerson, mistyped), DefaultMismatchText},
		"other transaction": {RegionA, insurerBody("1901", a), "FSI-不支持的交易[svcBO_404]"},
		"L101 in the wrong": {RegionB, insurerBody(infnoPhone, b), "FSI-不支持的交易[svcBO_404]"},
		"L101 misnamed":     {RegionA, insurerBody(infnoPhone, misnamed), DefaultMismatchText},
	}
	for name, test := range tests {
		answer := r.ask(test.region, test.body)
		if fmt.Sprint(answer["infcode"]) != "-1" || answer["err_msg"] != test.want || answer["output"] != nil {
			t.Errorf("%s: %v", name, answer)
		}
	}
	local := insurerBody(infnoPhone, a)
	local["insuplc_admdvs"] = RegionA
	local["input"].(map[string]any)["data"].(map[string]any)["psn_no"] = psnNo(&a)
	if answer := r.ask(RegionA, local); answer["infcode"] != 0.0 {
		t.Errorf("L101 by person number: %v", answer)
	}
	fresh := insurerBody(infnoPhone, a)
	local["msgid"], local["inf_time"] = fresh["msgid"], fresh["inf_time"] // of one moment
	local["input"].(map[string]any)["data"].(map[string]any)["psn_no"] = "99X"
	if answer := r.ask(RegionA, local); answer["err_msg"] != DefaultMismatchText {
		t.Errorf("L101 by a stranger's number: %v", answer)
	}
}

// firstRow digs the first insuinfo row out of an answer, however it is wrapped.
func firstRow(t *testing.T, answer map[string]any) map[string]any {
	t.Helper()
	output, _ := answer["output"].(map[string]any)
	rows, _ := output["insuinfo"].([]any)
	if len(rows) == 0 {
		t.Fatalf("no row: %v", answer)
	}
	return rows[0].(map[string]any)
}

func TestInsurerFaults(t *testing.T) {
	t.Parallel()
	r := newRig(t, "")
	p := r.person(RegionA, "employee")
	r.control("POST", "balance", fmt.Sprintf(`{"id_number":%q,"region":"990100","yuan":"120.50"}`, p.IDNumber))
	balc := func(want any) func(map[string]any) bool {
		return func(a map[string]any) bool { return firstRow(t, a)["balc"] == want }
	}
	tests := map[string]func(map[string]any) bool{
		"infcode_number":    func(a map[string]any) bool { return a["infcode"] == 0.0 },
		"infcode_string":    func(a map[string]any) bool { return a["infcode"] == "0" },
		"infcode_missing":   func(a map[string]any) bool { _, there := a["infcode"]; return !there && a["output"] != nil },
		"success_1":         func(a map[string]any) bool { return a["infcode"] == "1" && a["output"] != nil },
		"business":          func(a map[string]any) bool { return a["infcode"] == -1.0 && a["err_msg"] != "" && a["output"] == nil },
		"zero_with_err_msg": func(a map[string]any) bool { return a["infcode"] == 0.0 && a["err_msg"] != "" },
		"code_999":          func(a map[string]any) bool { return a["code"] == "999" && a["msg"] != "" && a["infcode"] == nil },
		"code_504":          func(a map[string]any) bool { return a["code"] == "504" && a["msg"] != "" && a["infcode"] == nil },
		"code_500159":       func(a map[string]any) bool { return a["code"] == 500159.0 && a["success"] == false },
		"http_429":          func(a map[string]any) bool { return a["code"] == 429.0 },
		"code_429":          func(a map[string]any) bool { return a["code"] == 429.0 && a["success"] == false },
		"output_array":      func(a map[string]any) bool { _, ok := a["output"].([]any); return ok },
		"output_string": func(a map[string]any) bool {
			s, ok := a["output"].(string)
			return ok && object(t, []byte(s))["baseinfo"] != nil
		},
		"output_nested":       func(a map[string]any) bool { return a["output"] == nil && a["data"] != nil },
		"output_missing":      func(a map[string]any) bool { return a["output"] == nil && a["infcode"] == 0.0 },
		"rows_missing":        func(a map[string]any) bool { return a["output"].(map[string]any)["insuinfo"] == nil },
		"balc_empty":          balc(""),
		"balc_null":           func(a map[string]any) bool { v, there := firstRow(t, a)["balc"]; return there && v == nil },
		"balc_missing":        func(a map[string]any) bool { _, there := firstRow(t, a)["balc"]; return !there },
		"balc_exponent":       balc(120.5),
		"balc_zeros":          balc(120.5),
		"balc_three_decimals": balc(120.505),
		"balc_negative":       balc(-120.51),
		"balc_text":           balc("暂无"),
		"other_person": func(a map[string]any) bool {
			return a["output"].(map[string]any)["baseinfo"].(map[string]any)["certno"] != p.IDNumber
		},
	}
	for name := range insurerShapes {
		if strings.HasPrefix(name, "list_") || strings.HasPrefix(name, "gm_") {
			continue // of other questions: TestRecordsFaults
		}
		r.fault(targetInsurer+"."+RegionA, name)
		answer := r.ask(RegionA, insurerBody(infnoPerson, p))
		if check := tests[name]; check == nil || !check(answer) {
			t.Errorf("%s: %v", name, answer)
		}
	}
	r.fault(targetInsurer+"."+RegionB, "business")
	if answer := r.ask(RegionA, insurerBody(infnoPerson, p)); firstRow(t, answer)["balc"] != 120.5 {
		t.Errorf("another region's fault: %v", answer)
	}
}

func TestRowsOfThoseWithoutKnownAccount(t *testing.T) {
	t.Parallel()
	r := newRig(t, "")
	for note, want := range map[string]any{"balc null": nil, "balc missing": "missing", "balc 0": 0.0, "no personal account": 0.0} {
		row := firstRow(t, r.ask(RegionA, insurerBody(infnoPerson, r.person(RegionA, note))))
		got, there := row["balc"]
		if !there {
			got = "missing"
		}
		if got != want {
			t.Errorf("%s: %v", note, row)
		}
	}
	zero := r.person(RegionA, "exactly 0")
	if row := firstRow(t, r.ask(RegionA, insurerBody(infnoPerson, zero))); row["balc"] != 0.0 || row["psn_type"] != "1101" {
		t.Errorf("zero: %v", row)
	}
	paused := r.person(RegionA, "paused employee")
	if row := firstRow(t, r.ask(RegionA, insurerBody(infnoPerson, paused))); row["psn_insu_stas"] != "2" || row["paus_insu_date"] == "" {
		t.Errorf("paused: %v", row)
	}
}

func TestMovedClockSeesThePast(t *testing.T) {
	t.Parallel()
	world, err := OpenWorld(WorldOptions{})
	if err != nil {
		t.Fatal(err)
	}
	person := &world.people[0]
	now := time.Date(2026, 11, 21, 0, 0, 0, 0, balance.Shanghai)
	if err = world.order(person.IDNumber, RegionA, "310", books.Event{At: now, Do: books.Set, Fen: 4200}); err != nil {
		t.Fatal(err)
	}
	if fen, set := world.holds(person, person.Enrolments[0], now.Add(time.Hour)); fen != 4200 || !set {
		t.Errorf("after it was set: %v %v", fen, set)
	}
	if fen, set := world.holds(person, person.Enrolments[0], now.Add(-time.Second)); set || fen == 4200 {
		t.Errorf("before it was set: %v %v", fen, set)
	}
}
