package handlers

import (
	"context"
	"net/http"
	"time"

	"yibao/handlers/web"
	"yibao/identity"
	"yibao/identity/linking"
)

type startLinkInput struct {
	Body struct {
		Region   string            `json:"region" pattern:"^[0-9]{6}$" example:"330100"`
		Name     string            `json:"name" minLength:"1" maxLength:"64" example:"测试甲"`
		IDType   string            `json:"id_type,omitempty" maxLength:"3" default:"01" example:"01"`
		IDNumber string            `json:"id_number" minLength:"1" maxLength:"64" example:"11010119000101001X"`
		Relation identity.Relation `json:"relation" enum:"self,spouse,parent,child,other" example:"self"`
		Method   proofMethod       `json:"method"`
		Consent  linkConsent       `json:"consent"`
	}
}

type linkConsent struct {
	Version    string `json:"version" minLength:"1" maxLength:"64" example:"2026-11"`
	Unattended bool   `json:"unattended,omitempty" example:"true"`
	Guardian   bool   `json:"guardian,omitempty" example:"false"`
}

type attemptView struct {
	ID            string      `json:"id" example:"K3ZTQ7XNB5WRJ2M6VDYAHP4ELC"`
	State         string      `json:"state" enum:"waiting,proving,full,linked,failed" example:"waiting"`
	Method        proofMethod `json:"method"`
	Message       string      `json:"message" example:"如信息与参保登记一致，验证码将在约2分钟内发送至登记手机号"`
	Reason        string      `json:"reason,omitempty" example:"tries_used_up"`
	InsuredID     string      `json:"insured_id,omitempty" example:"QW7M2XKD5ZB3TNR6VAJHP4ELCY"`
	SendsLeft     int         `json:"sends_left" example:"2"`
	TriesLeft     int         `json:"tries_left" example:"5"`
	ExpiresIn     int         `json:"expires_in" example:"900"`
	CodeExpiresIn *int        `json:"code_expires_in,omitempty" example:"300"`
	ResendIn      *int        `json:"resend_in,omitempty" example:"60"`
	PollIn        int         `json:"poll_in,omitempty" example:"3"`
	Others        []otherView `json:"others,omitempty"`
}

// otherView is somebody else's link to the same person. It does not say whose.
type otherView struct {
	ID       string            `json:"id" example:"0b6f2c8e4d1a97350b6f2c8e4d1a9735"`
	Platform identity.Platform `json:"platform" enum:"wechat,alipay" example:"wechat"`
	Relation identity.Relation `json:"relation" enum:"self,spouse,parent,child,other" example:"other"`
	Since    moment            `json:"since" example:"2026-09-01T20:15:00+08:00"`
}

// pollIn is how many seconds a client waits before it asks again after an attempt that is being confirmed. (One that waits
// for its answer changes by the client's own doing alone.)
const pollIn = 3

// startLink answers the same, at once, whether the person exists or not.
func (s *server) startLink(ctx context.Context, in *startLinkInput) (*out[attemptView], error) {
	body := &in.Body
	attempt, err := s.Linking.Start(ctx, web.CallerOf(ctx), linking.Request{
		Region: body.Region, Name: body.Name, IDType: body.IDType, IDNumber: body.IDNumber,
		Relation: body.Relation, Method: identity.Method(body.Method), ConsentVersion: body.Consent.Version,
		Unattended: body.Consent.Unattended, Guardian: body.Consent.Guardian,
		Address: web.AddressOf(ctx),
	})
	if err != nil {
		return nil, err
	}
	// The whole times, not the rest: the answer must not show how long the start took.
	view := s.attempt(ctx, attempt, attempt.CreatedAt)
	view.ExpiresIn = secondsLeft(attempt.ExpiresAt, attempt.CreatedAt)
	return answer(view), nil
}

func (s *server) getAttempt(ctx context.Context, in *AttemptID) (*out[attemptView], error) {
	attempt, err := s.Linking.Attempt(ctx, web.CallerOf(ctx), in.ID)
	if err != nil {
		return nil, err
	}
	return s.withOthers(ctx, attempt)
}

// withOthers shows an attempt with the links that its person may end.
func (s *server) withOthers(ctx context.Context, attempt *identity.Attempt) (*out[attemptView], error) {
	others, err := s.Linking.Others(ctx, attempt)
	if err != nil {
		return nil, err
	}
	view := s.attempt(ctx, attempt, s.Now())
	if len(others) > 0 {
		view.Others = each(others, func(o linking.Other) otherView { return otherView{o.ID, o.Platform, o.Relation, stamp(o.Since)} })
	}
	return answer(view), nil
}

type otherInput struct {
	AttemptID
	Other string `path:"other" maxLength:"128" example:"0b6f2c8e4d1a97350b6f2c8e4d1a9735"`
}

func (s *server) endOther(ctx context.Context, in *otherInput) (*out[attemptView], error) {
	attempt, err := s.Linking.EndOther(ctx, web.CallerOf(ctx), in.ID, in.Other)
	if err != nil {
		return nil, err
	}
	return s.withOthers(ctx, attempt)
}

func (s *server) resendCode(ctx context.Context, in *AttemptID) (*out[attemptView], error) {
	attempt, err := s.Linking.Resend(ctx, web.CallerOf(ctx), in.ID)
	if err != nil {
		return nil, err
	}
	return answer(s.attempt(ctx, attempt, s.Now())), nil
}

type proofInput struct {
	AttemptID
	Body proofBody
}

// proveLink answers 202 when the answer was right but the upstream cannot be asked just now.
func (s *server) proveLink(ctx context.Context, in *proofInput) (*reply[attemptView], error) {
	attempt, err := s.Linking.Prove(ctx, web.CallerOf(ctx), in.ID, linking.Answer(in.Body))
	if err != nil {
		return nil, s.notProved(err, attempt)
	}
	status := http.StatusOK
	if attempt.State == identity.AttemptProved {
		status = http.StatusAccepted
	}
	shown, err := s.withOthers(ctx, attempt)
	if err != nil {
		return nil, err
	}
	return &reply[attemptView]{Status: status, Body: shown.Body}, nil
}

// notProved tells with a wrong answer how many tries are left, and with the last one that it is over.
func (s *server) notProved(err error, attempt *identity.Attempt) error {
	failure := classify(err)
	if failure == nil || attempt == nil {
		return err
	}
	left := s.Linking.TriesLeft(attempt)
	failure.TriesLeft = &left
	if left == 0 {
		failure.Public = errNoTriesLeft
	}
	return failure
}

// provenExamples are the two answers to a right code, as the document shows them.
var provenExamples = map[int]any{
	http.StatusOK: attemptView{
		ID: "K3ZTQ7XNB5WRJ2M6VDYAHP4ELC", State: "linked", Method: proofMethod(identity.SMSOnFile), Message: textLinked[web.Chinese],
		InsuredID: "QW7M2XKD5ZB3TNR6VAJHP4ELCY", SendsLeft: 2, TriesLeft: 5, ExpiresIn: 840,
	},
	http.StatusAccepted: attemptView{
		ID: "K3ZTQ7XNB5WRJ2M6VDYAHP4ELC", State: "proving", Method: proofMethod(identity.SMSOnFile), Message: proofs[identity.SMSOnFile].right[web.Chinese],
		SendsLeft: 2, TriesLeft: 5, ExpiresIn: 840, PollIn: pollIn,
	},
}

// attempt shows an attempt. Requested and waiting look alike, and so does a first code before and after it is sent: the
// progress in the background depends on whether the person exists.
func (s *server) attempt(ctx context.Context, a *identity.Attempt, now time.Time) attemptView {
	l := web.LanguageOf(ctx)
	view := attemptView{
		ID: a.ID, Method: proofMethod(a.Method), State: string(a.State),
		SendsLeft: s.Linking.SendsLeft(a), TriesLeft: s.Linking.TriesLeft(a), ExpiresIn: s.Linking.ExpiresIn(a),
	}
	switch a.State {
	case identity.AttemptRequested, identity.AttemptWaiting:
		view.State, view.Message = "waiting", proofs[a.Method].waiting[l]
		view.CodeExpiresIn, view.ResendIn = s.Linking.CodeExpiresIn(a, now), s.Linking.ResendIn(a, now)
	case identity.AttemptProved:
		view.State, view.Message, view.PollIn = "proving", proofs[a.Method].right[l], pollIn
	case identity.AttemptFull:
		view.Message = textFull[l]
	case identity.AttemptLinked:
		view.InsuredID, view.Message = a.LinkID, textLinked[l]
	case identity.AttemptFailed:
		view.Reason, view.Message = a.Reason, reasonText(failureTexts, a.Reason, l)
	}
	return view
}
