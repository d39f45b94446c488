package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"yibao/cmd/internal/phone"
	"yibao/cmd/internal/world"
	"yibao/platforms/simulator"
	"yibao/store/embedded"
)

// TestTour is the main job on every platform, over HTTP, from sign-in to the message that arrives.
func TestTour(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	if err := runTour(t.Context(), english, &out); err != nil {
		t.Fatalf("%v\n%s", err, out.String())
	}
	for _, want := range []string{"微信小程序", "支付宝小程序", "短信", "服务通知", "余额低于提醒金额", `"state": "accepted"`,
		"The main job works on every platform."} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the tour does not show %q", want)
		}
	}
	for text, want := range map[string]int{"┌─ 服务通知": 2, "账户余额：¥56.78": 2, "insurer now says ¥500.00": 2,
		"insurer now says ¥56.78": 2, `"amount_fen": 0`: 0} {
		if n := strings.Count(out.String(), text); n != want {
			t.Errorf("%q is shown %d times, want %d", text, n, want)
		}
	}
	pictures := regexp.MustCompile(`← (\S+\.svg)`).FindAllStringSubmatch(out.String(), -1)
	if len(pictures) != 8 {
		t.Errorf("%d pictures are kept, want 4 on each platform", len(pictures))
	}
	for _, p := range pictures {
		if svg, err := os.ReadFile(p[1]); err != nil || !bytes.HasPrefix(svg, []byte("<svg ")) {
			t.Errorf("%s: %v %.50s", p[1], err, svg)
		}
		t.Cleanup(func() { _ = os.RemoveAll(filepath.Dir(p[1])) })
	}
}

// TestDemoUsersHaveAPast lets the sandbox fill in its past, looks at the demo users' charts, and starts again over the
// same folder: what was there is there, and is not done twice.
func TestDemoUsersHaveAPast(t *testing.T) {
	t.Parallel()
	f := flags{data: t.TempDir(), listen: "127.0.0.1:0", outside: "127.0.0.1:0", past: 20}
	for _, when := range []string{"at first", "after a restart"} {
		s, stop := begin(t, f)
		for range 1800 {
			if hasPast(f.data) {
				break
			}
			time.Sleep(100 * time.Millisecond)
		}
		for _, platform := range []string{"wechat", "alipay"} {
			if got := known(t, s, platform); got != f.past+1 {
				t.Errorf("%s the demo user of %s has %d points, want %d days of past and today", when, platform, got, f.past)
			}
		}
		stop()
	}
}

// TestRootLeadsToTheDocs opens the address of the server as a browser does.
func TestRootLeadsToTheDocs(t *testing.T) {
	t.Parallel()
	s, stop := begin(t, flags{data: t.TempDir(), listen: "127.0.0.1:0", outside: "127.0.0.1:0"})
	defer stop()
	answer, err := http.Get(s.api + "/")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	if at := answer.Request.URL.Path; answer.StatusCode != http.StatusOK || at != "/docs" {
		t.Errorf("%d at %s", answer.StatusCode, at)
	}
}

// begin starts a sandbox and serves; stop ends it and waits.
func begin(t *testing.T, f flags) (*sandbox, func()) {
	t.Helper()
	s, err := start(t.Context(), f)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	var said bytes.Buffer
	go func() { done <- s.run(ctx, &said) }()
	return s, func() {
		cancel()
		if err := <-done; err != nil || strings.Contains(said.String(), "could not") {
			t.Error(err, said.String())
		}
	}
}

// known counts the days with a figure in the demo user's chart.
func known(t *testing.T, s *sandbox, platform string) int {
	t.Helper()
	p := s.phone(platform, demoUser)
	if err := p.SignIn(t.Context()); err != nil {
		t.Fatal(err)
	}
	ids, err := insured(t.Context(), p)
	if err != nil || len(ids) != 1 {
		t.Fatalf("the demo user has the links %v, %v", ids, err)
	}
	if err := p.Call(t.Context(), "GET", "/v1/insured/"+ids[0]+"/balance", nil, nil); err != nil {
		t.Fatal(err)
	}
	var trend struct {
		Chart struct{ Series []struct{ Data []*float64 } }
	}
	if err := p.Call(t.Context(), "GET", "/v1/insured/"+ids[0]+"/charts/trend", nil, &trend); err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, value := range trend.Chart.Series[0].Data {
		if value != nil {
			n++
		}
	}
	return n
}

func TestFlags(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"-outside", "0.0.0.0:8090"}, {"-outside", "example.com:80"}, {"-listen", "nonsense"}, {"-lang", "fr"},
		{"stray"}, {"-nope"}, {"-tour", "-data", "x"}, {"-listen", "[::1]:80", "-tour"}, {"-tour", "-fresh"}} {
		if _, err := parse(args, &bytes.Buffer{}); err == nil {
			t.Errorf("%v was taken", args)
		}
	}
	if _, err := parse([]string{"-h"}, &bytes.Buffer{}); err != flag.ErrHelp {
		t.Errorf("-h: %v", err)
	}
	if f, err := parse([]string{"--fresh", "-listen", "[::1]:80"}, &bytes.Buffer{}); err != nil || !f.fresh || !f.asked["listen"] || f.asked["outside"] {
		t.Errorf("%+v %v", f, err)
	}
	if f, err := parse([]string{"-tour", "-lang", "zh"}, &bytes.Buffer{}); err != nil || !f.tour || f.language != chinese {
		t.Errorf("%+v %v", f, err)
	}
	if f, err := parse([]string{"-lang", "en", "-listen", "0.0.0.0:8080"}, &bytes.Buffer{}); err != nil || f.language != english || !f.asked["listen"] {
		t.Errorf("%+v %v", f, err)
	}
}

// TestAServerForOthersWarns: beyond loopback the banner says in plain words that others can come in, and where.
func TestAServerForOthersWarns(t *testing.T) {
	t.Parallel()
	for at, want := range map[string][2]string{"127.0.0.1:8080": {"http://127.0.0.1:8080", ""}, "[::1]:8080": {"http://[::1]:8080", ""},
		"192.0.2.7:8080": {"http://192.0.2.7:8080", "http://192.0.2.7:8080"}, "0.0.0.0:8080": {"http://127.0.0.1:8080", ":8080"},
		"[::]:8080": {"http://127.0.0.1:8080", ":8080"}} {
		address, err := net.ResolveTCPAddr("tcp", at)
		if err != nil {
			t.Fatal(err)
		}
		here, others := addresses(address)
		if here != want[0] || (others == "") != (want[1] == "") || !strings.HasSuffix(others, want[1]) {
			t.Errorf("%s: %q and %q", at, here, others)
		}
		for l, word := range map[language]string{english: "WARNING", chinese: "警告"} {
			s := &sandbox{shared: others, language: l}
			if got := s.warning(); strings.Contains(got, word) != (others != "") || !strings.Contains(got, others) {
				t.Errorf("%s: %q", at, got)
			}
		}
	}
}

// TestPagesOfAnyOriginMayCall: a browser that asks first is let through, to the server and to the control of its world.
func TestPagesOfAnyOriginMayCall(t *testing.T) {
	t.Parallel()
	s, stop := begin(t, flags{data: t.TempDir(), listen: "127.0.0.1:0", outside: "127.0.0.1:0"})
	defer stop()
	ask := func(method, url string, header map[string]string) *http.Response {
		request, err := http.NewRequestWithContext(t.Context(), method, url, nil)
		if err != nil {
			t.Fatal(err)
		}
		for name, value := range header {
			request.Header.Set(name, value)
		}
		answer, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		_ = answer.Body.Close()
		return answer
	}
	page := map[string]string{"Origin": "http://localhost:5173", "Access-Control-Request-Method": "PUT", "Access-Control-Request-Headers": "authorization,content-type"}
	for _, url := range []string{s.api + "/v1/me", s.world.URL + "/control/people"} {
		answer := ask("OPTIONS", url, page)
		if h := answer.Header; answer.StatusCode != http.StatusNoContent || h.Get("Access-Control-Allow-Origin") != "*" ||
			!strings.Contains(h.Get("Access-Control-Allow-Methods"), "PATCH") || h.Get("Access-Control-Allow-Headers") != "authorization,content-type" {
			t.Errorf("%s: %d %v", url, answer.StatusCode, h)
		}
		answer = ask("GET", url, map[string]string{"Origin": "http://localhost:5173"}) // without a token: an error page has to be read, too
		if answer.Header.Get("Access-Control-Allow-Origin") != "*" || answer.StatusCode == http.StatusNoContent {
			t.Errorf("%s: %d %v", url, answer.StatusCode, answer.Header)
		}
		if answer := ask("GET", url, nil); answer.Header.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("%s: no page called, and yet %v", url, answer.Header)
		}
	}
}

// TestNoFolderOfOthersIsTaken starts a sandbox, with -fresh and without, in a folder with something else in it.
func TestNoFolderOfOthersIsTaken(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	mine := filepath.Join(dir, "config.yaml")
	if err := os.WriteFile(mine, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, more := range [][]string{nil, {"-fresh"}} {
		var out bytes.Buffer
		args := append([]string{"-data", dir, "-listen", "127.0.0.1:0", "-outside", "127.0.0.1:0"}, more...)
		err := run(t.Context(), args, &out)
		if !errors.Is(err, world.ErrForeign) || !strings.Contains(err.Error(), "-data") {
			t.Errorf("%v: %v", more, err)
		}
	}
	left, err := os.ReadDir(dir)
	if err != nil || len(left) != 1 {
		t.Error(left, err)
	}
	if text, err := os.ReadFile(mine); err != nil || string(text) != "mine" {
		t.Errorf("the file is now %q, %v", text, err)
	}
}

// TestStartOverSparesARunningSandbox tries to delete what a running sandbox has, then what it left.
func TestStartOverSparesARunningSandbox(t *testing.T) {
	t.Parallel()
	f := flags{data: filepath.Join(t.TempDir(), "data"), listen: "127.0.0.1:0", outside: "127.0.0.1:0"}
	s, stop := begin(t, f)
	if err := world.Clear(f.data); !errors.Is(err, embedded.ErrInUse) {
		t.Errorf("the data of a running sandbox was deleted: %v", err)
	}
	if err := s.phone("wechat", "me").SignIn(t.Context()); err != nil {
		t.Error(err)
	}
	stop()
	if err := world.Clear(f.data); err != nil {
		t.Error(err)
	}
	if left, err := os.ReadDir(f.data); err != nil || len(left) != 1 {
		t.Errorf("more than the mark is left: %v %v", left, err)
	}
}

// TestATakenAddress: a default moves and says so, an address that was asked for is refused.
func TestATakenAddress(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = taken.Close() }()
	if _, err := listen("outside", taken.Addr().String(), map[string]bool{"outside": true}); err == nil || !strings.Contains(err.Error(), "-outside") {
		t.Error(err)
	}
	other, err := listen("listen", taken.Addr().String(), map[string]bool{"outside": true})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = other.Close() }()
	got := other.Addr().String()
	if a, b := taken.Addr().(*net.TCPAddr).Port, other.Addr().(*net.TCPAddr).Port; b <= a || b >= a+portsTried {
		t.Errorf("port %d is taken, and %d is used", a, b)
	}
	if got == taken.Addr().String() || !strings.Contains(moved(english, taken.Addr().String(), got), got) {
		t.Error(got)
	}
	if said := moved(english, "127.0.0.1:0", got) + moved(chinese, got, got); said != "" {
		t.Error(said)
	}
}

// TestReadmeShowsTheSameLines keeps the two READMEs' curl lines and explanations equal to those that the sandbox prints.
func TestReadmeShowsTheSameLines(t *testing.T) {
	t.Parallel()
	w, err := simulator.OpenWorld(simulator.WorldOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = w.Close() }()
	for file, l := range map[string]language{"../../README.md": english, "../../README.zh-CN.md": chinese} {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range walkThrough("http://127.0.0.1:8080", "http://127.0.0.1:8090", world.People(w)[walker]) {
			want := indent(strings.TrimSpace(s.lines), "    ")
			if title := s.title(l); title != "" {
				want = title + "\n\n" + want
			}
			if !strings.Contains(string(text), "\n"+want+"\n") {
				t.Errorf("%s lacks:\n%s", file, want)
			}
		}
	}
}

// TestBannerLinesArePastable looks for what a person would have to fill in by hand, and for what a shell stumbles over:
// zsh knows no comments, old curls know no --json, and an explanation pasted by mistake must leave no shell waiting.
func TestBannerLinesArePastable(t *testing.T) {
	t.Parallel()
	p := phone.Person{Name: "测试", IDNumber: "1", Phone: "2", Region: "3"}
	steps := append(walkThrough("http://127.0.0.1:1", "http://127.0.0.1:2", p), demoChart())
	stumble := regexp.MustCompile(`%!|<[a-z]+>|YOUR|\.\.\.|#|--json|curl -s |\{(api|world|region|name|id|phone|consent)\}`)
	for _, s := range steps {
		if left := stumble.FindString(s.lines); left != "" {
			t.Errorf("the lines hold %q:\n%s", left, s.lines)
		}
		for _, l := range []language{english, chinese} {
			if strings.ContainsAny(s.title(l), "'\"`;()*?!#$&|<>[]{}\\") {
				t.Errorf("the explanation holds what a shell takes for its own: %s", s.title(l))
			}
		}
	}
	assigned := func(s step) (names []string) {
		for _, match := range regexp.MustCompile(`(?m)(?:^|\s)([A-Z_]+)=`).FindAllStringSubmatch(s.lines, -1) {
			names = append(names, match[1])
		}
		return names
	}
	seen := map[string]bool{}
	for _, s := range steps {
		for _, name := range assigned(s) {
			if seen[name] {
				t.Errorf("%s is set twice: the lines before would go on with another's", name)
			}
			seen[name] = true
		}
	}
	if !strings.Contains(demoChart().lines, time.Now().AddDate(0, 0, -pastDays).Format("2006-01")) {
		t.Error("the chart does not begin where the past begins")
	}
}

// TestTheReadmesCommandsHaveNoComments: pasted into zsh, a comment is an argument.
func TestTheReadmesCommandsHaveNoComments(t *testing.T) {
	t.Parallel()
	for _, file := range []string{"../../README.md", "../../README.zh-CN.md"} {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(text)) {
			if strings.HasPrefix(line, "    ") && strings.ContainsAny(line, "#") {
				t.Errorf("%s: %s", file, line)
			}
		}
	}
}

func TestLanguageFollowsTheLocale(t *testing.T) {
	t.Parallel()
	for _, one := range []struct {
		env  map[string]string
		want language
	}{
		{nil, english}, {map[string]string{"LANG": "C.UTF-8"}, english}, {map[string]string{"LANG": "zh_CN.UTF-8"}, chinese},
		{map[string]string{"LANG": "zh_CN.UTF-8", "LC_ALL": "C"}, english}, {map[string]string{"LC_MESSAGES": "zh_CN"}, chinese},
	} {
		if got := locale(func(name string) string { return one.env[name] }); got != one.want {
			t.Errorf("%v: %v", one.env, got)
		}
	}
}

// TestBannerInBothLanguages prints the whole of it, over a folder whose name a shell would part in two.
func TestBannerInBothLanguages(t *testing.T) {
	t.Parallel()
	s, stop := begin(t, flags{data: filepath.Join(t.TempDir(), "my data"), listen: "127.0.0.1:0", outside: "127.0.0.1:0"})
	defer stop()
	for l, want := range map[language]string{english: "Ready. Ctrl-C stops.", chinese: "已就绪，按 Ctrl-C 停止。"} {
		var out bytes.Buffer
		s.language = l
		if err := banner(t.Context(), &out, s); err != nil {
			t.Fatal(err)
		}
		if text := out.String(); !strings.Contains(text, want) || regexp.MustCompile(`%!|\{[a-z]+\}\s`).MatchString(text) ||
			!strings.Contains(text, "/my data/config.yaml'") {
			t.Error(text)
		}
	}
}

func TestShorten(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("line\n", 100)
	if got := strings.Count(shorten(long), "\n"); got != maxShown {
		t.Errorf("%d lines are left", got)
	}
	if got := shorten("one\ntwo"); got != "one\ntwo" {
		t.Errorf("got %q", got)
	}
}
