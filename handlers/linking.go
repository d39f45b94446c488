package handlers

import (
	"context"
	"net/http"

	"yibao/identity"
)

type startLinkInput struct {
	Body struct {
		Region   string            `json:"region" pattern:"^[0-9]{6}$" doc:"参保地行政区划代码，见 GET /v1/regions｜Code of the region enrolled in, see GET /v1/regions" example:"330100"`
		Name     string            `json:"name" minLength:"1" maxLength:"64" doc:"参保人姓名｜Name of the insured person" example:"测试甲"`
		IDType   string            `json:"id_type,omitempty" maxLength:"3" default:"01" doc:"证件类型（psn_cert_type），01 为居民身份证｜Type of ID (psn_cert_type); 01 is the resident ID card" example:"01"`
		IDNumber string            `json:"id_number" minLength:"1" maxLength:"64" doc:"证件号码｜Number of the ID" example:"11010119000101001X"`
		Relation identity.Relation `json:"relation" enum:"self,spouse,parent,child,other" doc:"参保人是用户的：self 本人；spouse 配偶；parent 父母；child 子女；other 其他｜What the person is to the user" example:"self"`
		Method   identity.Method   `json:"method" enum:"sms_on_file" doc:"身份核验方式，见 GET /v1/regions｜Way to verify, see GET /v1/regions" example:"sms_on_file"`
		Consent  linkConsent       `json:"consent" doc:"用户的同意｜What the user agrees to"`
	}
}

type linkConsent struct {
	Version    string `json:"version" minLength:"1" maxLength:"64" doc:"已同意的授权说明版本，须为现行版本｜Version of the text that is agreed to; must be the one in force" example:"2026-11"`
	Unattended bool   `json:"unattended,omitempty" doc:"是否同意系统定期查询余额（每日记录与余额提醒需要）｜May the balance be read regularly without being asked for? Daily records and reminders need it" example:"true"`
	Guardian   bool   `json:"guardian,omitempty" doc:"以监护人身份同意（参保人未满十四周岁时需要）｜Is the consent given as guardian? Needed for a person under 14" example:"false"`
}

type attemptView struct {
	ID        string          `json:"id" doc:"绑定申请编号，用于 /v1/link-attempts/{id}｜Id of the attempt, for /v1/link-attempts/{id}" example:"K3ZTQ7XNB5WRJ2M6VDYAHP4ELC"`
	State     string          `json:"state" enum:"waiting,proving,linked,failed" doc:"waiting 等待验证码；proving 核验中，请稍后查看；linked 已绑定；failed 未成功，见 reason｜State of the attempt. waiting: for the code; proving: being confirmed, look again shortly; linked: done; failed: see reason" example:"waiting"`
	Method    identity.Method `json:"method" doc:"身份核验方式｜Way of verifying" example:"sms_on_file"`
	Message   string          `json:"message" doc:"可直接展示给用户的说明｜Explanation that can be shown to the user" example:"如信息与参保登记一致，验证码将发送至登记手机号"`
	Reason    string          `json:"reason,omitempty" doc:"未成功的原因；仅在 failed 时出现｜Why the attempt failed; absent unless it did"`
	InsuredID string          `json:"insured_id,omitempty" doc:"参保人编号；仅在 linked 时出现｜Id of the insured person; absent until linked"`
	SendsLeft int             `json:"sends_left" doc:"还可以发送几次验证码｜How many more codes can be sent" example:"2"`
	TriesLeft int             `json:"tries_left" doc:"还可以输错几次｜How many more wrong codes are allowed" example:"5"`
	ExpiresIn int             `json:"expires_in" doc:"本次申请的剩余秒数｜Seconds left for this attempt" example:"900"`
}

// startLink answers the same, at once, whether the person exists or not.
func (s *server) startLink(ctx context.Context, in *startLinkInput) (*out[attemptView], error) {
	body := &in.Body
	attempt, err := s.Linking.Start(ctx, callerOf(ctx), identity.LinkRequest{
		Region: body.Region, Name: body.Name, IDType: body.IDType, IDNumber: body.IDNumber,
		Relation: body.Relation, Method: body.Method, ConsentVersion: body.Consent.Version,
		Unattended: body.Consent.Unattended, Guardian: body.Consent.Guardian,
		Address: callOf(ctx).address.String(),
	})
	if err != nil {
		return nil, err
	}
	view := s.attempt(ctx, attempt)
	// Not what is left but the whole: how long the start took must not show.
	view.ExpiresIn = secondsLeft(attempt.ExpiresAt, attempt.CreatedAt)
	return answer(view), nil
}

func (s *server) getAttempt(ctx context.Context, in *AttemptID) (*out[attemptView], error) {
	attempt, err := s.Linking.Attempt(ctx, callerOf(ctx), in.ID)
	if err != nil {
		return nil, err
	}
	return answer(s.attempt(ctx, attempt)), nil
}

func (s *server) resendCode(ctx context.Context, in *AttemptID) (*out[attemptView], error) {
	attempt, err := s.Linking.Resend(ctx, callerOf(ctx), in.ID)
	if err != nil {
		return nil, err
	}
	return answer(s.attempt(ctx, attempt)), nil
}

type proofInput struct {
	AttemptID
	Body struct {
		Code string `json:"code" minLength:"1" maxLength:"32" doc:"短信验证码；全角数字和空格也可以｜Code from the SMS; full-width digits and spaces will do" example:"000000"`
	}
}

// proveLink answers 202 when the code was right but the upstream cannot be asked just now.
func (s *server) proveLink(ctx context.Context, in *proofInput) (*reply[attemptView], error) {
	attempt, err := s.Linking.Prove(ctx, callerOf(ctx), in.ID, in.Body.Code)
	if err != nil {
		return nil, err
	}
	status := http.StatusOK
	if attempt.State == identity.AttemptProved {
		status = http.StatusAccepted
	}
	return &reply[attemptView]{Status: status, Body: s.attempt(ctx, attempt)}, nil
}

// provenExamples are what the document shows of the two answers to a right code.
var provenExamples = map[int]any{
	http.StatusOK: attemptView{
		ID: "K3ZTQ7XNB5WRJ2M6VDYAHP4ELC", State: "linked", Method: identity.SMSOnFile, Message: textLinked.zh,
		InsuredID: "QW7M2XKD5ZB3TNR6VAJHP4ELCY", SendsLeft: 2, TriesLeft: 5, ExpiresIn: 840,
	},
	http.StatusAccepted: attemptView{
		ID: "K3ZTQ7XNB5WRJ2M6VDYAHP4ELC", State: "proving", Method: identity.SMSOnFile, Message: textProving.zh,
		SendsLeft: 2, TriesLeft: 5, ExpiresIn: 840,
	},
}

// attempt shows an attempt. Requested and waiting look alike, and so do the first code on its way and sent: how far the
// work in the background has come depends on whether the person exists.
func (s *server) attempt(ctx context.Context, a *identity.Attempt) attemptView {
	l := callOf(ctx).language
	view := attemptView{
		ID: a.ID, Method: a.Method, State: string(a.State),
		SendsLeft: s.Linking.SendsLeft(a), TriesLeft: s.Linking.TriesLeft(a), ExpiresIn: s.Linking.ExpiresIn(a),
	}
	switch a.State {
	case identity.AttemptRequested, identity.AttemptWaiting:
		view.State, view.Message = "waiting", textCodeSent.in(l)
	case identity.AttemptProved:
		view.State, view.Message = "proving", textProving.in(l)
	case identity.AttemptLinked:
		view.InsuredID, view.Message = a.LinkID, textLinked.in(l)
	case identity.AttemptFailed:
		view.Reason, view.Message = a.Reason, reasonText(failureTexts, a.Reason, l)
	}
	return view
}
