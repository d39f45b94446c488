package handlers

import (
	"context"
	"strings"

	"golang.org/x/text/unicode/norm"

	"yibao/handlers/web"
)

type shortcutInput struct {
	Text string `query:"text" required:"true" minLength:"1" maxLength:"100" example:"我的报销到哪了"`
}

type shortcutView struct {
	Understood bool   `json:"understood" example:"true"`
	Screen     string `json:"screen,omitempty" enum:"insurance_code,claims,unusual,settlements,contributions,pooled,institutions,ledger,trend,reminder,link,balance" example:"claims"`
	Title      string `json:"title,omitempty" example:"报销进度"`
	Message    string `json:"message" example:"打开报销进度"`
}

// shortcut is a screen and the words that mean it: any of the words is enough.
type shortcut struct {
	screen string
	title  text
	words  []string
}

// shortcuts are tried in this order, so a screen with special words stands before one with general words: "医保码" is not
// "医保", "缴费记录" is not "记录". Words are in the small letters and the half width of fold.
var shortcuts = []shortcut{
	{"insurance_code", text{"医保码", "Insurance code"}, []string{"医保码", "电子凭证", "付款码", "二维码", "扫码", "insurance code", "qr code"}},
	{"reminder", text{"余额提醒", "Balance reminder"}, []string{"提醒", "通知", "remind", "alert"}},
	{"claims", text{"报销进度", "Progress of claims"}, []string{"报销", "零星", "进度", "审核到", "到账了", "claim", "reimburse"}},
	{"unusual", text{"值得核对的结算", "Bills to look at"}, []string{"异常", "盗刷", "多扣", "重复扣", "乱扣", "不是我", "unusual", "fraud"}},
	{"contributions", text{"缴费记录", "Contributions"}, []string{"缴费", "交费", "缴纳", "交了多少", "缴了", "断缴", "断交", "参保记录", "社保交", "contribution", "premium"}},
	{"institutions", text{"定点医药机构", "Designated institutions"}, []string{"定点", "医院名单", "哪家医院", "慢病", "慢特病", "institution", "hospital list"}},
	{"pooled", text{"统筹基金", "Pooled fund"}, []string{"统筹", "起付线", "门槛费", "封顶", "额度", "报了多少", "pooled", "deductible", "quota"}},
	{"trend", text{"余额走势", "Balance trend"}, []string{"走势", "趋势", "图表", "曲线", "变化", "trend", "chart"}},
	{"ledger", text{"个人账户明细", "Account ledger"}, []string{"账户明细", "收支", "划入", "划账", "返款", "返钱", "到账", "流水", "ledger"}},
	{"settlements", text{"结算记录", "Bills"}, []string{"结算", "消费", "花了", "花费", "账单", "看病", "买药", "购药", "就诊", "就医", "门诊", "住院", "药店", "明细", "记录", "刷卡", "bill", "spent", "spending", "settlement"}},
	{"link", text{"绑定参保人", "Link a person"}, []string{"绑定", "添加家人", "加家人", "添加成员", "解绑", "link"}},
	{"balance", text{"医保余额", "Balance"}, []string{"余额", "多少钱", "剩多少", "还有多少", "还剩", "个人账户", "医保", "账户", "balance", "account", "how much"}},
}

var (
	textOpen          = text{"打开", "Open: "}
	textNotUnderstood = text{"没有听懂，您可以说“查询医保余额”“我的报销到哪了”“缴费记录”", "This was not understood. You can say \"balance\", \"my claim\" or \"contributions\"."}
)

// getShortcut finds the screen that a spoken text means. The text is kept nowhere.
func (s *server) getShortcut(ctx context.Context, in *shortcutInput) (*out[shortcutView], error) {
	l := web.LanguageOf(ctx)
	found := understand(in.Text)
	if found == nil {
		return answer(shortcutView{Message: textNotUnderstood[l]}), nil
	}
	return answer(shortcutView{Understood: true, Screen: found.screen, Title: found.title[l], Message: textOpen[l] + found.title[l]}), nil
}

// understand returns nil for a text without any of the words.
func understand(said string) *shortcut {
	said = fold(said)
	for i := range shortcuts {
		for _, word := range shortcuts[i].words {
			if strings.Contains(said, fold(word)) {
				return &shortcuts[i]
			}
		}
	}
	return nil
}

// fold drops what speech recognition adds: width, case, blanks, punctuation.
func fold(s string) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune(" ,.?!，。？！、~“”\"'\t\n", r) {
			return -1
		}
		return r
	}, strings.ToLower(norm.NFKC.String(s)))
}
