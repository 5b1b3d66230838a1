// Insights asks the Sauce Labs Insights API from a terminal or in CI: its five
// calls, a gate, an export that goes on after a kill, and a database of all
// runs.
//
//	insights tests --period 1d --status failed
//	insights gate --build web-7 --wait 5m
//
// README.md of this folder says what each subcommand does.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/mattn/go-isatty"

	"github.com/sauceinsights/insights/cmd/insights/internal/cli"
)

func main() {
	signal.Ignore(syscall.SIGPIPE) // that nobody reads is an error like others, and no end without a status
	os.Exit(cli.Run(untilInterrupt(), cli.Process{
		Args:       os.Args[1:],
		Environ:    os.Environ(),
		Stdout:     os.Stdout,
		Stderr:     os.Stderr,
		IsTerminal: isatty.IsTerminal(os.Stdout.Fd()),
		Now:        time.Now,
	}))
}

// untilInterrupt returns a context that the first interrupt ends. The second one
// kills.
func untilInterrupt() context.Context {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)
	return ctx
}
