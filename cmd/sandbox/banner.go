package main

import (
	"fmt"
	"io"
	"time"

	"yibao/balance"
	"yibao/cmd/internal/phone"
	"yibao/platforms/simulator"
)

// banner prints where everything is and how to try it. Every line of the walk-through works when pasted into a shell.
func banner(out io.Writer, s *sandbox) {
	fmt.Fprintf(out, `yibao sandbox. Nothing in it is real: invented people, simulated platforms.

  the server               %[1]s        its API: %[1]s/docs
  the simulated platforms  %[2]s        who lives there: %[2]s/control/people
  data                     %[3]s        kept between runs; -fresh starts over
  a server of your own     go run ./cmd/server serve --config %[4]s   (with the sandbox running, on another port:
                           YIBAO_SERVER__LISTEN=127.0.0.1:8081)

People to try, all insured in %[5]s (the other region, %[6]s, has no phone on file, so it offers no SMS proof):
`, s.api, s.world.URL, s.dir, s.world.ConfigFile, simulator.RegionA, simulator.RegionB)
	people := s.people()
	for _, p := range people[2:min(len(people), 6)] {
		fmt.Fprintf(out, "  %s   id_number %s   phone %s\n", p.Name, p.IDNumber, p.Phone)
	}
	fmt.Fprintf(out, "\nTwo demo users, one on each platform, were linked %d days ago", pastDays)
	if !s.hasPast() {
		fmt.Fprint(out, " (their past is being filled in now; a line will say when it is there)")
	}
	fmt.Fprint(out, ".\n\nPaste these, line by line:\n\n")
	walkThrough(out, s, people[2])
	fmt.Fprint(out, "\nThe demo user's chart:\n\n")
	chartLines(out)
	fmt.Fprint(out, "\nReady. Ctrl-C stops.\n")
}

// walkThrough prints the main job as curl lines. sed takes the one field out that the next line needs.
func walkThrough(out io.Writer, s *sandbox, p phone.Person) {
	fmt.Fprintf(out, `  API=%s WORLD=%s
  CODE=$(curl -s "$WORLD/control/wechat/code?app=demo&user=me")                        # what wx.login gives the mini-program
  TOKEN=$(curl -s $API/v1/sessions --json '{"platform":"wechat","app":"demo","code":"'$CODE'"}' | sed 's/.*"token":"\([^"]*\).*/\1/')
  AUTH="Authorization: Bearer $TOKEN"
  ATTEMPT=$(curl -s $API/v1/link-attempts -H "$AUTH" --json '{"region":"%[3]s","name":"%[4]s","id_number":"%[5]s","relation":"self","method":"sms_on_file","consent":{"version":"%[6]s","unattended":true}}' | sed 's/.*"id":"\([^"]*\).*/\1/')
  SMS=$(curl -s "$WORLD/control/sms/latest?phone=%[7]s&wait=10")                       # the SMS that arrived
  ID=$(curl -s $API/v1/link-attempts/$ATTEMPT/proof -H "$AUTH" --json '{"code":"'$SMS'"}' | sed 's/.*"insured_id":"\([^"]*\).*/\1/')
  curl -s $API/v1/insured/$ID/balance -H "$AUTH"; echo
  curl -s "$API/v1/insured/$ID/charts/trend?format=echarts" -H "$AUTH"; echo
  curl -s -X PUT $API/v1/insured/$ID/reminder -H "$AUTH" --json '{"threshold_fen":10000,"consent":{"version":"%[6]s"}}'; echo
  curl -s $WORLD/control/grant --json '{"platform":"wechat","app":"demo","user":"me","template":"demo-wechat-low-balance"}'; echo
  curl -s $API/v1/subscriptions -H "$AUTH" --json '{"report_id":"report-'$RANDOM$RANDOM'","results":{"demo-wechat-low-balance":"accept"}}'; echo
  curl -s $WORLD/control/balance --json '{"id_number":"%[5]s","region":"%[3]s","yuan":"56.78"}'; echo   # money is spent
  curl -s "$WORLD/control/inbox?user=me&wait=20"; echo                                 # the notification
`, s.api, s.world.URL, p.Region, p.Name, p.IDNumber, consentDemo, p.Phone)
}

func chartLines(out io.Writer) {
	from := balance.DayOf(time.Now()).Add(-pastDays)
	fmt.Fprintf(out, `  CODE=$(curl -s "$WORLD/control/alipay/code?app=demo&user=demo")
  TOKEN=$(curl -s $API/v1/sessions --json '{"platform":"alipay","app":"demo","code":"'$CODE'"}' | sed 's/.*"token":"\([^"]*\).*/\1/')
  ID=$(curl -s $API/v1/insured -H "Authorization: Bearer $TOKEN" | sed 's/.*"id":"\([^"]*\).*/\1/')
  curl -s "$API/v1/insured/$ID/charts/trend?from=%s&format=f2" -H "Authorization: Bearer $TOKEN"; echo
`, from)
}
