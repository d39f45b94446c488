package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"yibao/balance"
	"yibao/cmd/internal/phone"
	"yibao/platforms/simulator"
)

// walker is who the walk-through links: the first of people() that is nothing special.
const walker = 5

// banner prints where everything is and how to try it. Every line of the walk-through works when pasted into a shell.
func banner(ctx context.Context, out io.Writer, s *sandbox) error {
	fmt.Fprintf(out, `yibao sandbox. Nothing in it is real: invented people, simulated platforms.

  the server               %[1]s        its API: %[1]s/docs
  the simulated platforms  %[2]s        who lives there, and what can be asked of it: %[2]s/control
  data                     %[3]s        kept between runs; -fresh starts over
  one more server          YIBAO_SERVER__LISTEN=127.0.0.1:8081 go run ./cmd/server serve --config %[4]s
%[7]s
People to try, all insured in %[5]s (the other region, %[6]s, has no phone on file, so it offers no SMS proof):
`, s.api, s.world.URL, s.dir, s.world.ConfigFile, simulator.RegionA, simulator.RegionB, s.moved)
	people := s.people()
	for _, p := range people[2 : walker+1] {
		fmt.Fprintf(out, "  %s   id_number %s   phone %s\n", p.Name, p.IDNumber, p.Phone)
	}
	fmt.Fprint(out, "\nSign-in codes, each good for one sign-in within five minutes:\n")
	for _, platform := range []string{"wechat", "alipay"} {
		code, err := s.phone(platform, demoUser).Code(ctx)
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "  %s, user %s: %s   (a new one: curl \"%s/control/%s/code?app=demo&user=%s\")\n", platform, demoUser,
			code, s.world.URL, platform, demoUser)
	}
	fmt.Fprintf(out, "\nTwo demo users, one on each platform, were linked %d days ago", pastDays)
	if !hasPast(s.dir) {
		fmt.Fprint(out, " (their past is being filled in now; a line will say when it is there)")
	}
	fmt.Fprint(out, ".\n\nPaste these into another shell:\n\n")
	walkThrough(out, s.api, s.world.URL, people[walker])
	fmt.Fprint(out, "\nThe demo user's chart:\n\n")
	chartLines(out)
	_, err := fmt.Fprint(out, "\nReady. Ctrl-C stops.\n")
	return err
}

// walkThrough prints the main job as curl lines; README.md shows the same ones. sed takes out the one field that a later
// line needs.
func walkThrough(out io.Writer, api, world string, p phone.Person) {
	fmt.Fprintf(out, `    API=%[1]s WORLD=%[2]s

    # sign in, with the code that wx.login would give the mini-program
    CODE=$(curl -s "$WORLD/control/wechat/code?app=demo&user=me")
    TOKEN=$(curl -s $API/v1/sessions --json '{"platform":"wechat","app":"demo","code":"'$CODE'"}' | sed 's/.*"token":"\([^"]*\).*/\1/')
    AUTH="Authorization: Bearer $TOKEN"

    # link %[4]s: who it is, with consent; then the code from the SMS
    ATTEMPT=$(curl -s $API/v1/link-attempts -H "$AUTH" --json '{"region":"%[3]s","name":"%[4]s","id_number":"%[5]s","relation":"self","method":"sms_on_file","consent":{"version":"%[6]s","unattended":true}}' | sed 's/.*"id":"\([^"]*\).*/\1/')
    SMS=$(sleep 1; curl -s "$WORLD/control/sms/latest?phone=%[7]s&wait=10")
    ID=$(curl -s $API/v1/link-attempts/$ATTEMPT/proof -H "$AUTH" --json '{"code":"'$SMS'"}' | sed 's/.*"insured_id":"\([^"]*\).*/\1/')

    # the balance, and its chart
    curl -s $API/v1/insured/$ID/balance -H "$AUTH"; echo
    curl -s "$API/v1/insured/$ID/charts/trend?format=echarts" -H "$AUTH"; echo

    # a line at ¥100, the tap that allows one message, and the mini-program's report of that tap
    curl -s $WORLD/control/balance --json '{"id_number":"%[5]s","region":"%[3]s","yuan":"500"}'; sleep 2
    curl -s -X PUT $API/v1/insured/$ID/reminder -H "$AUTH" --json '{"threshold_fen":10000,"consent":{"version":"%[6]s"}}'; echo
    curl -s $WORLD/control/grant --json '{"platform":"wechat","app":"demo","user":"me","template":"demo-wechat-low-balance"}'; echo
    curl -s $API/v1/subscriptions -H "$AUTH" --json '{"report_id":"'$ATTEMPT'","results":{"demo-wechat-low-balance":"accept"}}'; echo

    # money is spent; the notification, as the phone shows it
    curl -s $WORLD/control/balance --json '{"id_number":"%[5]s","region":"%[3]s","yuan":"56.78"}'; echo
    sleep 5; curl -s "$WORLD/control/inbox/latest?user=me&kind=wechat&wait=20"; echo
`, api, world, p.Region, p.Name, p.IDNumber, consentDemo, p.Phone)
}

// chartLines show the past of the demo user of Alipay.
func chartLines(out io.Writer) {
	from := balance.DayOf(time.Now()).Add(-pastDays)
	fmt.Fprintf(out, `    CODE=$(curl -s "$WORLD/control/alipay/code?app=demo&user=demo")
    TOKEN=$(curl -s $API/v1/sessions --json '{"platform":"alipay","app":"demo","code":"'$CODE'"}' | sed 's/.*"token":"\([^"]*\).*/\1/')
    ID=$(curl -s $API/v1/insured -H "Authorization: Bearer $TOKEN" | sed 's/.*"id":"\([^"]*\).*/\1/')
    curl -s "$API/v1/insured/$ID/charts/trend?from=%s&step=day&format=f2" -H "Authorization: Bearer $TOKEN"; echo
`, from)
}
