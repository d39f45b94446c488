package handlers

import "yibao/handlers/web"

// ledgerFields explain the fields of ledger.go.
var ledgerFields = web.Fields{
	"/v1/insured/{id}/ledger": params(map[string]text{"kind": {"收支类别", "Kind of entry"}}, paramPage, paramDays, paramSums),
	"ListViewEntryView":       pageFields,
	"EntryView": {
		"id":         {"明细编号", "Id of the entry"},
		"at":         {"时间", "Time of the entry"},
		"kind":       {"收支类别；carry 年度结转既非收入也非支出", "Kind of entry; carry is neither income nor spending"},
		"code":       {"收支类型代码（acct_incexpd_type），原样", "Code of the entry (acct_incexpd_type), as it came"},
		"label":      {"收支类型名称", "Name of the kind"},
		"amount_fen": {"金额（分）：正数为划入，负数为支出", "Amount in fen: positive into the account, negative out of it"},
		"settlement": {"对应结算的编号；未提供时不出现", "Id of the bill that it belongs to; absent where not given"},
		"reversed":   {"是否已冲正，或为冲正另一笔的记录", "Was it taken back, or does it take another one back?"},
	},
}
