package handlers

import (
	"context"

	"yibao/identity"
)

type signInInput struct {
	Body struct {
		Platform identity.Platform `json:"platform" enum:"wechat,alipay" doc:"平台｜Platform" example:"wechat"`
		App      string            `json:"app,omitempty" maxLength:"64" doc:"小程序的配置名；平台只有一个小程序时可省略｜Configured name of the mini-program; may be left out where the platform has only one" example:"main"`
		Code     string            `json:"code" minLength:"1" maxLength:"512" doc:"wx.login 或 my.getAuthCode 取得的登录凭证，只能使用一次｜Code from wx.login or my.getAuthCode; good once" example:"0a3Xy1000abcd"`
	}
}

type signedInView struct {
	Token     string   `json:"token" doc:"访问令牌，放入 Authorization: Bearer｜Token, to be sent as Authorization: Bearer"`
	TokenType string   `json:"token_type" doc:"令牌类型｜Type of the token" example:"Bearer"`
	ExpiresAt moment   `json:"expires_at" doc:"令牌到期时间；到期后重新静默登录｜When the token ends; sign in silently again then" example:"2026-11-21T10:00:00+08:00"`
	User      userView `json:"user" doc:"当前用户｜The user"`
}

type userView struct {
	Platform identity.Platform `json:"platform" doc:"平台｜Platform" example:"wechat"`
	App      string            `json:"app" doc:"小程序的配置名｜Configured name of the mini-program" example:"main"`
	Links    int               `json:"links" doc:"已绑定的参保人数｜How many insured persons are linked" example:"1"`
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
	ID        string `json:"id" doc:"登录记录编号，用于 DELETE /v1/sessions/{id}｜Id of the session, for DELETE /v1/sessions/{id}" example:"K3ZTQ7XNB5WRJ2M6VDYAHP4ELC"`
	CreatedAt moment `json:"created_at" doc:"登录时间｜When the session began"`
	ExpiresAt moment `json:"expires_at" doc:"登录的到期时间｜When the session ends" example:"2026-11-21T10:00:00+08:00"`
	Current   bool   `json:"current" doc:"是否为本次登录｜Is it the session in use?" example:"true"`
}

type sessionsView struct {
	Sessions []sessionView `json:"sessions" doc:"由旧到新，最近的 50 条｜The newest 50, oldest first"`
}

const shownSessions = 50

func (s *server) listSessions(ctx context.Context, _ *none) (*out[sessionsView], error) {
	caller := callerOf(ctx)
	list, err := s.Sessions.List(ctx, caller)
	if err != nil {
		return nil, err
	}
	list = list[max(0, len(list)-shownSessions):]
	return answer(sessionsView{each(list, func(one identity.Session) sessionView {
		return sessionView{one.ID, stamp(one.CreatedAt), stamp(one.ExpiresAt), one.ID == caller.SessionID}
	})}), nil
}

// signOut ends one session of the caller; "current" names the one in use.
func (s *server) signOut(ctx context.Context, in *SessionID) (*struct{}, error) {
	caller := callerOf(ctx)
	id := in.ID
	if id == "current" {
		id = caller.SessionID
	}
	return nil, s.Sessions.SignOut(ctx, caller, id)
}

type meView struct {
	Platform identity.Platform `json:"platform" doc:"平台｜Platform" example:"wechat"`
	App      string            `json:"app" doc:"小程序的配置名｜Configured name of the mini-program" example:"main"`
	Session  meSessionView     `json:"session" doc:"本次登录｜The session in use"`
	Insured  []insuredView     `json:"insured" doc:"已绑定的参保人｜Insured persons linked to the user"`
	Quotas   []quotaView       `json:"quotas" doc:"各消息模板的订阅次数｜Subscriptions to each message template"`
}

type meSessionView struct {
	ID        string `json:"id" doc:"登录记录编号｜Id of the session" example:"K3ZTQ7XNB5WRJ2M6VDYAHP4ELC"`
	ExpiresAt moment `json:"expires_at" doc:"登录的到期时间｜When the session ends" example:"2026-11-21T10:00:00+08:00"`
}

func (s *server) me(ctx context.Context, _ *none) (*out[meView], error) {
	caller := callerOf(ctx)
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
