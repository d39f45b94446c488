package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"regexp"
	"strconv"
	"strings"

	"yibao/cmd/internal/world"
	"yibao/platforms/simulator"
)

const bannerEnglish = `yibao sandbox. Nothing in it is real: invented people, simulated platforms.

  the server               {api}        its API: {api}/docs
  the simulated platforms  {world}        who lives there, and what can be asked of it: {world}/control
  data                     {dir}        kept between runs; -fresh starts over

One more server over the same data, from this folder:

    YIBAO_SERVER__LISTEN={next} go run ./cmd/server serve --config {config}
{moved}{shared}
People to try, all insured in {a} (of the other two regions, {b} has no phone on file and so no SMS proof; {c} speaks SM2 and SM4):

`

const bannerChinese = `yibao 沙箱。其中没有任何真实数据：人员均为虚构，平台均为模拟。

  服务          {api}        接口文档：{api}/docs
  模拟的平台    {world}        有哪些人、可以怎样控制：{world}/control
  数据目录      {dir}        多次运行之间保留；加 -fresh 重新开始

在本目录下再启动一个共用同一份数据的服务：

    YIBAO_SERVER__LISTEN={next} go run ./cmd/server serve --config {config}
{moved}{shared}
可供试用的参保人，参保地均为 {a}（另有参保地 {b}，未登记手机号，不支持短信验证；参保地 {c} 采用国密报文）：

`

// banner prints where everything is and how to try it. Every indented line of commands works when pasted into a shell.
func banner(ctx context.Context, out io.Writer, s *sandbox) error {
	l := s.language
	fmt.Fprint(out, strings.NewReplacer("{api}", s.api, "{world}", s.world.URL, "{dir}", s.dir, "{config}",
		shellWord(s.world.ConfigFile), "{next}", s.next(), "{moved}", s.moved, "{shared}", s.warning(), "{a}", simulator.RegionA, "{b}", simulator.RegionB, "{c}", simulator.RegionC).
		Replace(l.say(bannerEnglish, bannerChinese)))
	people := s.people()
	for _, p := range people[2 : walker+1] {
		fmt.Fprintf(out, "  %s   id_number %s   phone %s\n", p.Name, p.IDNumber, p.Phone)
	}
	fmt.Fprint(out, l.say("\nSign-in codes of the demo users, each good for one sign-in within five minutes; and how to get a new one:\n",
		"\n演示用户的登录凭证，五分钟内可使用一次；以及如何获取新的凭证：\n"))
	for _, platform := range world.Platforms {
		code, err := s.phone(platform.Name, demoUser).Code(ctx)
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "\n  %s   %s\n\n    curl -sS \"%s/control/%s/code?app=demo&user=%s\"\n", platform.Name, code, s.world.URL, platform.Name, demoUser)
	}
	fmt.Fprintf(out, l.say("\nDemo users, one on each platform, were linked %d days ago", "\n各平台各有一位演示用户，已于 %d 天前绑定"), pastDays)
	if !hasPast(s.dir) {
		fmt.Fprint(out, l.say(" (their past is being filled in now; a line will say when it is there)", "（正在补全其历史数据，完成后会有提示）"))
	}
	fmt.Fprintln(out, l.say(".\n\nPaste these lines into another shell, one block after the other:", "。\n\n请将以下命令逐段粘贴到另一个终端："))
	show(out, l, append(walkThrough(s.api, s.world.URL, people[walker]), demoChart()))
	_, err := fmt.Fprintln(out, l.say("\nReady. Ctrl-C stops.", "\n已就绪，按 Ctrl-C 停止。"))
	return err
}

// next is the address after the server's own.
func (s *sandbox) next() string {
	tcp, ok := s.listener.Addr().(*net.TCPAddr)
	if !ok {
		return "127.0.0.1:0"
	}
	return net.JoinHostPort("127.0.0.1", strconv.Itoa(tcp.Port+1))
}

// warning is for a server that other machines can reach.
func (s *sandbox) warning() string {
	if s.shared == "" {
		return ""
	}
	return fmt.Sprintf(s.language.say("\nWARNING: every machine in this network can reach the server, at %s. A sandbox protects nothing:\nenter no data of real people.\n",
		"\n警告：本网络中的其他设备都可以访问该服务，地址为 %s。沙箱没有任何保护措施，请勿输入真实的个人信息。\n"), s.shared)
}

var plainWord = regexp.MustCompile(`^[0-9A-Za-z_./:@%+=,-]+$`)

// shellWord writes a path so that a shell reads it as one word.
func shellWord(path string) string {
	if plainWord.MatchString(path) {
		return path
	}
	return "'" + strings.ReplaceAll(path, "'", `'\''`) + "'"
}
