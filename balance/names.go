package balance

// insuranceNames is the national code table insutype in everyday words: zh, en.
var insuranceNames = map[string][2]string{
	"310": {"职工医保", "Employee basic medical insurance"},
	"320": {"公务员医疗补助", "Civil servant medical subsidy"},
	"330": {"大额医疗费用补助", "Large-amount medical expense subsidy"},
	"340": {"离休人员医疗保障", "Medical security for retired veteran cadres"},
	"350": {"一至六级残疾军人医疗补助", "Medical subsidy for disabled soldiers (grades 1 to 6)"},
	"360": {"老红军医疗保障", "Medical security for Red Army veterans"},
	"370": {"企业补充医疗保险", "Enterprise supplementary medical insurance"},
	"380": {"新型农村合作医疗", "New rural cooperative medical scheme"},
	"390": {"城乡居民医保", "Resident basic medical insurance"},
	"391": {"城镇居民医保", "Urban resident medical insurance"},
	"392": {"城乡居民大病保险", "Resident critical illness insurance"},
	"399": {"其他特殊人群医疗保障", "Medical security for other groups"},
	"410": {"长期护理保险", "Long-term care insurance"},
	"510": {"生育保险", "Maternity insurance"},
}

// InsuranceName returns the name of an insurance type (national code table insutype). A code outside the national table,
// such as a region's own of five digits, is its own name. The name is in Chinese unless the language "en" is given.
func InsuranceName(code string, lang ...string) string {
	english := len(lang) > 0 && lang[0] == "en"
	names, ok := insuranceNames[code]
	switch {
	case ok && english:
		return names[1]
	case ok:
		return names[0]
	case english:
		return "Other insurance (" + code + ")"
	}
	return "其他险种(" + code + ")"
}

// accountName is the name of a personal account on a chart. It names the insurance only if there are several accounts.
func accountName(insurance, lang string, only bool) string {
	switch {
	case only && lang == "en":
		return "Personal account"
	case only:
		return "个人账户"
	case lang == "en":
		return "Personal account (" + InsuranceName(insurance, lang) + ")"
	}
	return "个人账户（" + InsuranceName(insurance) + "）"
}

var statusNames = map[Status][2]string{
	StatusNone:    {"未参保", "Not enrolled"},
	StatusActive:  {"正常参保", "Active"},
	StatusPaused:  {"暂停参保", "Paused"},
	StatusInvalid: {"参保无效", "Invalid"},
	StatusEnded:   {"终止参保", "Ended"},
	StatusUnknown: {"暂时无法确认", "Not known"},
}

// StatusName returns the name of an enrolment's state, in the languages of InsuranceName.
func StatusName(status Status, lang ...string) string {
	names, ok := statusNames[status]
	if !ok {
		names = statusNames[StatusUnknown]
	}
	if len(lang) > 0 && lang[0] == "en" {
		return names[1]
	}
	return names[0]
}
