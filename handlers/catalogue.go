package handlers

import (
	"context"

	"yibao/balance"
	"yibao/balance/catalogue"
	"yibao/balance/records"
	"yibao/handlers/web"
)

// SearchInput is the input of both searches. (Exported as LinkID is.)
type SearchInput struct {
	Region string `query:"region" required:"true" pattern:"^[0-9]{6}$" maxLength:"6" example:"330100"`
	Text   string `query:"q" maxLength:"50" example:"amxl"`
	Limit  int    `query:"limit" minimum:"1" maximum:"100" default:"20"`
	Cursor string `query:"cursor" maxLength:"1000" example:"MVhZTDAwMDAwMQ"`
}

func (in *SearchInput) query() catalogue.Query {
	return catalogue.Query{Region: in.Region, Text: in.Text, Limit: in.Limit, Cursor: in.Cursor}
}

// searchView is a page of what a search found.
type searchView[V any] struct {
	Items []V        `json:"items"`
	Next  string     `json:"next,omitempty" example:"MVhZTDAwMDAwMQ"`
	Meta  searchMeta `json:"meta"`
}

type searchMeta struct {
	AsOf        moment           `json:"as_of,omitempty"`
	Source      string           `json:"source,omitempty" example:"fsi/1312"`
	Coverage    balance.Coverage `json:"coverage" enum:"complete,partial,unsupported" example:"complete"`
	Truncated   bool             `json:"truncated" example:"false"`
	Explanation string           `json:"explanation" example:"参保地医保目录内的药品……"`
}

type institutionsInput struct {
	SearchInput
	Type  catalogue.Type `query:"type" enum:"medical,pharmacy,rehabilitation,aids,family_planning,other"`
	Level string         `query:"level" maxLength:"10" pattern:"^[0-9A-Za-z]*$" example:"02"`
}

type placeView struct {
	Code      string         `json:"code" example:"H33010000001"`
	Name      string         `json:"name" example:"示例市第一人民医院"`
	Type      catalogue.Type `json:"type" enum:"medical,pharmacy,rehabilitation,aids,family_planning,other" example:"medical"`
	TypeName  string         `json:"type_name" example:"定点医疗机构"`
	Level     string         `json:"level,omitempty" example:"02"`
	LevelName string         `json:"level_name,omitempty" example:"三级甲等"`
}

func (s *server) searchInstitutions(ctx context.Context, in *institutionsInput) (*out[searchView[placeView]], error) {
	page, err := s.Catalogue.Institutions(ctx, in.query(), in.Type, in.Level)
	if err != nil {
		return nil, err
	}
	language := web.LanguageOf(ctx)
	return answer(viewSearch(page, aboutPlaces[language], func(i catalogue.Institution) placeView {
		return placeView{i.Code, i.Name, i.Type, institutionTypes[i.Type][language], i.Level, catalogue.LevelName(i.Level, language.Short())}
	})), nil
}

type drugsInput struct {
	SearchInput
	Grade records.Grade `query:"grade" enum:"A,B,C,unknown"`
}

type drugView struct {
	Code      string         `json:"code" example:"XYL000001"`
	Name      string         `json:"name" example:"阿莫西林胶囊"`
	List      catalogue.List `json:"list" enum:"medicine,decoction,in_house,ethnic,granules,other" example:"medicine"`
	Grade     records.Grade  `json:"grade" enum:"A,B,C,unknown" example:"B"`
	GradeText string         `json:"grade_text" example:"乙类：先由个人按比例自付，其余按规定报销"`
	SelfPay   string         `json:"self_pay,omitempty" example:"0.1"`
	Form      string         `json:"form,omitempty" example:"胶囊"`
	Spec      string         `json:"spec,omitempty" example:"250毫克"`
	From      balance.Day    `json:"from,omitempty" format:"date" example:"2024-01-01"`
	To        balance.Day    `json:"to,omitempty" format:"date" example:"2026-12-31"`
}

func (s *server) searchDrugs(ctx context.Context, in *drugsInput) (*out[searchView[drugView]], error) {
	page, err := s.Catalogue.Drugs(ctx, in.query(), in.Grade)
	if err != nil {
		return nil, err
	}
	language := web.LanguageOf(ctx)
	return answer(viewSearch(page, aboutDrugs[language], func(d catalogue.Drug) drugView {
		return drugView{d.Code, d.Name, d.List, d.Grade, drugGradeTexts[d.Grade][language], d.SelfPay, d.Form, d.Spec, d.From, d.To}
	})), nil
}

// viewSearch shows a page. Before the first whole import nobody can say that nothing fits.
func viewSearch[T, V any](page *catalogue.Page[T], about string, view func(T) V) searchView[V] {
	coverage := balance.Complete
	if page.Whole.IsZero() {
		coverage = balance.Partial
	}
	return searchView[V]{Items: each(page.Rows, view), Next: page.Next,
		Meta: searchMeta{stamp(page.Whole), page.Source, coverage, page.Cut, about}}
}
