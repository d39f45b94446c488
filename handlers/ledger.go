package handlers

import (
	"context"

	"yibao/balance"
	"yibao/balance/records"
	"yibao/handlers/web"
)

// entryView is one row of the account's ledger.
type entryView struct {
	ID         string            `json:"id" example:"L9901002611000007"`
	At         moment            `json:"at"`
	Kind       records.EntryKind `json:"kind" enum:"credit,interest,spent,refund,transfer,premium,carry,other" example:"spent"`
	Code       string            `json:"code" example:"201"`
	Label      string            `json:"label" example:"医保消费"`
	Amount     balance.Fen       `json:"amount_fen" example:"-5000"`
	Settlement string            `json:"settlement,omitempty" example:"S9901002611000042"`
	Reversed   bool              `json:"reversed" example:"false"`
}

var aboutLedger = text{
	"个人账户的收支明细：正数为划入，负数为支出。年度结转只是将余额转到下一年，不是收入也不是支出。",
	"What went into the personal account and out of it: positive in, negative out. Carrying over at the year's end moves the balance to the next year; it is neither income nor spending.",
}

var entryList = list[records.Entry, entryView]{
	name: "ledger", about: aboutLedger,
	view: func(_ *server, e *records.Entry, l web.Language) entryView {
		return entryView{ID: e.ID, At: stamp(e.At), Kind: e.Kind, Code: e.Code, Label: nameOf(entryCodes, e.Code, entryTexts, string(e.Kind), l),
			Amount: e.Fen, Settlement: e.Settlement, Reversed: e.Reversed}
	},
	columns: []column[entryView]{
		{text{"时间", "Time"}, func(v *entryView) string { return string(v.At) }},
		{text{"类别", "Kind"}, func(v *entryView) string { return v.Label }},
		{text{"金额（元，支出为负）", "Amount (CNY, negative out of the account)"}, func(v *entryView) string { return v.Amount.String() }},
		{text{"结算编号", "Bill"}, func(v *entryView) string { return v.Settlement }},
		{text{"已冲正（1 是，0 否）", "Reversed (1 yes, 0 no)"}, func(v *entryView) string { return map[bool]string{true: "1", false: "0"}[v.Reversed] }},
		{text{"明细编号", "Entry"}, func(v *entryView) string { return v.ID }},
	},
}

type ledgerInput struct {
	RowsInput
	Kind records.EntryKind `query:"kind" enum:"credit,interest,spent,refund,transfer,premium,carry,other"`
}

func (s *server) listLedger(ctx context.Context, in *ledgerInput) (*listOut[listView[entryView]], error) {
	q, err := in.query()
	if err != nil {
		return nil, err
	}
	q.Kind = string(in.Kind)
	found, err := rowsOf(ctx, s, &in.ListInput, &entryList, q, func(q records.Query) (*records.Page[records.Entry], error) {
		return s.Records.Ledger(ctx, web.CallerOf(ctx), in.ID, q)
	})
	return found, in.badRange(err)
}
