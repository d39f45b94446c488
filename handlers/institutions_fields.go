package handlers

import "yibao/handlers/web"

// designatedFields explain the fields of institutions.go.
var designatedFields = web.Fields{
	"/v1/insured/{id}/institutions": params(nil),
	"ListViewDesignatedView":        pageFields,
	"DesignatedView": {
		"kind":        {"institution 定点医药机构；disease 已登记的门诊慢特病", "institution: a designated one; disease: a registered chronic or special one"},
		"label":       {"类别名称", "Name of the kind"},
		"institution": {"医药机构；仅 institution 有", "The institution; of that kind only"},
		"disease":     {"病种名称；仅 disease 有", "Name of the disease; of that kind only"},
		"from":        {"起始日期；未提供时不出现", "First day; absent where not given"},
		"to":          {"截止日期；未定或未提供时不出现", "Last day; absent where open or not given"},
	},
}
