package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"yibao/cmd/internal/phone"
	"yibao/cmd/internal/world"
)

// runTour runs the main job for every platform in a sandbox of its own, and shows every step. It fails at the first step
// that does not go as it should.
func runTour(ctx context.Context, l language, out io.Writer) error {
	dir, err := os.MkdirTemp("", "yibao-tour-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	ctx, cancel := context.WithTimeout(ctx, 5*time.Minute)
	defer cancel()
	s, err := start(ctx, flags{data: dir, listen: "127.0.0.1:0", outside: "127.0.0.1:0", language: l})
	if err != nil {
		return err
	}
	running, stop := context.WithCancel(ctx)
	defer stop()
	stopped := make(chan error, 1)
	go func() { stopped <- s.run(running, out) }()
	var problems []error
	for i, platform := range world.Platforms {
		t := &tour{out: out, language: l, phone: s.phone(platform.Name, "tourist"), person: s.people()[walker+i]}
		fmt.Fprintf(out, "\n═══ %s ═══\n", platform.Label)
		if err := t.run(ctx); err != nil {
			problems = append(problems, fmt.Errorf("the tour on %s: %w", platform.Name, err))
		}
	}
	stop()
	problems = append(problems, <-stopped)
	if err := errors.Join(problems...); err != nil {
		return err
	}
	fmt.Fprintln(out, l.say("\nThe main job works on every platform.", "\n主流程在各平台上均已走通。"))
	return nil
}

// tour is one person's way through the main job on one platform.
type tour struct {
	out      io.Writer
	language language
	phone    *phone.Phone
	person   phone.Person
	id       string // {id} of /v1/insured/{id}
	step     int
}

func (t *tour) run(ctx context.Context) error {
	t.phone.Trace = func(e phone.Exchange) { showExchange(t.out, e) }
	steps := []struct {
		en, zh string
		do     func(context.Context) error
	}{
		{"Sign in with the code that the platform gives the mini-program", "使用平台交给小程序的登录凭证登录", t.phone.SignIn},
		{"Link the insured person: name, ID number, region, consent; then the code from the SMS",
			"绑定参保人：提交姓名、证件号码、参保地和授权同意，再提交短信验证码", t.link},
		{"See the balance", "查看余额", t.balance},
		{"See it as charts, and as pictures to open in a browser", "查看图表；图片存为文件，可用浏览器打开", t.chart},
		{"What the pooled fund has paid, what was paid in, who paid which part of a bill, and where a claim has come to",
			"查看统筹基金累计、缴费记录、结算费用构成和报销进度", t.account},
		{"Set a line, and allow one message", "设置提醒金额，并同意接收一条通知", t.remind},
		{"Money is spent, the balance falls below the line, the message arrives", "发生消费，余额低于提醒金额，收到通知", t.fall},
		{"What was sent, as the owner sees it", "查看发送记录", t.deliveries},
	}
	for _, one := range steps {
		t.step++
		fmt.Fprintf(t.out, "\n── %d. %s\n", t.step, t.language.say(one.en, one.zh))
		if err := one.do(ctx); err != nil {
			return fmt.Errorf("step %d (%s): %w", t.step, one.en, err)
		}
	}
	return nil
}

func (t *tour) link(ctx context.Context) error {
	id, err := t.phone.Link(ctx, t.person, consentDemo)
	if err != nil {
		return err
	}
	t.id = id
	messages, err := t.phone.Inbox(ctx, url.Values{"phone": {t.person.Phone}, "kind": {"sms"}})
	if err != nil {
		return err
	}
	showPhone(t.out, "短信 "+t.person.Phone, messages[len(messages)-1].Text)
	return nil
}

func (t *tour) balance(ctx context.Context) error {
	var answer struct {
		Enrolments []struct {
			PersonalAccount struct {
				Exists    string `json:"exists"`
				AmountFen *int64 `json:"amount_fen"`
			} `json:"personal_account"`
		} `json:"enrolments"`
	}
	if err := t.phone.Call(ctx, http.MethodGet, "/v1/insured/"+t.id+"/balance", nil, &answer); err != nil {
		return err
	}
	if len(answer.Enrolments) != 1 || answer.Enrolments[0].PersonalAccount.AmountFen == nil {
		return errors.New("the answer has no balance")
	}
	return nil
}

func (t *tour) chart(ctx context.Context) error {
	for _, format := range []string{"series", "echarts"} {
		var answer struct{ Chart map[string]any }
		path := "/v1/insured/" + t.id + "/charts/trend?format=" + format
		if err := t.phone.Call(ctx, http.MethodGet, path, nil, &answer); err != nil {
			return err
		}
		if len(answer.Chart) == 0 {
			return fmt.Errorf("the %s chart is empty", format)
		}
	}
	return t.pictures(ctx)
}

// pictures keeps the pictures of all charts in files, for whoever wants to look at them after the tour.
func (t *tour) pictures(ctx context.Context) error {
	dir, err := os.MkdirTemp("", "yibao-charts-")
	if err != nil {
		return err
	}
	trace := t.phone.Trace
	t.phone.Trace = nil // a picture is no text to read
	defer func() { t.phone.Trace = trace }()
	for _, name := range []string{"trend.svg", "flow.svg", "spending.svg", "contributions.svg"} {
		path, file, svg := "/v1/insured/"+t.id+"/charts/"+name, filepath.Join(dir, name), ""
		if err := t.phone.Call(ctx, http.MethodGet, path, nil, &svg); err != nil {
			return err
		}
		if err := os.WriteFile(file, []byte(svg), 0o600); err != nil {
			return err
		}
		fmt.Fprintf(t.out, "   → GET %s\n   ← %s\n", path, file)
	}
	return nil
}

// account shows the rows behind the account, the latest of each list.
func (t *tour) account(ctx context.Context) error {
	for _, list := range []string{"pooled", "contributions?limit=1", "settlements?limit=1&kind=outpatient", "claims?limit=1"} {
		var answer struct{ Items []map[string]any }
		if err := t.phone.Call(ctx, http.MethodGet, "/v1/insured/"+t.id+"/"+list, nil, &answer); err != nil {
			return err
		}
		if len(answer.Items) == 0 {
			return fmt.Errorf("%s: nothing is there", list)
		}
	}
	return nil
}

func (t *tour) remind(ctx context.Context) error {
	if err := t.setAccount(ctx, "500.00"); err != nil {
		return err
	}
	time.Sleep(1500 * time.Millisecond) // the sandbox decides on figures up to 1 s old
	setting := map[string]any{"threshold_fen": 10000, "show_amount": true, "consent": map[string]any{"version": consentDemo}}
	var rule struct{ State string }
	if err := t.phone.Call(ctx, http.MethodPut, "/v1/insured/"+t.id+"/reminder", setting, &rule); err != nil {
		return err
	}
	for range 20 { // "new" until the worker has looked, where the first figure came too late
		if rule.State != "new" {
			break
		}
		time.Sleep(500 * time.Millisecond)
		if err := t.phone.Call(ctx, http.MethodGet, "/v1/insured/"+t.id+"/reminder", nil, &rule); err != nil {
			return err
		}
	}
	if rule.State != "armed" {
		return fmt.Errorf("the rule is %q, not armed", rule.State)
	}
	return t.phone.Grant(ctx, 1)
}

// setAccount changes the personal account in the simulated insurer, and says so.
func (t *tour) setAccount(ctx context.Context, yuan string) error {
	fmt.Fprintf(t.out, t.language.say("   (the simulated insurer now says ¥%s)\n", "   （模拟的医保接口现在返回 ¥%s）\n"), yuan)
	return t.phone.SetBalance(ctx, t.person, yuan)
}

func (t *tour) fall(ctx context.Context) error {
	after, err := t.phone.LastSeq(ctx)
	if err != nil {
		return err
	}
	if err := t.setAccount(ctx, "56.78"); err != nil {
		return err
	}
	query := url.Values{"user": {t.phone.User}, "kind": {t.phone.Platform}, "after": {fmt.Sprint(after)}, "wait": {"30"}}
	messages, err := t.phone.Inbox(ctx, query)
	if err != nil {
		return err
	}
	if len(messages) != 1 {
		return fmt.Errorf("%d messages arrived, not one", len(messages))
	}
	showPhone(t.out, "服务通知", messages[0].Text)
	return nil
}

// deliveries waits until the delivery of the message that arrived is written down as accepted.
func (t *tour) deliveries(ctx context.Context) error {
	trace := t.phone.Trace
	defer func() { t.phone.Trace = trace }()
	var last phone.Exchange
	t.phone.Trace = func(e phone.Exchange) { last = e }
	for range 50 {
		var answer struct {
			Deliveries []struct{ State string }
		}
		if err := t.phone.Call(ctx, http.MethodGet, "/v1/insured/"+t.id+"/deliveries", nil, &answer); err != nil {
			return err
		}
		if len(answer.Deliveries) == 1 && answer.Deliveries[0].State == "accepted" {
			showExchange(t.out, last)
			return nil
		}
		time.Sleep(100 * time.Millisecond)
	}
	return fmt.Errorf("the delivery is not accepted: %s", last.Answer)
}
