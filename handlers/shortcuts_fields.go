package handlers

import "yibao/handlers/web"

// shortcutFields explain the fields of shortcuts.go.
var shortcutFields = web.Fields{
	"/v1/shortcuts": {"text": {"语音识别得到的文字", "Text that speech recognition gave"}},
	"ShortcutView": {
		"understood": {"是否听懂", "Was it understood?"},
		"screen":     {"要打开的页面；没有听懂时不出现", "Screen to open; absent where it was not understood"},
		"title":      {"页面名称；没有听懂时不出现", "Name of the screen; absent where it was not understood"},
		"message":    {"说明，可直接展示给用户", "What is opened, or what can be said, in words that can be shown to the user"},
	},
}
