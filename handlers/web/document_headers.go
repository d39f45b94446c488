package web

import (
	"github.com/danielgtaylor/huma/v2"
	"github.com/gofiber/fiber/v2"
)

// declareHeaders names the headers that every operation reads and writes.
func declareHeaders(op *huma.Operation) {
	language := &huma.Param{
		Name: fiber.HeaderAcceptLanguage, In: "header", Example: Chinese.Tag(),
		Schema: &huma.Schema{Type: huma.TypeString, Default: Chinese.Tag()},
	}
	describe(&language.Description, &language.Extensions, Text{
		"返回文字的语言：zh-CN 或 en；省略为简体中文", "Language of the texts: zh-CN or en; Chinese if left out",
	})
	op.Parameters = append(op.Parameters, language)
	for status, response := range op.Responses {
		response.Headers = map[string]*huma.Param{
			headerRequestID: answerHeader(huma.TypeString, Text{"请求编号，反馈问题时请提供", "Id of the request, to be named when reporting a fault"}),
		}
		if status >= "400" {
			response.Headers[fiber.HeaderContentLanguage] = answerHeader(huma.TypeString, Text{"返回文字的语言", "Language of the texts"})
		}
		switch status {
		case "401":
			response.Headers[fiber.HeaderWWWAuthenticate] = answerHeader(huma.TypeString, Text{
				"令牌无效或已过期时为 Bearer", "Bearer where the token is missing or no longer good",
			})
		case "429", "503":
			response.Headers[fiber.HeaderRetryAfter] = answerHeader(huma.TypeInteger, Text{
				"秒数，之后可以重试；程序能否自行等待，见 retryable",
				"Seconds after which to try again; retryable says whether the program may wait by itself",
			})
		}
	}
}

func answerHeader(kind string, about Text) *huma.Param {
	header := &huma.Param{Schema: &huma.Schema{Type: kind}}
	describe(&header.Description, &header.Extensions, about)
	return header
}
