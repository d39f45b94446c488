package handlers

import (
	"context"

	"yibao/balance"
	"yibao/balance/records"
	"yibao/handlers/web"
)

// designatedView is a designated institution, or a registered disease.
type designatedView struct {
	Kind        records.DesignatedKind `json:"kind" enum:"institution,disease" example:"institution"`
	Label       string                 `json:"label" example:"定点医药机构"`
	Institution *institutionView       `json:"institution,omitempty"`
	Disease     string                 `json:"disease,omitempty" example:"高血压"`
	From        balance.Day            `json:"from,omitempty" format:"date" example:"2026-01-01"`
	To          balance.Day            `json:"to,omitempty" format:"date" example:"2026-12-31"`
}

var aboutInstitutions = text{
	"您选定或登记的定点医药机构，以及已登记的门诊慢特病。在定点机构就医、购药才能按规定报销。",
	"The institutions that you chose or were registered with, and chronic or special diseases on file. Care is covered by the rules at these institutions.",
}

var designatedList = list[records.Designated, designatedView]{
	name: "institutions", about: aboutInstitutions,
	view: func(_ *server, d *records.Designated, l web.Language) designatedView {
		v := designatedView{Kind: d.Kind, Label: designatedTexts[string(d.Kind)][l], Disease: d.Disease, From: d.From, To: d.To}
		if d.Kind == records.DesignatedInstitution {
			place := viewInstitution(d.Institution)
			v.Institution = &place
		}
		return v
	},
	columns: []column[designatedView]{
		{text{"类别", "Kind"}, func(v *designatedView) string { return v.Label }},
		{text{"名称", "Name"}, func(v *designatedView) string {
			if v.Institution != nil {
				return v.Institution.Name
			}
			return v.Disease
		}},
		{text{"起始日期", "From"}, func(v *designatedView) string { return string(v.From) }},
		{text{"截止日期", "To"}, func(v *designatedView) string { return string(v.To) }},
	},
}

func (s *server) listDesignated(ctx context.Context, in *ListInput) (*listOut[listView[designatedView]], error) {
	return rowsOf(ctx, s, in, &designatedList, records.Query{}, func(records.Query) (*records.Page[records.Designated], error) {
		return s.Records.Designated(ctx, web.CallerOf(ctx), in.ID)
	})
}
