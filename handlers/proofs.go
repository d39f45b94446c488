package handlers

import (
	"maps"
	"slices"

	"github.com/danielgtaylor/huma/v2"

	"yibao/handlers/web"
	"yibao/identity"
	"yibao/identity/linking"
)

// This file has all that a kind of proof adds to the API: its sentences, the fields of its answer, its errors.

// proofTexts are the sentences of one method: while its answer is awaited, and once it was right.
type proofTexts struct{ waiting, right text }

var proofs = map[identity.Method]proofTexts{
	identity.SMSOnFile: {
		text{
			"如信息与参保登记一致，验证码将在约2分钟内发送至参保登记的手机号。如未收到，请核对所填信息后重新发起，或一小时后再试；也可拨打12393医保服务热线咨询登记的手机号。验证码请勿告诉他人",
			"If the details match the registration, a code is sent within about 2 minutes to the phone number on file. If none comes, please check the details and start again, or try again in an hour, or " +
				"call the medical-insurance hotline 12393 about the number on file. Never give the code to anyone.",
		},
		text{"验证码正确，正在向医保系统核验，约需1分钟，请稍后查看", "The code is right. We are confirming with the medical-insurance system, which takes about a minute; please look again shortly."},
	},
	identity.CardPassword: {
		text{"请输入医保卡号和查询密码", "Please enter the number and the query password of the insurance card."},
		text{"密码正确，正在向医保系统核验，约需1分钟，请稍后查看", "The password is right. We are confirming with the medical-insurance system, which takes about a minute; please look again shortly."},
	},
}

// proofMethod is a method as requests and answers name it.
type proofMethod identity.Method

// Schema lists the methods.
func (proofMethod) Schema(huma.Registry) *huma.Schema {
	s := &huma.Schema{Type: huma.TypeString, Examples: []any{identity.SMSOnFile}}
	for _, method := range slices.Sorted(maps.Keys(proofs)) {
		s.Enum = append(s.Enum, string(method))
	}
	return s
}

// proofBody is an answer: each method has its own fields.
type proofBody struct {
	Code       string `json:"code,omitempty" minLength:"1" maxLength:"32" example:"000000"`
	CardNumber string `json:"card_number,omitempty" minLength:"1" maxLength:"64"`
	Password   string `json:"password,omitempty" minLength:"1" maxLength:"64"`
}

var proofFields = web.Fields{
	"ProofBody": {
		"code": {
			"短信验证码，method 为 sms_on_file 时必填；全角数字和空格也可以",
			"Code from the SMS, for the method sms_on_file; full-width digits and spaces will do",
		},
		"card_number": {"医保卡号，method 为 card_password 时必填", "Number of the insurance card, for the method card_password"},
		"password":    {"医保卡查询密码，method 为 card_password 时必填", "Query password of the insurance card, for the method card_password"},
	},
}

var (
	errCodeWrong = publish(&web.Error{Code: "code_wrong", Status: 422, Field: "code", Text: text{"验证码不正确，请核对后重新输入", "The code is not right. Please check it and enter it again."},
		Detail: text{"验证码不符，已计入 tries_left", "The code does not match; tries_left counts it."}})
	errCodeExpired = publish(&web.Error{Code: "code_expired", Status: 422, Field: "code", Text: text{"验证码已过期，请重新获取", "The code has expired. Please ask for a new one."},
		Detail: text{"超过 code_expires_in，请调用重发接口", "code_expires_in has passed; ask for another code."}})
	errPassword = publish(&web.Error{Code: "password_wrong", Status: 422, Field: "password", Text: text{"卡号或查询密码不正确，请核对后重新输入", "The card number or the query password is not right. Please check and enter them again."},
		Detail: text{"卡号与密码不符，已计入 tries_left", "Number and password do not match; tries_left counts it."}})
)

// proofErrors are what an answer can come to.
var proofErrors = []serviceError{
	{linking.ErrCodeWrong, errCodeWrong},
	{linking.ErrCodeExpired, errCodeExpired},
	{linking.ErrPasswordWrong, errPassword},
}

// publicOf are the public errors of a list.
func publicOf(list []serviceError) []*web.Error {
	return each(list, func(e serviceError) *web.Error { return e.public })
}
