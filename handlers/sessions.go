package handlers

import (
	"context"

	"yibao/handlers/web"
	"yibao/identity"
)

type signInInput struct {
	Body struct {
		Platform identity.Platform `json:"platform" enum:"wechat,alipay" example:"wechat"`
		App      string            `json:"app,omitempty" maxLength:"64" example:"main"`
		Code     string            `json:"code" minLength:"1" maxLength:"512" example:"0a3Xy1000abcd"`
	}
}

type signedInView struct {
	Token     string   `json:"token"`
	TokenType string   `json:"token_type" example:"Bearer"`
	ExpiresAt moment   `json:"expires_at" example:"2026-11-21T10:00:00+08:00"`
	User      userView `json:"user"`
}

type userView struct {
	Platform identity.Platform `json:"platform" enum:"wechat,alipay" example:"wechat"`
	App      string            `json:"app" example:"main"`
	Links    int               `json:"links" example:"1"`
}

// signIn exchanges a platform's code for a token of ours.
func (s *server) signIn(ctx context.Context, in *signInInput) (*out[signedInView], error) {
	signed, err := s.Sessions.SignIn(ctx, in.Body.Platform, in.Body.App, in.Body.Code)
	if err != nil {
		return nil, err
	}
	active := 0
	for _, link := range signed.User.Links {
		if link.State == identity.LinkActive {
			active++
		}
	}
	account := signed.User.Account
	return answer(signedInView{
		Token: signed.Token, TokenType: "Bearer", ExpiresAt: stamp(signed.Session.ExpiresAt),
		User: userView{Platform: account.Platform, App: account.App, Links: active},
	}), nil
}

type sessionView struct {
	ID        string `json:"id" example:"K3ZTQ7XNB5WRJ2M6VDYAHP4ELC"`
	CreatedAt moment `json:"created_at"`
	ExpiresAt moment `json:"expires_at" example:"2026-11-21T10:00:00+08:00"`
	Current   bool   `json:"current" example:"true"`
}

type sessionsInput struct {
	Limit int    `query:"limit" minimum:"1" maximum:"100" default:"50"`
	Page  string `query:"page" maxLength:"256" example:"MTc5NTI0MDAwMDAwMC5LM1pUUTdYTkI1V1JKMk02VkRZQUhQNEVMQw"`
}

type sessionsView struct {
	Sessions []sessionView `json:"sessions"`
	Next     string        `json:"next,omitempty" example:"MTc5NTI0MDAwMDAwMC5LM1pUUTdYTkI1V1JKMk02VkRZQUhQNEVMQw"`
}

func (s *server) listSessions(ctx context.Context, in *sessionsInput) (*out[sessionsView], error) {
	caller := web.CallerOf(ctx)
	list, next, err := s.Sessions.List(ctx, caller, in.Page, in.Limit)
	if err != nil {
		return nil, err
	}
	return answer(sessionsView{Next: next, Sessions: each(list, func(one identity.Session) sessionView {
		return sessionView{one.ID, stamp(one.CreatedAt), stamp(one.ExpiresAt), one.ID == caller.SessionID}
	})}), nil
}

type signOutAllInput struct {
	KeepCurrent bool `query:"keep_current" default:"false"`
}

// signOutAll ends the caller's sessions on all devices.
func (s *server) signOutAll(ctx context.Context, in *signOutAllInput) (*struct{}, error) {
	return nil, s.Sessions.SignOutAll(ctx, web.CallerOf(ctx), in.KeepCurrent)
}

// signOut ends one session of the caller; "current" names the one in use.
func (s *server) signOut(ctx context.Context, in *SessionID) (*struct{}, error) {
	caller := web.CallerOf(ctx)
	id := in.ID
	if id == "current" {
		id = caller.SessionID
	}
	return nil, s.Sessions.SignOut(ctx, caller, id)
}

type meView struct {
	Platform identity.Platform `json:"platform" enum:"wechat,alipay" example:"wechat"`
	App      string            `json:"app" example:"main"`
	Session  meSessionView     `json:"session"`
	Insured  []insuredView     `json:"insured"`
	Quotas   []quotaView       `json:"quotas"`
}

type meSessionView struct {
	ID        string `json:"id" example:"K3ZTQ7XNB5WRJ2M6VDYAHP4ELC"`
	ExpiresAt moment `json:"expires_at" example:"2026-11-21T10:00:00+08:00"`
}

func (s *server) me(ctx context.Context, _ *none) (*out[meView], error) {
	caller := web.CallerOf(ctx)
	quotas, err := s.Reminders.Quotas(ctx, caller)
	if err != nil {
		return nil, err
	}
	return answer(meView{
		Platform: caller.Platform, App: caller.App,
		Session: meSessionView{caller.SessionID, stamp(caller.ExpiresAt)},
		Insured: each(caller.Links, s.insured), Quotas: each(quotas, viewQuota),
	}), nil
}
