package handlers

import "yibao/handlers/web"

// unusualFields explain the fields of unusual.go.
var unusualFields = web.Fields{
	"/v1/insured/{id}/settlements/unusual": params(nil, paramDays),
	"ListViewFlagView":                     pageFields,
	"FlagView": {
		"kind": {
			"repeated 同一机构同日金额相同；high 明显高于本人同类结算；two_regions 同日在本地和异地结算",
			"repeated: the same sum at one institution on one day; high: far above the person's own bills of the kind; two_regions: here and elsewhere on one day",
		},
		"day":         {"日期", "The day"},
		"settlements": {"相关结算的编号，由早到晚", "Ids of the bills, the earliest first"},
		"total_fen":   {"相关结算的总费用合计（分）", "Total of these bills in fen"},
		"usual_fen":   {"此前同类结算总费用的中位数（分）；仅 high 有", "Median of the totals of the earlier bills of the kind, in fen; of high only"},
		"compared":    {"参与比较的结算笔数；仅 high 有", "Number of bills that it is compared with; of high only"},
		"message":     {"原因与金额，可直接展示给用户", "Why, with the figures, in words that can be shown to the user"},
	},
}
