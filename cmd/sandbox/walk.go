package main

import (
	"fmt"
	"io"
	"strings"
	"time"

	"yibao/balance"
	"yibao/cmd/internal/phone"
)

// walker is the person that the walk-through links: the first of people() that is nothing special.
const walker = 5

// step is a part of the walk-through. The explanation stands outside the lines, because zsh takes a # in a pasted line
// for a command. An explanation that is pasted all the same does nothing: no shell knows its first word, nor waits for more.
type step struct {
	title func(language) string // "" for none
	lines string
}

// walkThrough is the main job as curl lines for bash and zsh; README.md and README.zh-CN.md show the same ones. sed takes
// out the one field that a later line needs.
func walkThrough(api, world string, p phone.Person) []step {
	fill := strings.NewReplacer("{api}", api, "{world}", world, "{region}", p.Region, "{name}", p.Name, "{id}", p.IDNumber,
		"{consent}", consentDemo).Replace
	explained := func(en, zh, lines string) step {
		return step{func(l language) string { return fill(l.say(en, zh)) }, fill(lines)}
	}
	return []step{
		explained("", "", `API={api} WORLD={world} JSON="Content-Type: application/json"
`),
		explained("Sign in, with the code that wx.login would give the mini-program:", "凭小程序调用 wx.login 得到的登录凭证登录：",
			`CODE=$(curl -sS "$WORLD/control/wechat/code?app=demo&user=me")
TOKEN=$(curl -sS $API/v1/sessions -H "$JSON" -d '{"platform":"wechat","app":"demo","code":"'$CODE'"}' | sed 's/.*"token":"\([^"]*\).*/\1/')
AUTH="Authorization: Bearer $TOKEN"
`),
		explained("Next, link {name}: name, ID number, region and consent, then the code from the SMS:", "绑定参保人{name}，先提交姓名、证件号码、参保地和授权同意，再提交短信验证码：",
			`ATTEMPT=$(curl -sS $API/v1/link-attempts -H "$AUTH" -H "$JSON" -d '{"region":"{region}","name":"{name}","id_number":"{id}","relation":"self","method":"sms_on_file","consent":{"version":"{consent}","unattended":true}}' | sed 's/.*"id":"\([^"]*\).*/\1/')
SMS=$(curl -sS "$WORLD/control/sms/latest?attempt=$ATTEMPT&wait=10")
ID=$(curl -sS $API/v1/link-attempts/$ATTEMPT/proof -H "$AUTH" -H "$JSON" -d '{"code":"'$SMS'"}' | sed 's/.*"insured_id":"\([^"]*\).*/\1/')
`),
		explained("See the balance, and its chart:", "查看余额和走势图：",
			`curl -sS $API/v1/insured/$ID/balance -H "$AUTH"; echo
curl -sS "$API/v1/insured/$ID/charts/trend?format=echarts" -H "$AUTH"; echo
`),
		explained("Set a line at ¥100, tap allow for one message, and report that tap as the mini-program does:", "将提醒金额设为 100 元，同意接收一条通知，再像小程序那样上报同意结果：",
			`curl -sS $WORLD/control/balance -H "$JSON" -d '{"id_number":"{id}","region":"{region}","yuan":"500"}'; sleep 2
curl -sS -X PUT $API/v1/insured/$ID/reminder -H "$AUTH" -H "$JSON" -d '{"threshold_fen":10000,"consent":{"version":"{consent}"}}'; echo
curl -sS $WORLD/control/grant -H "$JSON" -d '{"platform":"wechat","app":"demo","user":"me","template":"demo-wechat-low-balance"}'; echo
curl -sS $API/v1/subscriptions -H "$AUTH" -H "$JSON" -d '{"report_id":"'$ATTEMPT'","results":{"demo-wechat-low-balance":"accept"}}'; echo
`),
		explained("Spend money, and see the notification as the phone shows it:", "发生一笔消费，查看手机收到的通知：",
			`curl -sS $WORLD/control/balance -H "$JSON" -d '{"id_number":"{id}","region":"{region}","yuan":"56.78"}'; echo
sleep 5; curl -sS "$WORLD/control/inbox/latest?user=me&kind=wechat&wait=20"; echo
`),
	}
}

// demoChart shows the past of the demo user of Alipay. Its variables are its own: the lines above, and those of the README,
// go on with theirs.
func demoChart() step {
	from := balance.DayOf(time.Now()).Add(-pastDays)
	return step{func(l language) string {
		return l.say("The chart of the demo user of Alipay:", "支付宝演示用户的走势图：")
	},
		fmt.Sprintf(`DEMO_CODE=$(curl -sS "$WORLD/control/alipay/code?app=demo&user=%[1]s")
DEMO_TOKEN=$(curl -sS $API/v1/sessions -H "$JSON" -d '{"platform":"alipay","app":"demo","code":"'$DEMO_CODE'"}' | sed 's/.*"token":"\([^"]*\).*/\1/')
DEMO_ID=$(curl -sS $API/v1/insured -H "Authorization: Bearer $DEMO_TOKEN" | sed 's/.*"id":"\([^"]*\).*/\1/')
curl -sS "$API/v1/insured/$DEMO_ID/charts/trend?from=%[2]s&step=day&format=f2" -H "Authorization: Bearer $DEMO_TOKEN"; echo
`, demoUser, from)}
}

// show prints the steps, the lines further in than their explanations.
func show(out io.Writer, l language, steps []step) {
	for _, s := range steps {
		if title := s.title(l); title != "" {
			fmt.Fprintf(out, "\n  %s\n", title)
		}
		fmt.Fprintf(out, "\n%s\n", indent(strings.TrimSpace(s.lines), "    "))
	}
}
