package handlers

import (
	"yibao/balance/catalogue"
	"yibao/balance/records"
	"yibao/handlers/web"
)

var (
	aboutPlaces = text{
		"参保地的医保定点医疗机构和定点零售药店等。是否开通异地直接结算，请以机构或医保经办机构答复为准。",
		"The designated institutions and pharmacies of the region. Ask the institution or the medical-insurance office whether bills of persons insured elsewhere are settled there.",
	}
	aboutDrugs = text{
		"参保地医保药品目录内的药品。能否报销还须符合支付范围，请以定点医疗机构、药店结算为准；未查到不等于不能报销，可拨打12393咨询。",
		"Drugs on the region's list. Whether one is paid for also depends on the conditions of the list and is decided when a bill is settled. Not found does not mean not covered: for questions, call 12393.",
	}
)

var institutionTypes = map[catalogue.Type]text{
	catalogue.TypeMedical: {"定点医疗机构", "Medical institution"}, catalogue.TypePharmacy: {"定点零售药店", "Pharmacy"},
	catalogue.TypeRehabilitation: {"工伤康复机构", "Rehabilitation after injuries at work"}, catalogue.TypeAids: {"辅助器具配置机构", "Assistive devices"},
	catalogue.TypeFamilyPlanning: {"计划生育服务机构", "Family planning"}, catalogue.TypeOther: {"其他定点机构", "Other institution"},
}

var drugGradeTexts = map[records.Grade]text{
	records.GradeA:       {"甲类：按规定比例报销", "Class A: paid for at the regular rate"},
	records.GradeB:       {"乙类：先由个人按比例自付，其余按规定报销", "Class B: the person pays a part first, the rest is paid for at the regular rate"},
	records.GradeC:       {"丙类：费用由个人承担", "Class C: paid by the person"},
	records.GradeUnknown: {"未说明类别", "No grade is given"},
}

var (
	textRegion = text{"地区代码，见 GET /v1/regions", "Code of the region; see GET /v1/regions"}
	textLimit  = text{"每页条数", "How many a page has"}
	textCursor = text{"上一页返回的 next；省略为第一页", "The next of the page before; the first page if left out"}
	textNext   = text{"下一页，用作 cursor 参数；已是最后一页时不出现", "The page that follows, for the parameter cursor; absent on the last one"}
	textMeta   = text{"数据的时间、来源与完整程度", "Time, source and coverage"}
	textItems  = text{"查询结果，完全相符的在前，其次为开头相符，再次为包含", "What was found: what fits exactly first, then what begins so, then what has it within"}
)

// catalogueFields explain the fields of catalogue.go.
var catalogueFields = web.Fields{
	"/v1/institutions": {
		"region": textRegion, "limit": textLimit, "cursor": textCursor,
		"q":     {"名称或其一部分、机构代码的开头，或名称的拼音首字母、全拼；省略为全部", "A name or a part of one, the begin of a code, or the pinyin of a name, its initials or the whole; all if left out"},
		"type":  {"机构类别；省略为全部", "Kind of institution; all if left out"},
		"level": {"医院等级代码（hosp_lv），如 02 为三级甲等；省略为全部", "Code of the level (hosp_lv), such as 02 for level 3A; all if left out"},
	},
	"/v1/drugs": {
		"region": textRegion, "limit": textLimit, "cursor": textCursor,
		"q":     {"药品名称或其一部分、医保药品代码的开头，或名称的拼音首字母、全拼；省略为全部", "A name or a part of one, the begin of a code, or the pinyin of a name, its initials or the whole; all if left out"},
		"grade": {"类别：A 甲类；B 乙类；C 丙类；unknown 未说明；省略为全部", "Grade: A, B, C or unknown; all if left out"},
	},
	"SearchViewPlaceView": {"items": textItems, "next": textNext, "meta": textMeta},
	"SearchViewDrugView":  {"items": textItems, "next": textNext, "meta": textMeta},
	"SearchMeta": {
		"as_of":       {"目录的更新时间；首次导入完成之前不出现", "Up to when the catalogue is; absent before the first import is complete"},
		"source":      {"数据来源的接口", "Interface that the data is from"},
		"coverage":    {"complete 完整；partial 目录正在首次导入，可能查不全。unsupported 不会出现", "complete; partial: the first import is under way, and something may be missing. unsupported does not occur"},
		"truncated":   {"相符的过多，未全部列出，请输入更完整的名称", "More fits than is listed: a longer text finds it"},
		"explanation": {"可向用户展示的说明", "What the user may be told about it"},
	},
	"PlaceView": {
		"code": {"定点机构代码", "Code of the institution"}, "name": {"机构名称", "Name"},
		"type": {"机构类别", "Kind of institution"}, "type_name": {"机构类别的名称", "The kind in words"},
		"level": {"医院等级代码；未提供时不出现", "Code of the level; absent where not given"}, "level_name": {"医院等级；代码含义不明时不出现", "The level in words; absent where the code's meaning is not known"},
	},
	"DrugView": {
		"code": {"医保药品代码", "Code of the drug"}, "name": {"药品名称", "Name"},
		"list": {
			"所属目录：medicine 西药和中成药；decoction 中药饮片；in_house 医疗机构制剂；ethnic 民族药；granules 中药配方颗粒；other 其他",
			"List: medicine (Western and patent Chinese), decoction (pieces), in_house (made by an institution), ethnic, granules, other",
		},
		"grade":      {"类别：A 甲类；B 乙类；C 丙类；unknown 未说明", "Grade: A, B, C or unknown"},
		"grade_text": {"类别的含义，可直接展示", "What the grade means, to be shown"},
		"self_pay":   {"先由个人自付的比例，如 0.1 为 10%；未提供时不出现", "Part that the person pays first, such as 0.1 for 10 %; absent where not given"},
		"form":       {"剂型；未提供时不出现", "Dosage form; absent where not given"},
		"spec":       {"规格；未提供时不出现", "Strength and pack; absent where not given"},
		"from":       {"纳入目录的日期；未提供时不出现", "First day on the list; absent where not given"},
		"to":         {"在目录内的最后一日；长期有效时不出现", "Last day on the list; absent where there is no end"},
	},
}
