package simulator

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"yibao/platforms/simulator/books"
)

func mustOpen(t testing.TB, dir string) *World {
	t.Helper()
	world, err := OpenWorld(WorldOptions{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = world.Close() })
	return world
}

// fill leaves one fact of every kind.
func fill(t testing.TB, w *World) (used, unused string) {
	t.Helper()
	must := func(err error) {
		if err != nil {
			t.Helper()
			t.Fatal(err)
		}
	}
	used, err := w.issueCode(wechatPlatform, wxApp, "demo1")
	must(err)
	unused, err = w.issueCode(wechatPlatform, wxApp, "demo1")
	must(err)
	open, err := w.useCode(wechatPlatform, wxApp, used)
	must(err)
	must(w.grant(wechatPlatform, wxApp, "demo1", wxOnce, 2))
	must(w.order(w.people[0].IDNumber, RegionA, "310", books.Event{At: time.Unix(1700000000, 0), Do: books.Set, Fen: 4200}))
	_, err = w.accept(Message{At: time.Unix(1700000000, 0), Kind: wechatPlatform, App: wxApp, OpenID: open, Template: wxOnce, Text: "x"}, 1, 1)
	must(err)
	return used, unused
}

func TestWorldSurvivesAKill(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	first := mustOpen(t, dir)
	used, unused := fill(t, first)
	// No Close: the process is gone. A half line is what a kill in the middle of a write leaves.
	path := filepath.Join(dir, journalName)
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for cut, tail := range map[string]string{"half a line": `{"kind":"mess`, "an unreadable line": "\x00\x00\x00\n", "nothing": ""} {
		if err = os.WriteFile(path, append(bytes.Clone(before), tail...), 0o600); err != nil {
			t.Fatal(err)
		}
		w := mustOpen(t, dir)
		open := OpenID(wechatPlatform, wxApp, "demo1")
		if list := w.Inbox(InboxQuery{User: "demo1"}); len(list) != 1 || list[0].Seq != 1 {
			t.Errorf("%s: inbox %v", cut, list)
		}
		if n := w.quotaOf(wechatPlatform, wxApp, open, wxOnce); n != 1 {
			t.Errorf("%s: quota %d", cut, n)
		}
		if fen, _ := w.holds(&w.people[0], w.people[0].Enrolments[0], time.Unix(1800000000, 0)); fen != 4200 {
			t.Errorf("%s: balance %v", cut, fen)
		}
		if _, err = w.useCode(wechatPlatform, wxApp, used); err == nil {
			t.Errorf("%s: a used code works again", cut)
		}
		if got, err := w.useCode(wechatPlatform, wxApp, unused); err != nil || got != open {
			t.Errorf("%s: an unused code is lost: %v", cut, err)
		}
		_ = w.Close()
	}
}

func TestJournalCutAnywhere(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	w := mustOpen(t, dir)
	fill(t, w)
	_ = w.Close()
	whole, err := os.ReadFile(filepath.Join(dir, journalName))
	if err != nil {
		t.Fatal(err)
	}
	for cut := range len(whole) {
		if cut%7 != 0 && whole[cut] != '\n' {
			continue
		}
		part := t.TempDir()
		if err = os.WriteFile(filepath.Join(part, journalName), whole[:cut], 0o600); err != nil {
			t.Fatal(err)
		}
		again := mustOpen(t, part)
		if err = again.grant(wechatPlatform, wxApp, "demo1", wxLong, 1); err != nil {
			t.Fatal(err)
		}
		_ = again.Close()
		if err = mustOpen(t, part).Close(); err != nil {
			t.Fatalf("cut at %d: %v", cut, err)
		}
		kept, _ := os.ReadFile(filepath.Join(part, journalName))
		if lines := bytes.Count(kept, []byte("\n")); lines != bytes.Count(whole[:cut], []byte("\n"))+1 {
			t.Fatalf("cut at %d: %d lines", cut, lines)
		}
	}
}

func TestForeignJournalIsRefused(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"not JSON": "x\n{}\n", "another kind": `{"kind":"x"}` + "\n" + `{"kind":"grant"}` + "\n", "no message": `{"kind":"message"}` + "\n{}\n",
	} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, journalName), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if w, err := OpenWorld(WorldOptions{Dir: dir}); err == nil {
			_ = w.Close()
			t.Errorf("%s was taken", name)
		}
	}
	if _, err := OpenWorld(WorldOptions{Dir: "\x00"}); err == nil {
		t.Error("an impossible folder was taken")
	}
}

func TestClosedWorldAcceptsNothing(t *testing.T) {
	t.Parallel()
	w := mustOpen(t, t.TempDir())
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Error("closing twice:", err)
	}
	if _, err := w.accept(Message{Kind: smsKind}, 0, 0); err == nil || len(w.Inbox(InboxQuery{})) != 0 {
		t.Error("a message that is not on disk was accepted")
	}
}

const crashVariable = "YIBAO_SIMULATOR_CRASH_DIR"

// TestAcceptedBeforeAnswered kills a child right after it heard of each acceptance: what it printed must be there.
func TestAcceptedBeforeAnswered(t *testing.T) {
	if dir := os.Getenv(crashVariable); dir != "" {
		crashChild(t, dir)
		return
	}
	t.Parallel()
	dir := t.TempDir()
	command := exec.Command(os.Args[0], "-test.run=^TestAcceptedBeforeAnswered$")
	command.Env = append(os.Environ(), crashVariable+"="+dir)
	output, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err = command.Start(); err != nil {
		t.Fatal(err)
	}
	var heard bytes.Buffer
	buffer := make([]byte, 256)
	for heard.Len() < 200 {
		n, err := output.Read(buffer)
		heard.Write(buffer[:n])
		if err != nil {
			break
		}
	}
	_ = command.Process.Kill()
	_ = command.Wait()
	told := strings.Count(heard.String(), "\n")
	if got := len(mustOpen(t, dir).Inbox(InboxQuery{})); told == 0 || got < told {
		t.Errorf("%d were answered for, %d are there", told, got)
	}
}

func crashChild(t *testing.T, dir string) {
	w := mustOpen(t, dir)
	for {
		seq, err := w.accept(Message{Kind: smsKind, Phone: "19900000001"}, 0, 0)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Printf("accepted %d\n", seq)
	}
}

// However many send at once, no more is accepted than was allowed, and what is accepted is in the inbox once.
func TestQuotaHoldsUnderConcurrency(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	w := mustOpen(t, dir)
	if err := w.grant(alipayPlatform, aliApp, "demo1", aliOnce, 10); err != nil {
		t.Fatal(err)
	}
	open := OpenID(alipayPlatform, aliApp, "demo1")
	var accepted atomic.Int64
	var group sync.WaitGroup
	for range 20 {
		group.Go(func() {
			for range 3 {
				if _, err := w.accept(Message{Kind: alipayPlatform, App: aliApp, OpenID: open, Template: aliOnce}, 1, 1); err == nil {
					accepted.Add(1)
				}
				_, _ = w.holds(&w.people[0], w.people[0].Enrolments[0], time.Now())
				_ = w.order(w.people[0].IDNumber, RegionA, "310", books.Event{At: time.Now(), Do: books.Set, Fen: 1})
			}
		})
	}
	group.Wait()
	_ = w.Close()
	again := mustOpen(t, dir)
	list := again.Inbox(InboxQuery{User: "demo1"})
	if accepted.Load() != 10 || len(list) != 10 || again.quotaOf(alipayPlatform, aliApp, open, aliOnce) != 0 {
		t.Errorf("%d accepted, %d in the inbox", accepted.Load(), len(list))
	}
	for i, m := range list {
		if m.Seq != i+1 {
			t.Errorf("place %d has number %d", i, m.Seq)
		}
	}
}

func TestOnceForgets(t *testing.T) {
	t.Parallel()
	w := mustOpen(t, "")
	if !w.once("a", time.Hour) || w.once("a", time.Hour) {
		t.Error("a nonce came twice")
	}
	if !w.once("b", -time.Second) || !w.once("b", time.Hour) {
		t.Error("a nonce whose time is over was refused")
	}
	for i := range 1 << 16 {
		w.once(fmt.Sprint("old ", i), -time.Second)
	}
	w.once("c", time.Hour)
	w.once("d", time.Hour)
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.seen) > 10 {
		t.Errorf("%d old nonces are kept", len(w.seen))
	}
}

func TestOptionsAreChecked(t *testing.T) {
	t.Parallel()
	bad := map[string]func(*Options){
		"WeChat secret": func(o *Options) { o.WeChatApps[0].Secret = "" },
		"Alipay key":    func(o *Options) { o.AlipayApps[0].AppPublicKey = "x" },
		"gateway key":   func(o *Options) { o.AlipayApps[0].GatewayPrivateKey = "AAAA" },
		"path mode":     func(o *Options) { o.Regions[0].PathMode = "" },
		"auth":          func(o *Options) { o.Regions[0].Auth = "" },
		"tif secret":    func(o *Options) { o.Regions[0].Secret = "" },
		"api key":       func(o *Options) { o.Regions[1].APIKey = "" },
		"unwrap":        func(o *Options) { o.Regions[1].Unwrap = "x" },
	}
	if err := testOptions(t).Check(); err != nil {
		t.Error(err)
	}
	for name, spoil := range bad {
		options := testOptions(t)
		spoil(&options)
		if options.Check() == nil {
			t.Errorf("%s was taken", name)
		}
	}
	defer func() {
		if recover() == nil {
			t.Error("Handler took impossible options")
		}
	}()
	Handler(mustOpen(t, ""), Options{WeChatApps: []WeChatApp{{}}})
}
