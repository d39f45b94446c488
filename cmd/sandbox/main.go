// Command sandbox runs all of yibao on one machine with no accounts and nothing installed: an embedded server of the
// MongoDB protocol, simulated WeChat, Alipay, insurers and SMS gateway, and the same server that production runs.
//
//	sandbox          run until Ctrl-C; data is kept in ./sandbox-data
//	sandbox -fresh   start over
//	sandbox -tour    run the main job once for every platform, show each step, and end
//
// It speaks Chinese where the locale does (LC_ALL, LC_MESSAGES, LANG), else English; -lang zh or -lang en says which.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"syscall"

	"yibao/cmd/internal/world"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout)
	stop()
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "sandbox:", err)
		os.Exit(1)
	}
}

// flags are the command line.
type flags struct {
	data, listen, outside string
	fresh, tour           bool
	past                  int // days that the demo users are linked already; 0 for none
	// asked are the addresses that were asked for: no other port will do.
	asked    map[string]bool
	language language
}

func parse(args []string, out io.Writer) (flags, error) {
	f := flags{past: pastDays, language: locale(os.Getenv)}
	set := flag.NewFlagSet("sandbox", flag.ContinueOnError)
	set.SetOutput(out)
	set.StringVar(&f.data, "data", "sandbox-data", "folder that keeps the sandbox's data between runs")
	set.StringVar(&f.listen, "listen", "127.0.0.1:8080", "address of the server; the default moves to the next free port when it is taken; 0.0.0.0:8080 lets other machines in")
	set.StringVar(&f.outside, "outside", "127.0.0.1:8090", "address of the simulated platforms; loopback only; the default moves likewise")
	set.Func("lang", "language of what is printed, zh or en (default: as the terminal's)", func(text string) (err error) {
		f.language, err = languageOf(text)
		return err
	})
	set.BoolVar(&f.fresh, "fresh", false, "start over: delete what an earlier run put into the data folder")
	set.BoolVar(&f.tour, "tour", false, "run the main job once in a folder and on ports of its own, show each step, and end")
	if err := set.Parse(args); err != nil {
		return f, err
	}
	if set.NArg() > 0 {
		return f, fmt.Errorf("unknown argument %q", set.Arg(0))
	}
	f.asked = map[string]bool{}
	var unused error
	set.Visit(func(one *flag.Flag) {
		f.asked[one.Name] = true
		if f.tour && one.Name != "tour" && one.Name != "lang" {
			unused = fmt.Errorf("-tour runs in a folder and on ports of its own: leave out -%s", one.Name)
		}
	})
	if _, _, err := net.SplitHostPort(f.listen); err != nil {
		return f, errors.Join(unused, errors.New("-listen: not host:port"))
	}
	return f, errors.Join(unused, loopback("outside", f.outside))
}

func run(ctx context.Context, args []string, out io.Writer) error {
	f, err := parse(args, out)
	if err != nil {
		return err
	}
	if f.tour {
		return runTour(ctx, f.language, out)
	}
	if f.fresh {
		if err := world.Clear(f.data); err != nil {
			return explain(err, f.data)
		}
	}
	return runSandbox(ctx, f, out)
}

func runSandbox(ctx context.Context, f flags, out io.Writer) error {
	fmt.Fprintln(out, f.language.say("yibao sandbox: built; now starting …", "yibao 沙箱：编译完成，正在启动……"))
	s, err := start(ctx, f)
	if err != nil {
		return err
	}
	if err := banner(ctx, out, s); err != nil {
		return errors.Join(err, s.close())
	}
	err = s.run(ctx, out)
	fmt.Fprintln(out, f.language.say("stopped", "已停止"))
	return err
}
