package handlers

import "yibao/handlers/web"

// codeOpeningFields explain the fields of insurance_code.go.
var codeOpeningFields = web.Fields{
	"CodeOpeningView": {
		"configured": {"是否已配置打开方式", "Is there a way to open it?"},
		"platform":   {"当前用户的平台", "The user's platform"},
		"region":     {"绑定地区的行政区划代码", "Code of the region of the link"},
		"app_id":     {"要跳转的小程序的 app id（wx.navigateToMiniProgram 或 my.navigateToMiniProgram）", "App id of the mini-program to go to (navigateToMiniProgram)"},
		"path":       {"该小程序的页面；省略为首页", "Its page; the first one if absent"},
		"plugin":     {"插件页面地址，用页面跳转打开", "Address of a plugin's page, opened as a page"},
		"scheme":     {"由平台打开的地址", "Address that the platform opens"},
		"message":    {"说明，可直接展示给用户", "What happens, in words that can be shown to the user"},
	},
}
