// Command server is yibao's production program: the API, the workers, and the tools that an operator needs before the
// first start.
//
//	server serve --config FILE [--role api|worker|all]
//	server check --config FILE
//	server keys new --dir DIR
//	server links list|end --config FILE
package main

import (
	"context"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"

	"yibao/config"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Environ(), os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// commands is the command line.
type commands struct {
	Serve serveCommand `cmd:"" help:"Serve the API and run the workers until SIGTERM or SIGINT."`
	Check checkCommand `cmd:"" help:"Report every problem of the configuration, then try what it names. The exit status tells: 0 when all is well, 1 when something failed, 2 for a configuration that cannot be used."`
	Keys  keysCommand  `cmd:"" help:"Make key files."`
	Links linksCommand `cmd:"" help:"Show and end the links to one person."`
}

// terminal is what a command writes to and reads its settings from.
type terminal struct {
	environ        []string
	stdin          io.Reader
	stdout, stderr io.Writer
}

// The exit statuses.
const (
	exitOK     = 0
	exitFailed = 1
	exitUsage  = 2
)

// run is the whole program; tests call it too.
func run(ctx context.Context, args, environ []string, stdout, stderr io.Writer) int {
	var cli commands
	exit := -1
	parser, err := kong.New(&cli, kong.Name("server"), kong.Description("yibao: medical-insurance balances for mini-programs."),
		kong.Writers(stdout, stderr), kong.Exit(func(code int) { exit = code }))
	if err != nil {
		fail(stderr, err)
		return exitUsage
	}
	command, err := parser.Parse(args)
	if exit >= 0 { // --help has been shown
		return exit
	}
	if err != nil {
		fail(stderr, err)
		return exitUsage
	}
	command.BindTo(ctx, (*context.Context)(nil))
	if err := command.Run(&terminal{environ: environ, stdin: os.Stdin, stdout: stdout, stderr: stderr}); err != nil {
		fail(stderr, err)
		return exitStatus(err)
	}
	return exitOK
}

// newLog makes the log that the configuration asks for, on standard error.
func newLog(c config.Log, stderr io.Writer) *slog.Logger {
	var level slog.Level
	if level.UnmarshalText([]byte(c.Level)) != nil {
		level = slog.LevelInfo
	}
	options := &slog.HandlerOptions{Level: level}
	if c.Format == "text" {
		return slog.New(slog.NewTextHandler(stderr, options))
	}
	return slog.New(slog.NewJSONHandler(stderr, options))
}
