package handlers

import "yibao/handlers/web"

// noticeFields explain the fields of notices.go.
var noticeFields = web.Fields{
	"NoticeView": {
		"code":    {"提示的代码", "Code of the notice"},
		"message": {"提示，可直接展示给用户", "The notice in words that can be shown to the user"},
		"at":      {"提示所述情况的时间", "Time that the notice is about"},
	},
}
