package web

import (
	"context"
	"time"
)

// PartProblem says why one part of an answer is missing, while the others are there. It never carries a value of the
// request.
type PartProblem struct {
	Code    string `json:"code" example:"no_reading"`
	Message string `json:"message" example:"暂时无法获取余额，请约1分钟后再试"`
	Detail  string `json:"detail" example:"医保系统无法访问，且没有此前的数据"`
	RetryIn int    `json:"retry_in,omitempty" example:"30"`
}

// PartFields explain the fields of PartProblem, for an API that has one.
var PartFields = Fields{
	"PartProblem": {
		"code":    {"错误码，与接口出错时的 code 相同", "Code to decide by, as of an operation that fails"},
		"message": {"该部分无法获取的说明，可直接展示给用户", "Why the part is missing, in words that can be shown to the user"},
		"detail":  {"供开发者阅读的说明，请勿展示给用户", "Why the part is missing, for developers; not to be shown to the user"},
		"retry_in": {
			"多少秒后可以重试；不确定时不出现", "Seconds after which to try again; absent where that is not known",
		},
	},
}

// PartOf explains the error of a part in the request's language. It is for one goroutine at a time.
func PartOf(ctx context.Context, err error) *PartProblem {
	c := callOf(ctx)
	f := c.endpoint.server.classify(c, err)
	return &PartProblem{
		Code: f.Public.Code, Message: f.text(c.language), Detail: f.Public.Detail[c.language],
		RetryIn: roundUp(f.wait(), time.Second),
	}
}
