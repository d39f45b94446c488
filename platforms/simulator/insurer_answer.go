package simulator

import (
	"cmp"
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	"yibao/balance"
)

// personOutput is the output of 1101.
func (a *insurerCall) personOutput(w *World, p *Person) map[string]any {
	base := map[string]any{
		"psn_no": psnNo(p), "psn_cert_type": p.CertType, "certno": p.IDNumber, "psn_name": cmp.Or(p.Registered, p.Name), "gend": p.gend(),
		"naty": p.nation, "brdy": p.born(), "age": age(p.born(), a.now), "exp_content": "",
	}
	local := map[string]string{}
	if a.region.PhoneOnFile && p.Phone != "" {
		local["local_phone"] = p.phoneOnFile
	}
	if a.region.QuotaLeft {
		local["opt_pool_balc"] = w.quotaLeft(a, p)
	}
	if len(local) > 0 {
		base["exp_content"] = string(marshal(local))
	}
	output := map[string]any{"baseinfo": base, "idetinfo": []any{}}
	rows := []map[string]any{}
	for _, e := range p.in(a.region.Code) {
		rows = append(rows, a.row(w, p, e))
	}
	if !a.fault.is("rows_missing") {
		output["insuinfo"] = rows
	}
	return output
}

// row is one enrolment. What balc holds where no account is known differs from person to person.
func (a *insurerCall) row(w *World, p *Person, e Enrolment) map[string]any {
	row := map[string]any{
		"insutype": e.Type, "psn_type": e.PersonType, "psn_insu_stas": e.Status, "psn_insu_date": e.Since,
		"paus_insu_date": e.paused, "cvlserv_flag": map[bool]string{true: "1", false: "0"}[e.PersonType == "1102"],
		"insuplc_admdvs": e.Region, "emp_name": e.Employer,
	}
	fen, set := w.holds(p, e, a.now)
	switch {
	case e.Account == "yes" || set:
		row["balc"] = a.money(fen)
	case e.balc == "null":
		row["balc"] = nil
	case e.balc == "empty":
		row["balc"] = ""
	case e.balc == "zero":
		row["balc"] = a.money(0)
	}
	a.spoilBalance(row, fen)
	return row
}

// money writes yuan as the region does.
func (a *insurerCall) money(fen balance.Fen) any {
	if a.region.NumberMode == "number" {
		return json.RawMessage(fen.String())
	}
	return fen.String()
}

// spoilBalance plays the faults of a single figure.
func (a *insurerCall) spoilBalance(row map[string]any, fen balance.Fen) {
	write := func(text string) {
		if a.region.NumberMode == "number" {
			row["balc"] = json.RawMessage(text)
		} else {
			row["balc"] = text
		}
	}
	switch a.fault.Name {
	case "balc_empty":
		row["balc"] = ""
	case "balc_null":
		row["balc"] = nil
	case "balc_missing":
		delete(row, "balc")
	case "balc_exponent":
		write(strconv.FormatInt(int64(fen), 10) + "e-2")
	case "balc_zeros":
		write(fen.String() + "00")
	case "balc_three_decimals":
		write(fen.String() + "5")
	case "balc_negative":
		write((-fen - 1).String())
	case "balc_text":
		row["balc"] = "暂无"
	}
}

func age(born string, now time.Time) float64 {
	day, err := time.ParseInLocation(time.DateOnly, born, balance.Shanghai)
	if err != nil {
		return 0
	}
	years := now.Sub(day).Hours() / 24 / 365.25
	return float64(int(years*10)) / 10
}

// faulty plays the faults that take the place of the answer.
func (a *insurerCall) faulty() (reply, bool) {
	switch a.fault.Name {
	case "business":
		return a.refuse(cmp.Or(a.fault.Detail, "FSI-系统错误，医保返回空[sysBO_500]")), true
	case "zero_with_err_msg":
		fields := a.head("0")
		fields["err_msg"] = cmp.Or(a.fault.Detail, "FSI-不能连接统一支付平台[payBO_156]")
		return jsonReply(http.StatusOK, fields), true
	case "code_999":
		return jsonReply(http.StatusOK, map[string]any{"code": "999", "msg": "中台处理失败"}), true
	case "code_504":
		return jsonReply(http.StatusOK, map[string]any{"code": "504", "msg": "请求超时"}), true
	case "http_429":
		return tooMany(http.StatusTooManyRequests), true
	case "code_429":
		return tooMany(http.StatusOK), true
	case "code_500159":
		return gatewayError(http.StatusOK, 500159, "请使用医保电子凭证二维码"), true
	}
	return reply{}, false
}

// tooMany is a gateway that asks for fewer questions.
func tooMany(status int) reply {
	answer := gatewayError(status, http.StatusTooManyRequests, "too many requests")
	answer.retryAfter = "60"
	return answer
}

// refuse is a business failure: infcode -1 and a text with the bureau's internal tag.
func (a *insurerCall) refuse(text string) reply {
	if a.gm != nil {
		return jsonReply(http.StatusOK, map[string]any{"code": "-1", "message": text, "success": false}) // nobody signs a refusal
	}
	fields := a.head("-1")
	fields["err_msg"] = text
	return jsonReply(http.StatusOK, fields)
}

// head is what every answer of the insurer carries.
func (a *insurerCall) head(infcode string) map[string]any {
	at := a.now.In(balance.Shanghai)
	stamp := at.Format("20060102150405.000")
	fields := map[string]any{
		"inf_refmsgid": a.region.Code + at.Format("20060102150405") + requestID()[9:17] + "00",
		"respond_time": stamp[:14] + stamp[15:], "refmsg_time": stamp[:14] + stamp[15:],
		"enctype": "", "signtype": "", "err_msg": "", "warn_msg": "",
	}
	if !a.fault.is("infcode_missing") {
		fields["infcode"] = a.code(infcode)
	}
	return fields
}

// code writes infcode as a number or as a string.
func (a *insurerCall) code(infcode string) any {
	number := a.region.InfcodeNumber || a.fault.is("infcode_number")
	if number && !a.fault.oneOf("infcode_string", "success_1") {
		return json.RawMessage(infcode)
	}
	return infcode
}

// succeed wraps the output as the region, or the fault, has it.
func (a *insurerCall) succeed(output map[string]any) reply {
	code := cmp.Or(a.region.SuccessCode, "0")
	if a.gm != nil {
		return a.seal(code, output)
	}
	switch {
	case a.fault.is("success_1"):
		code = "1"
	case a.fault.oneOf("infcode_number", "infcode_string"):
		code = "0"
	}
	fields := a.head(code)
	mode := a.region.Unwrap
	if oneOf(a.fault.Name, "output_array", "output_string", "output_nested", "output_missing") {
		mode = a.fault.Name[len("output_"):]
	}
	switch mode {
	case "array":
		fields["output"] = []any{output}
	case "string":
		fields["output"] = string(marshal(output))
	case "nested":
		fields["data"] = map[string]any{"output": map[string]any{"body": output}}
	case "missing":
	default:
		fields["output"] = output
	}
	return jsonReply(http.StatusOK, fields)
}

// succeedList answers with an output that is a list by itself, as transaction 90100's. Where everything is an object, the
// list stands under "list".
func (a *insurerCall) succeedList(rows []map[string]any) reply {
	if a.gm != nil || a.region.Unwrap == "array" {
		return a.succeed(map[string]any{"list": rows})
	}
	fields := a.head(cmp.Or(a.region.SuccessCode, "0"))
	switch a.region.Unwrap {
	case "string":
		fields["output"] = string(marshal(rows))
	case "nested":
		fields["data"] = map[string]any{"output": rows}
	default:
		fields["output"] = rows
	}
	return jsonReply(http.StatusOK, fields)
}
