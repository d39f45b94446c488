package simulator

import (
	"maps"
	"strings"
)

// The targets that faults are set for, beside those of the platforms. "insurer" alone means all insurers; an insurer's own
// target is "insurer." and the region.
const (
	targetInsurer = "insurer"
	targetSMS     = "sms.send"
)

// everywhere are the faults of the way between; they fit every target.
var everywhere = map[string]string{
	"http_500":   "HTTP 500 with a short text; nothing was accepted",
	"http_503":   "HTTP 503 with an empty body; nothing was accepted",
	"http_504":   "HTTP 504 with an HTML page of a relay; nothing was accepted",
	"html_502":   "HTTP 502 with an HTML page; nothing was accepted",
	"html":       "HTTP 200 with an HTML page; nothing was accepted",
	"empty":      "HTTP 200 with an empty body; nothing was accepted",
	"huge":       "HTTP 200 with 32 MB of JSON; nothing was accepted",
	"hang":       "never answers; nothing was accepted",
	"hang_after": "accepts, then never answers",
	"cut_before": "closes the connection without an answer; nothing was accepted",
	"cut_after":  "accepts, then closes the connection without an answer",
	"cut_body":   "accepts, then closes the connection in the middle of the answer",
	"html_after": "accepts, then answers HTTP 502 with an HTML page",
	"slow":       "accepts and answers properly after ms milliseconds (3000)",
}

var insurerShapes = map[string]string{
	"infcode_number":      "infcode 0 as a number",
	"infcode_string":      `infcode "0" as a string`,
	"infcode_missing":     "no infcode in an otherwise proper answer",
	"success_1":           `infcode "1" on success`,
	"business":            "infcode -1 with the err_msg in detail",
	"zero_with_err_msg":   `infcode "0" with an err_msg that means failure`,
	"code_999":            `{"code":"999","msg":…} of the middle platform`,
	"code_500159":         `{"code":500159,"success":false,"message":…} of the gateway`,
	"code_504":            `{"code":"504","msg":…} of a relay that timed out`,
	"http_429":            "HTTP 429 with Retry-After: 60",
	"code_429":            `{"code":429,"success":false,"message":…} of the gateway, with Retry-After: 60`,
	"output_array":        "output is an array that holds the object",
	"output_string":       "output is a string that holds JSON",
	"output_nested":       "output sits under data.output.body",
	"output_missing":      "no output",
	"rows_missing":        "output without insuinfo",
	"balc_empty":          `every balc is ""`,
	"balc_null":           "every balc is null",
	"balc_missing":        "no balc",
	"balc_exponent":       "balc with an exponent, worth the same",
	"balc_zeros":          "balc with four decimals, the last two zeros",
	"balc_three_decimals": "balc with three decimals that count",
	"balc_negative":       "balc below zero",
	"balc_text":           "balc is not a number",
	"list_missing":        "an answer about rows without its list",
	"list_spoilt":         "a row more that cannot be read",
	"gm_unsigned":         "the SM2 family: a success in clear that nobody signed",
	"gm_wrong_key":        "the SM2 family: signed with another key",
	"other_person":        "the rows and the name of somebody else",
}

var smsShapes = map[string]string{
	"RATE_LIMITED": "refused: too many messages", "PHONE_INVALID": "refused: phone", "TEMPLATE_INVALID": "refused: template",
	"PARAMS_INVALID": "refused: parameters", "APP_KEY_UNKNOWN": "refused: key", "SIGNATURE_INVALID": "refused: signature",
	"TIMESTAMP_INVALID": "refused: clock", "no_message_id": "accepted, but the answer lacks message_id",
}

// catalogue lists, for each target, every fault with a line of what it does.
func catalogue() map[string]map[string]string {
	all := map[string]map[string]string{
		targetInsurer: union(everywhere, insurerShapes),
		targetSMS:     union(everywhere, smsShapes),
	}
	for _, p := range platforms {
		for target, faults := range p.faults {
			all[target] = union(everywhere, faults)
		}
	}
	return all
}

var known = catalogue()

func knownFault(target, name string) bool {
	if strings.HasPrefix(target, targetInsurer+".") {
		target = targetInsurer
	}
	return known[target][name] != ""
}

func union(all ...map[string]string) map[string]string {
	sum := map[string]string{}
	for _, one := range all {
		maps.Copy(sum, one)
	}
	return sum
}
