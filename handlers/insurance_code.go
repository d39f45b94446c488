package handlers

import (
	"context"

	"yibao/handlers/web"
	"yibao/identity"
)

// codeOpeningView says how the mini-program opens the official insurance code. Only the fields of the way to go are there.
type codeOpeningView struct {
	Configured bool              `json:"configured" example:"true"`
	Platform   identity.Platform `json:"platform" enum:"wechat,alipay" example:"wechat"`
	Region     string            `json:"region" example:"330100"`
	AppID      string            `json:"app_id,omitempty" example:"wx0000000000000000"`
	Path       string            `json:"path,omitempty" example:"pages/index/index"`
	Plugin     string            `json:"plugin,omitempty" example:"plugin://name/page"`
	Scheme     string            `json:"scheme,omitempty" example:"alipays://platformapi/startapp?appId=0000000000000000"`
	Message    string            `json:"message" example:"将打开官方医保码，由医保部门和平台提供"`
}

var (
	textCodeOpens = text{"将打开官方医保码，由医保部门和平台提供", "This opens the official insurance code, which the authority and the platform provide."}
	textCodeNone  = text{"暂不能从这里打开该地区的医保码，请在国家医保服务平台或当地医保小程序中打开医保码", "The insurance code of the region cannot be opened from here. Please open it in the national medical-insurance app or the local one."}
)

// getInsuranceCode looks up how the caller's platform opens the code of the link's region. No code passes through here.
func (s *server) getInsuranceCode(ctx context.Context, in *LinkID) (*out[codeOpeningView], error) {
	caller, l := web.CallerOf(ctx), web.LanguageOf(ctx)
	link, err := caller.Link(in.ID)
	if err != nil {
		return nil, err
	}
	view := codeOpeningView{Platform: caller.Platform, Region: link.Region, Message: textCodeNone[l]}
	if opening, ok := s.Regions.Region(link.Region).InsuranceCode[caller.Platform]; ok {
		view.Configured, view.Message = true, textCodeOpens[l]
		view.AppID, view.Path, view.Plugin, view.Scheme = opening.AppID, opening.Path, opening.Plugin, opening.Scheme
	}
	return answer(view), nil
}
