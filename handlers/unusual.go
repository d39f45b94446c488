package handlers

import (
	"context"
	"strconv"
	"strings"

	"yibao/balance"
	"yibao/balance/records"
	"yibao/handlers/web"
)

// flagView points out bills to look at.
type flagView struct {
	Kind        records.FlagKind `json:"kind" enum:"repeated,high,two_regions" example:"repeated"`
	Day         balance.Day      `json:"day" format:"date" example:"2026-11-20"`
	Settlements []string         `json:"settlements" example:"S9901002611000042"`
	Total       balance.Fen      `json:"total_fen" example:"25600"`
	Usual       *balance.Fen     `json:"usual_fen"`
	Compared    *int             `json:"compared"`
	Message     string           `json:"message" example:"2026年11月20日在同一机构有两笔金额相同的结算，每笔¥128.00。如只就诊或购药一次，请向该机构核对。"`
}

var aboutUnusual = text{
	"以下结算可能值得核对，仅依据您自己的记录列出，不表示存在问题。每条均说明原因和金额。同类结算少于六笔时，不与以往比较。",
	"Bills that may be worth a look, by your own records alone. It does not mean that anything is wrong; each says why, with its figures. " +
		"Nothing is compared with fewer than six earlier bills of the kind.",
}

var flagList = list[records.Flag, flagView]{
	name: "unusual", about: aboutUnusual, view: viewFlag,
	columns: []column[flagView]{
		{text{"日期", "Day"}, func(v *flagView) string { return string(v.Day) }},
		{text{"提示", "What was seen"}, func(v *flagView) string { return v.Message }},
		{text{"金额（元）", "Sum (CNY)"}, func(v *flagView) string { return v.Total.String() }},
		{text{"此前的中位数（元）", "Usual (CNY)"}, func(v *flagView) string { return yuan(v.Usual) }},
		{text{"结算编号", "Bills"}, func(v *flagView) string { return strings.Join(v.Settlements, " ") }},
	},
}

func viewFlag(_ *server, f *records.Flag, l web.Language) flagView {
	v := flagView{Kind: f.Kind, Day: f.Day, Settlements: f.Settlements, Total: f.Total}
	if f.Kind == records.FlagHigh {
		v.Usual, v.Compared = &f.Usual, &f.Compared
	}
	v.Message = strings.NewReplacer("{day}", sayDay(f.Day, l), "{one}", (f.Total / 2).Display(), "{total}", f.Total.Display(),
		"{usual}", f.Usual.Display(), "{n}", strconv.Itoa(f.Compared)).Replace(flagTexts[string(f.Kind)][l])
	return v
}

type unusualInput struct {
	ListInput
	DaysInput
}

func (s *server) listUnusual(ctx context.Context, in *unusualInput) (*listOut[listView[flagView]], error) {
	var q records.Query
	if err := readDays(in.From, in.To, &q.From, &q.To); err != nil {
		return nil, err
	}
	found, err := rowsOf(ctx, s, &in.ListInput, &flagList, q, func(q records.Query) (*records.Page[records.Flag], error) {
		return s.Records.Unusual(ctx, web.CallerOf(ctx), in.ID, q)
	})
	return found, in.badRange(err)
}
