package handlers

import (
	"context"

	"yibao/handlers/web"
	"yibao/identity"
)

type regionView struct {
	Code       string        `json:"code" example:"330100"`
	Name       string        `json:"name" example:"示例市"`
	Methods    []proofMethod `json:"methods" example:"sms_on_file"`
	Unattended bool          `json:"unattended" example:"true"`
}

// consentTextView has the two consents apart: a person may agree to the first alone.
type consentTextView struct {
	Version        string `json:"version" example:"2026-11"`
	Text           string `json:"text" example:"为查询医保余额，我们需要处理您的姓名和证件号码……"`
	UnattendedText string `json:"unattended_text" example:"为发送余额提醒，系统将每日查询一次余额……"`
}

type regionsView struct {
	Regions []regionView    `json:"regions"`
	Consent consentTextView `json:"consent"`
}

// listRegions shows a caller the regions of the app in use; without a token it shows all regions.
func (s *server) listRegions(ctx context.Context, _ *none) (*out[regionsView], error) {
	caller := web.CallerOf(ctx)
	view := regionsView{Regions: []regionView{}, Consent: consentTextView{s.Consent.Version, s.Consent.Text, s.Consent.Unattended}}
	for _, r := range s.Regions.All() {
		if caller != nil && !s.Regions.Offered(identity.AppKey{Platform: caller.Platform, App: caller.App}, r.Code) {
			continue
		}
		methods := each(r.Methods, func(m identity.Method) proofMethod { return proofMethod(m) })
		view.Regions = append(view.Regions, regionView{r.Code, r.Name, methods, r.Unattended})
	}
	return answer(view), nil
}

type insuredView struct {
	ID         string            `json:"id" example:"K3ZTQ7XNB5WRJ2M6VDYAHP4ELC"`
	Region     string            `json:"region" example:"330100"`
	RegionName string            `json:"region_name" example:"示例市"`
	Relation   identity.Relation `json:"relation" enum:"self,spouse,parent,child,other" example:"self"`
	Name       string            `json:"name" example:"测*甲"`
	IDNumber   string            `json:"id_number" example:"1****************X"`
	Assurance  string            `json:"assurance" enum:"card_password,sms,platform,face" example:"sms"`
	Since      moment            `json:"since" example:"2026-09-01T20:15:00+08:00"`
	Consent    consentView       `json:"consent"`
}

type consentView struct {
	Version    string `json:"version" example:"2026-11"`
	At         moment `json:"at" example:"2026-09-01T20:10:00+08:00"`
	Unattended bool   `json:"unattended" example:"true"`
}

type insuredListView struct {
	Insured []insuredView `json:"insured"`
}

var assuranceNames = map[identity.Assurance]string{
	identity.AssuranceCardPassword: "card_password",
	identity.AssuranceSMS:          "sms",
	identity.AssurancePlatform:     "platform",
	identity.AssuranceFace:         "face",
}

func (s *server) insured(l identity.Link) insuredView {
	return insuredView{
		ID: l.ID, Region: l.Region, RegionName: s.Regions.Name(l.Region), Relation: l.Relation,
		Name: l.MaskedName, IDNumber: l.MaskedIDNumber, Assurance: assuranceNames[l.Assurance], Since: stamp(l.Since),
		Consent: consentView{l.Consent.Version, stamp(l.Consent.At), l.UnattendedAllowed()},
	}
}

func (s *server) listInsured(ctx context.Context, _ *none) (*out[insuredListView], error) {
	return answer(insuredListView{each(web.CallerOf(ctx).Links, s.insured)}), nil
}

func (s *server) getInsured(ctx context.Context, in *LinkID) (*out[insuredView], error) {
	link, err := web.CallerOf(ctx).Link(in.ID)
	if err != nil {
		return nil, err
	}
	return answer(s.insured(link)), nil
}

type unattendedInput struct {
	LinkID
	Body struct {
		Unattended bool          `json:"unattended" example:"true"`
		Consent    *givenConsent `json:"consent,omitempty"`
	}
}

type givenConsent struct {
	Version string `json:"version" minLength:"1" maxLength:"64" example:"2026-11"`
}

// setUnattended gives or withdraws regular reading. Giving needs the consent to the text in force.
func (s *server) setUnattended(ctx context.Context, in *unattendedInput) (*out[insuredView], error) {
	version := ""
	if in.Body.Consent != nil {
		version = in.Body.Consent.Version
	}
	link, err := s.Linking.SetUnattended(ctx, web.CallerOf(ctx), in.ID, in.Body.Unattended, version)
	if err != nil {
		return nil, err
	}
	return answer(s.insured(link)), nil
}

func (s *server) unlink(ctx context.Context, in *LinkID) (*struct{}, error) {
	return nil, s.Linking.Unlink(ctx, web.CallerOf(ctx), in.ID)
}
