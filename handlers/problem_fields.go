package handlers

// problemFields explains the fields of problem.go.
var problemFields = fields{
	"Problem": {
		"type":   {"问题类型，由错误码构成", "Kind of problem, made of the code"},
		"title":  {"概要，语言随 Accept-Language 而定", "Summary, in the language asked for"},
		"status": {"HTTP 状态码", "HTTP status"},
		"code": {
			"错误码，程序据此处理；已有的不会改变含义，今后可能增加新的，未知的请按 status 处理",
			"Code to decide by. Codes keep their meaning; new ones may come: treat those by status",
		},
		"detail":     {"可直接展示给用户的说明", "Explanation that can be shown to the user"},
		"request_id": {"请求编号，反馈问题时请提供", "Id of the request, to be named when reporting a fault"},
		"errors":     {"各字段的错误", "What is wrong with single fields"},
	},
	"FieldError": {
		"field": {
			"字段，如 consent.version；空字符串表示整个内容",
			"Field, such as consent.version; an empty string stands for the whole content",
		},
		"code": {"字段错误码", "Code of what is wrong with the field"},
		"text": {"可直接展示给用户的说明", "Explanation that can be shown to the user"},
	},
}
