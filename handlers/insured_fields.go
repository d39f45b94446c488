package handlers

import "yibao/handlers/web"

// insuredFields explain the fields of insured.go.
var insuredFields = web.Fields{
	"/v1/insured/{id}": {
		"id": {
			"参保人编号，即 GET /v1/insured 返回的 id（绑定成功时为 insured_id）",
			"Id of the insured person: the id of GET /v1/insured (insured_id once a link is proved)",
		},
	},
	"RegionView": {
		"code": {"行政区划代码，六位", "Code of the region, six digits"},
		"name": {"地区名称", "Name of the region"},
		"methods": {
			"可用的身份核验方式；为空表示暂不能在线绑定",
			"Ways to verify who somebody is; empty where nobody can be linked online yet",
		},
		"unattended": {"是否支持每日记录与余额提醒", "Does the region support daily records and reminders?"},
	},
	"ConsentTextView": {
		"version": {"授权说明版本，绑定时须提交", "Version of the consent text, to be sent when linking"},
		"text":    {"查询余额的授权说明全文，绑定时必须同意", "The consent text in full for reading the balance, needed for a link"},
		"unattended_text": {
			"定期查询的授权说明全文，提醒和每日记录需要，须单独征得同意（consent.unattended）",
			"The consent text in full for regular reading, which reminders and daily records need; to be agreed to by itself (consent.unattended)",
		},
	},
	"RegionsView": {
		"regions": {"开通的地区", "Regions that are offered"},
		"consent": {"现行授权说明", "Consent text in force"},
	},
	"InsuredView": {
		"id":          {"参保人编号，用于 /v1/insured/{id}", "Id of the insured person, for /v1/insured/{id}"},
		"region":      {"绑定地区的行政区划代码", "Code of the region of the link"},
		"region_name": {"绑定地区名称", "Name of the region of the link"},
		"relation": {
			"参保人是用户的：self 本人；spouse 配偶；parent 父母；child 子女；other 其他",
			"What the person is to the user",
		},
		"name":      {"姓名，已脱敏", "Name, masked"},
		"id_number": {"证件号码，已脱敏", "ID number, masked"},
		"assurance": {"核验强度，由低到高", "How sure the verification was, lowest first"},
		"since":     {"绑定时间", "When the link was made"},
		"consent":   {"绑定时的同意", "Consent given with the link"},
	},
	"ConsentView": {
		"version": {"已同意的授权说明版本", "Version of the text that was agreed to"},
		"at":      {"同意时间", "When the consent was given"},
		"unattended": {
			"目前是否同意系统定期查询余额；由 PUT /v1/insured/{id}/unattended 更改",
			"May the balance be read regularly without being asked for, at present? Changed by PUT /v1/insured/{id}/unattended",
		},
	},
	"UnattendedInputBody": {
		"unattended": {
			"true 同意系统定期查询余额（每日记录与余额提醒）；false 撤回，随提醒作出的同意一并撤回",
			"true: the balance may be read regularly, for daily records and reminders; false withdraws that, and the consent given with the reminder",
		},
		"consent": {"同意时须提交", "Needed to agree"},
	},
	"GivenConsent": {
		"version": {
			"已同意的授权说明版本，须为现行版本",
			"Version of the text that is agreed to; must be the one in force",
		},
	},
	"InsuredListView": {
		"insured": {"已绑定的参保人", "Insured persons linked to the user"},
	},
}
