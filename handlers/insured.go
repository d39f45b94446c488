package handlers

import (
	"context"

	"yibao/identity"
)

type regionView struct {
	Code       string            `json:"code" doc:"行政区划代码，六位｜Code of the region, six digits" example:"330100"`
	Name       string            `json:"name" doc:"地区名称｜Name of the region" example:"示例市"`
	Methods    []identity.Method `json:"methods" doc:"可用的身份核验方式；为空表示暂不能在线绑定｜Ways to verify who somebody is; empty where nobody can be linked online yet" example:"sms_on_file"`
	Unattended bool              `json:"unattended" doc:"是否支持每日记录与余额提醒｜Does the region support daily records and reminders?" example:"true"`
}

type consentTextView struct {
	Version string `json:"version" doc:"授权说明版本，绑定时须提交｜Version of the consent text, to be sent when linking" example:"2026-11"`
	Text    string `json:"text" doc:"授权说明全文｜The consent text in full" example:"为查询医保余额，我们需要处理您的姓名和证件号码……"`
}

type regionsView struct {
	Regions []regionView    `json:"regions" doc:"开通的地区｜Regions that are offered"`
	Consent consentTextView `json:"consent" doc:"现行授权说明｜Consent text in force"`
}

// listRegions shows a caller the regions of the app in use, and anybody else all of them.
func (s *server) listRegions(ctx context.Context, _ *none) (*out[regionsView], error) {
	caller := callerOf(ctx)
	view := regionsView{Regions: []regionView{}, Consent: consentTextView(s.Consent)}
	for _, r := range s.Regions {
		if caller != nil && s.Offers != nil && !s.Offers(caller.Platform, caller.App, r.Code) {
			continue
		}
		methods := append([]identity.Method{}, r.Methods...)
		view.Regions = append(view.Regions, regionView{r.Code, r.Name, methods, r.Unattended})
	}
	return answer(view), nil
}

type insuredView struct {
	ID         string            `json:"id" doc:"参保人编号，用于 /v1/insured/{id}｜Id of the insured person, for /v1/insured/{id}" example:"K3ZTQ7XNB5WRJ2M6VDYAHP4ELC"`
	Region     string            `json:"region" doc:"绑定地区的行政区划代码｜Code of the region of the link" example:"330100"`
	RegionName string            `json:"region_name" doc:"绑定地区名称｜Name of the region of the link" example:"示例市"`
	Relation   identity.Relation `json:"relation" doc:"参保人是用户的：self 本人；spouse 配偶；parent 父母；child 子女；other 其他｜What the person is to the user" example:"self"`
	Name       string            `json:"name" doc:"姓名，已脱敏｜Name, masked" example:"测*甲"`
	IDNumber   string            `json:"id_number" doc:"证件号码，已脱敏｜ID number, masked" example:"1****************X"`
	Assurance  string            `json:"assurance" enum:"card_password,sms,platform,face" doc:"核验强度，由低到高｜How sure the verification was, lowest first" example:"sms"`
	Since      moment            `json:"since" doc:"绑定时间｜When the link was made" example:"2026-09-01T20:15:00+08:00"`
	Consent    consentView       `json:"consent" doc:"绑定时的同意｜Consent given with the link"`
}

type consentView struct {
	Version    string `json:"version" doc:"已同意的授权说明版本｜Version of the text that was agreed to" example:"2026-11"`
	At         moment `json:"at" doc:"同意时间｜When the consent was given" example:"2026-09-01T20:10:00+08:00"`
	Unattended bool   `json:"unattended" doc:"是否同意系统定期查询余额｜May the balance be read regularly without being asked for?" example:"true"`
}

type insuredListView struct {
	Insured []insuredView `json:"insured" doc:"已绑定的参保人｜Insured persons linked to the user"`
}

var assuranceNames = map[identity.Assurance]string{
	identity.AssuranceCardPassword: "card_password",
	identity.AssuranceSMS:          "sms",
	identity.AssurancePlatform:     "platform",
	identity.AssuranceFace:         "face",
}

func (s *server) insured(l identity.Link) insuredView {
	return insuredView{
		ID: l.ID, Region: l.Region, RegionName: s.regionName(l.Region), Relation: l.Relation,
		Name: l.MaskedName, IDNumber: l.MaskedIDNumber, Assurance: assuranceNames[l.Assurance], Since: stamp(l.Since),
		Consent: consentView{l.Consent.Version, stamp(l.Consent.At), l.Consent.Unattended},
	}
}

// regionName names a region; one that is not configured (any more) is named by its code.
func (s *server) regionName(code string) string {
	if r, ok := s.regions[code]; ok {
		return r.Name
	}
	return code
}

func (s *server) listInsured(ctx context.Context, _ *none) (*out[insuredListView], error) {
	return answer(insuredListView{each(callerOf(ctx).Links, s.insured)}), nil
}

func (s *server) getInsured(ctx context.Context, in *LinkID) (*out[insuredView], error) {
	link, err := callerOf(ctx).Link(in.ID)
	if err != nil {
		return nil, err
	}
	return answer(s.insured(link)), nil
}

func (s *server) unlink(ctx context.Context, in *LinkID) (*struct{}, error) {
	return nil, s.Linking.Unlink(ctx, callerOf(ctx), in.ID)
}
