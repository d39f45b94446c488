package handlers

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/prometheus/client_golang/prometheus"

	"yibao/balance"
	"yibao/balance/catalogue"
	"yibao/balance/chart"
	"yibao/balance/records"
	"yibao/handlers/web"
	"yibao/handlers/web/webtest"
	"yibao/identity"
	"yibao/identity/linking"
	"yibao/identity/session"
	"yibao/reminder"
)

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, balance.Shanghai)

const (
	goodToken = "good-token"
	linkID    = "LINKOWN"
	secretID  = "11010119990101999X" // in no answer and no log
)

func ownCaller() *identity.Caller {
	return &identity.Caller{
		UserID: "user-own", SessionID: "session-own", Platform: identity.WeChat, App: "main",
		ExpiresAt: noon.Add(2 * time.Hour),
		Links: []identity.Link{{
			ID: linkID, PersonID: "person-hidden", Region: "330100", Relation: identity.Self, Method: identity.SMSOnFile,
			Assurance: identity.AssuranceSMS, MaskedName: "测*甲", MaskedIDNumber: "1****************X", Since: noon,
			Consent: identity.Consent{Version: "v1", At: noon, Unattended: true}, State: identity.LinkActive,
		}},
	}
}

// fakeService answers for all four services. Every method but Verify answers fail, if it is set; calls counts the methods
// that a request reached.
type fakeService struct {
	wrong  *identity.Attempt // what a wrong answer leaves
	mu     sync.Mutex
	fail   error
	panics any
	// failOnly is the one method that fails, with failWith, or panics.
	failOnly  string
	failWith  error
	panicOnly bool
	free      int // messages beside the one that is always allowed
	reached   []string

	request    linking.Request
	setting    reminder.Setting
	query      balance.TrendQuery
	chartQuery records.ChartQuery
	rows       fakeRows
	noAmounts  bool // the region tells contributions without amounts
	report     reminder.Report
	token      string
	pages      []string // page and limit of each List
	kept       []bool   // of each SignOutAll
	attempt    identity.Attempt
	answer     *balance.Answer
	rule       reminder.Rule
	late       time.Duration // after noon, when the answer is made
	within     time.Duration // of the context's deadline, as the last call saw it
	search     catalogue.Query
	filter     string // of a search
}

func newFake() *fakeService {
	fen := balance.Fen(123450)
	f := &fakeService{
		attempt: identity.Attempt{
			ID: "ATTEMPT", UserID: "user-own", LinkID: "LINKNEW", Method: identity.SMSOnFile,
			State: identity.AttemptRequested, CreatedAt: noon, ExpiresAt: noon.Add(15 * time.Minute),
			Claim: identity.Claim{Region: "330100", Name: "测试甲", IDType: "01", IDNumber: secretID},
		},
		answer: &balance.Answer{
			AsOf: noon.Add(-time.Minute), FetchedAt: noon.Add(-30 * time.Second), Source: "fsi/1101", Reference: "hidden-reference",
			Coverage: balance.Complete,
			Enrolments: []balance.Enrolment{{
				InsuranceType: "310", Status: balance.StatusActive, StatusCode: "1", Region: "330100", Employer: "示例单位",
				Account: balance.PersonalAccount{Exists: balance.AccountYes, Balance: &fen},
			}},
		},
		rule: reminder.Rule{
			LinkID: linkID, ID: "rule-hidden", Template: "low_balance", InsuranceType: "310", Threshold: 10000, Margin: 1000,
			Quiet: reminder.QuietHours{Start: 22 * 60, End: 7*60 + 30}, State: reminder.StateBelow,
			LastReason: reminder.ReasonAlreadyBelow, EvaluatedAt: noon, DueAt: noon.Add(time.Hour), CreatedAt: noon,
		},
	}
	f.rows.fake = f
	return f
}

func (f *fakeService) reach(ctx context.Context, name string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.reached = append(f.reached, name)
	if until, ok := ctx.Deadline(); ok {
		f.within = time.Until(until)
	}
	if f.panics != nil {
		panic(f.panics)
	}
	if name == f.failOnly {
		if f.panicOnly {
			panic(f.failWith)
		}
		return f.failWith
	}
	return f.fail
}

func (f *fakeService) calls() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.reached)
}

// own finds the caller's own link, as the real services do first.
func (f *fakeService) own(ctx context.Context, c *identity.Caller, id, name string) error {
	if err := f.reach(ctx, name); err != nil {
		return err
	}
	_, err := c.Link(id)
	return err
}

func (f *fakeService) Verify(_ context.Context, token string) (*identity.Caller, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.token = token
	switch token {
	case goodToken:
		return ownCaller(), nil
	case "store-down":
		return nil, identity.ErrStore
	}
	return nil, identity.ErrTokenInvalid
}

func (f *fakeService) SignIn(ctx context.Context, p identity.Platform, app, _ string) (*session.SignedIn, error) {
	if err := f.reach(ctx, "SignIn"); err != nil {
		return nil, err
	}
	return &session.SignedIn{
		Token:   "new-token",
		Session: identity.Session{ID: "session-own", ExpiresAt: noon.Add(2 * time.Hour)},
		User: &identity.PlatformUser{
			Account: identity.PlatformAccount{Platform: p, App: "main", OpenID: "open-id-hidden"},
			Links:   []identity.Link{{State: identity.LinkActive}, {State: identity.LinkEnding}},
		},
	}, nil
}

// List has two pages, the second after "next".
func (f *fakeService) List(ctx context.Context, _ *identity.Caller, page string, limit int) ([]identity.Session, string, error) {
	f.pages = append(f.pages, fmt.Sprint(page, " ", limit))
	list := []identity.Session{
		{ID: "session-own", CreatedAt: noon, ExpiresAt: noon.Add(time.Hour)},
		{ID: "session-other", CreatedAt: noon, ExpiresAt: noon.Add(time.Hour)},
	}
	switch {
	case page == "":
		return list[:1], "next", f.reach(ctx, "List")
	case page != "next":
		return nil, "", identity.ErrPage
	}
	return list[1:], "", f.reach(ctx, "List")
}

func (f *fakeService) SignOutAll(ctx context.Context, _ *identity.Caller, keepCurrent bool) error {
	f.kept = append(f.kept, keepCurrent)
	return f.reach(ctx, "SignOutAll")
}

func (f *fakeService) SignOut(ctx context.Context, _ *identity.Caller, id string) error {
	if err := f.reach(ctx, "SignOut"); err != nil {
		return err
	}
	if id != "session-own" && id != "session-other" {
		return identity.ErrNoSuchSession
	}
	return nil
}

func (f *fakeService) Start(ctx context.Context, _ *identity.Caller, r linking.Request) (*identity.Attempt, error) {
	if err := f.reach(ctx, "Start"); err != nil {
		return nil, err
	}
	f.request = r
	return &f.attempt, nil
}

func (f *fakeService) ownAttempt(ctx context.Context, id, name string) (*identity.Attempt, error) {
	if err := f.reach(ctx, name); err != nil {
		return nil, err
	}
	if id != "ATTEMPT" {
		return nil, identity.ErrNoSuchAttempt
	}
	return &f.attempt, nil
}

func (f *fakeService) Attempt(ctx context.Context, _ *identity.Caller, id string) (*identity.Attempt, error) {
	return f.ownAttempt(ctx, id, "Attempt")
}

func (f *fakeService) Resend(ctx context.Context, _ *identity.Caller, id string) (*identity.Attempt, error) {
	return f.ownAttempt(ctx, id, "Resend")
}

func (f *fakeService) Prove(ctx context.Context, _ *identity.Caller, id string, _ linking.Answer) (*identity.Attempt, error) {
	if f.wrong != nil {
		return f.wrong, linking.ErrCodeWrong
	}
	return f.ownAttempt(ctx, id, "Prove")
}

func (f *fakeService) Unlink(ctx context.Context, c *identity.Caller, id string) error {
	return f.own(ctx, c, id, "Unlink")
}

func (f *fakeService) EndOther(ctx context.Context, _ *identity.Caller, id, other string) (*identity.Attempt, error) {
	a, err := f.ownAttempt(ctx, id, "EndOther")
	if err == nil && other != "other-1" {
		err = identity.ErrNoSuchLink
	}
	return a, err
}

func (f *fakeService) Others(_ context.Context, a *identity.Attempt) ([]linking.Other, error) {
	if a.State != identity.AttemptFull {
		return nil, nil
	}
	return []linking.Other{{ID: "other-1", Platform: identity.Alipay, Region: "330100", Relation: identity.Other, Since: noon}}, nil
}

func (f *fakeService) SetUnattended(ctx context.Context, c *identity.Caller, id string, allow bool, version string) (identity.Link, error) {
	if err := f.own(ctx, c, id, "SetUnattended"); err != nil {
		return identity.Link{}, err
	}
	link, err := c.Link(id)
	link.Reading = identity.Consent{Version: version, At: noon, Unattended: allow}
	return link, err
}

// The three count as the real service does.
func (f *fakeService) open(a *identity.Attempt) bool {
	return a.State == identity.AttemptRequested || a.State == identity.AttemptWaiting
}

func (f *fakeService) SendsLeft(a *identity.Attempt) int {
	if !f.open(a) {
		return 0
	}
	return 3 - max(a.Challenge.Sends, 1)
}

func (f *fakeService) TriesLeft(a *identity.Attempt) int {
	if !f.open(a) {
		return 0
	}
	return 5 - a.Tries
}

func (f *fakeService) ExpiresIn(a *identity.Attempt) int {
	if !f.open(a) && a.State != identity.AttemptFull {
		return 0
	}
	return int(a.ExpiresAt.Sub(noon.Add(f.late)) / time.Second)
}

func (f *fakeService) CodeExpiresIn(a *identity.Attempt, now time.Time) *int {
	return f.left(a, a.CreatedAt.Add(5*time.Minute), now)
}

func (f *fakeService) ResendIn(a *identity.Attempt, now time.Time) *int {
	return f.left(a, a.CreatedAt.Add(time.Minute), now)
}

func (f *fakeService) left(a *identity.Attempt, until, now time.Time) *int {
	if !f.open(a) {
		return nil
	}
	n := secondsLeft(until, now)
	return &n
}

func (f *fakeService) Attempts(ctx context.Context, _ *identity.Caller) ([]*identity.Attempt, error) {
	return []*identity.Attempt{&f.attempt}, f.reach(ctx, "Attempts")
}

func (f *fakeService) Glance(ctx context.Context, c *identity.Caller, id string) (*balance.Answer, error) {
	return f.answer, f.own(ctx, c, id, "Glance")
}

func (f *fakeService) Current(ctx context.Context, c *identity.Caller, id string) (*balance.Answer, error) {
	return f.answer, f.own(ctx, c, id, "Current")
}

func (f *fakeService) Trend(ctx context.Context, c *identity.Caller, id string, q balance.TrendQuery) (*balance.Trend, error) {
	f.query = q
	low, high := balance.Fen(9800), balance.Fen(12050)
	return &balance.Trend{
		Unit: "CNY", Step: balance.StepDay, Gaps: balance.GapsNull, Timezone: "Asia/Shanghai", AsOf: noon,
		From: "2026-11-19", To: "2026-11-21", Since: "2026-11-19", Coverage: balance.Partial, Account: balance.AccountYes,
		Categories: []string{"2026-11-19", "2026-11-20", "2026-11-21"},
		Series:     []balance.Series{{Key: "personal", Name: "个人账户", Fen: []*balance.Fen{&high, nil, &low}}},
		Summary:    []balance.Summary{{Key: "personal", Name: "个人账户", Min: low, Max: high, Opening: high, Closing: low}},
	}, f.own(ctx, c, id, "Trend")
}

// rowsChart is a chart of rows of two months, the latter without any.
func (f *fakeService) rowsChart(q records.ChartQuery) *records.Chart {
	f.chartQuery = q
	in := int64(23000)
	if f.noAmounts {
		return &records.Chart{Coverage: balance.Unsupported, Amounts: records.AmountsNotGiven, Meta: records.Meta{AsOf: noon, FetchedAt: noon},
			Chart: &chart.Chart{Title: "医保缴费（元）", Empty: "参保地不提供缴费金额", Categories: []string{"2026-11"}}}
	}
	return &records.Chart{
		From: "2026-10-01", To: "2026-11-21", Coverage: balance.Partial, Amounts: records.AmountsGiven,
		Meta: records.Meta{AsOf: noon, FetchedAt: noon, Source: "fsi/L204", Coverage: balance.Complete, CompleteTo: "2026-10-31"},
		Chart: &chart.Chart{Title: "个人账户收支（元）", Empty: "所选时间内暂无记录", Language: "zh", Unit: "CNY", Categories: []string{"2026-10", "2026-11"},
			Series:  []chart.Series{{Key: "in", Name: "收入", Kind: chart.Bar, Stack: "flow", Fen: []*int64{&in, nil}}},
			Summary: []chart.Summary{{Key: "in", Name: "收入", Total: &in, Min: &in, Max: &in}}},
	}
}

func (f *fakeService) FlowChart(ctx context.Context, c *identity.Caller, id string, q records.ChartQuery) (*records.Chart, error) {
	return f.rowsChart(q), f.own(ctx, c, id, "FlowChart")
}

func (f *fakeService) SpendingChart(ctx context.Context, c *identity.Caller, id string, q records.ChartQuery) (*records.Chart, error) {
	return f.rowsChart(q), f.own(ctx, c, id, "SpendingChart")
}

func (f *fakeService) ContributionsChart(ctx context.Context, c *identity.Caller, id string, q records.ChartQuery) (*records.Chart, error) {
	return f.rowsChart(q), f.own(ctx, c, id, "ContributionsChart")
}

func (f *fakeService) Put(ctx context.Context, c *identity.Caller, id string, set reminder.Setting) (*reminder.Rule, error) {
	f.setting = set
	return &f.rule, f.own(ctx, c, id, "Put")
}

func (f *fakeService) Patch(ctx context.Context, c *identity.Caller, id string, change func(*reminder.Setting) error) (*reminder.Rule, error) {
	if err := f.own(ctx, c, id, "Patch"); err != nil {
		return nil, err
	}
	margin := f.rule.Margin
	f.setting = reminder.Setting{
		Threshold: f.rule.Threshold, Margin: &margin, InsuranceType: f.rule.InsuranceType, Template: f.rule.Template,
		ShowAmount: true, Quiet: f.rule.Quiet, Given: identity.Consent{Version: "v0", Unattended: true},
	}
	return &f.rule, change(&f.setting)
}

func (f *fakeService) Get(ctx context.Context, c *identity.Caller, id string) (*reminder.Rule, error) {
	return &f.rule, f.own(ctx, c, id, "Get")
}

func (f *fakeService) Delete(ctx context.Context, c *identity.Caller, id string) error {
	return f.own(ctx, c, id, "Delete")
}

func (f *fakeService) Deliveries(ctx context.Context, c *identity.Caller, id string, _ int) ([]reminder.Delivery, error) {
	return []reminder.Delivery{{
		ID: "DELIVERY", UserID: "user-own", Template: "low_balance", State: reminder.DeliveryDropped,
		Reason: reminder.ReasonRecovered, CreatedAt: noon, EndedAt: noon.Add(time.Minute),
	}}, f.own(ctx, c, id, "Deliveries")
}

func (f *fakeService) Templates(p identity.Platform, app string) []reminder.Template {
	return []reminder.Template{{
		Name: "low_balance", Platform: p, App: app, TemplateID: "tpl-1", Kind: reminder.OneTime, Title: "余额提醒", ShowsAmount: true,
	}}
}

func (f *fakeService) Report(ctx context.Context, _ *identity.Caller, r reminder.Report) ([]reminder.Quota, error) {
	f.report = r
	return []reminder.Quota{{Template: "low_balance", Free: 2}}, f.reach(ctx, "Report")
}

func (f *fakeService) Quotas(ctx context.Context, _ *identity.Caller) ([]reminder.Quota, error) {
	return []reminder.Quota{{
		Template: "low_balance", Free: 1 + f.free, Reserved: map[string]time.Time{"d1": noon}, Unknown: map[string]time.Time{},
	}}, f.reach(ctx, "Quotas")
}

// rig is one app with its fake and its log.
type rig struct {
	t    testing.TB
	app  *fiber.App
	fake *fakeService
	log  *webtest.Log
}

func testOptions(fake *fakeService) Options {
	return Options{
		Sessions: fake, Linking: fake, Balances: fake, Reminders: fake, Records: &fake.rows, RowCharts: fake, Catalogue: fake,
		Regions: identity.NewRegions([]identity.Region{
			{Code: "330100", Name: "示例市", Methods: []identity.Method{identity.SMSOnFile}, Unattended: true},
			{Code: "330200", Name: "样例市"},
		}, map[identity.AppKey][]string{{Platform: identity.WeChat, App: "main"}: {"330100"}}),
		Consent: identity.ConsentText{Version: "v1", Text: "授权说明", Unattended: "定期查询说明"},
		Options: web.Options{
			Version: "test",
			Now:     func() time.Time { return noon },
			Metrics: prometheus.NewRegistry(),
			Limits:  web.Limits{PerAddress: web.Rate{PerSecond: -1}, PerUser: web.Rate{PerSecond: -1}},
		},
	}
}

func newRig(t testing.TB, change ...func(*Options)) *rig {
	t.Helper()
	r := &rig{t: t, fake: newFake(), log: &webtest.Log{}}
	o := testOptions(r.fake)
	o.Log = slog.New(slog.NewJSONHandler(r.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	for _, c := range change {
		c(&o)
	}
	app, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	r.app = app
	return r
}

func (r *rig) send(request *http.Request) webtest.Answer {
	r.t.Helper()
	return webtest.Send(r.t, r.app, request)
}

// do sends a request of the signed-in caller.
func (r *rig) do(method, path, body string) webtest.Answer {
	r.t.Helper()
	return r.doIn("", method, path, body)
}

func (r *rig) doIn(language, method, path, body string) webtest.Answer {
	r.t.Helper()
	made := webtest.Request(method, path, body)
	made.Header.Set("Authorization", "Bearer "+goodToken)
	made.Header.Set("Accept-Language", language)
	return r.send(made)
}

func (f *fakeService) Institutions(ctx context.Context, q catalogue.Query, of catalogue.Type, level string) (*catalogue.Page[catalogue.Institution], error) {
	if err := f.reach(ctx, "Institutions"); err != nil {
		return nil, err
	}
	f.search, f.filter = q, string(of)+" "+level
	return &catalogue.Page[catalogue.Institution]{Whole: noon, Source: "fsi/1201", Next: "more", Rows: []catalogue.Institution{
		{Entry: catalogue.Entry{Region: q.Region, Code: "H99010000001", Name: "示例医院", Valid: true}, Type: catalogue.TypeMedical, TypeCode: "1", Level: "02"},
		{Entry: catalogue.Entry{Region: q.Region, Code: "P99010000001", Name: "示例药房", Valid: true}, Type: catalogue.TypePharmacy, TypeCode: "2"},
	}}, nil
}

func (f *fakeService) Drugs(ctx context.Context, q catalogue.Query, grade records.Grade) (*catalogue.Page[catalogue.Drug], error) {
	if err := f.reach(ctx, "Drugs"); err != nil {
		return nil, err
	}
	f.search, f.filter = q, string(grade)
	return &catalogue.Page[catalogue.Drug]{Cut: true, Rows: []catalogue.Drug{
		{Entry: catalogue.Entry{Region: q.Region, Code: "XYL000001", Name: "示例片", Valid: true}, List: catalogue.ListMedicine, Grade: records.GradeB, SelfPay: "0.1", From: "2024-01-01"},
	}}, nil
}
