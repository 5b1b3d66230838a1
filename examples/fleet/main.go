// Fleet starts processes that make calls at the same time, with one account.
// They share its limit through a file, or through Redis:
//
//	go run .
//	go run . -redis 127.0.0.1:6379
//	go run . -alone
//
// With -alone nothing is shared: each process keeps to the limit by itself, and
// together they break it.
//
// The service is a fake one in this process, which answers 429 beyond 10
// requests a second or 3,500 an hour, unless -url names another, such as
//
//	go run ../../insightstest/cmd/insights-server -limit
//
// The exit status is 0 if all calls succeeded, and 1 if not.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"time"

	"github.com/sauceinsights/insights/insightstest"
)

// perSecond is the default rate of a client and of both limiters.
const perSecond = 8

func main() {
	if text := os.Getenv(jobVariable); text != "" {
		if err := work(text, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, "fleet:", err)
			os.Exit(1)
		}
		return
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	status := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(status)
}

// settings are what the flags say.
type settings struct {
	processes, calls int
	alone            bool
	file, redis, url string
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	s, err := parse(args, stdout)
	if errors.Is(err, flag.ErrHelp) {
		return 0
	}
	var sum result
	if err == nil {
		sum, err = send(ctx, s, stdout, stderr)
	}
	if err != nil {
		fmt.Fprintln(stderr, "fleet:", err)
		return 1
	}
	fmt.Fprint(stdout, sum.report())
	if sum.Failed > 0 {
		return 1
	}
	return 0
}

func parse(args []string, stdout io.Writer) (s settings, err error) {
	flags := flag.NewFlagSet("fleet", flag.ContinueOnError)
	flags.SetOutput(io.Discard) // a mistake is one line, which run prints
	flags.IntVar(&s.processes, "processes", 26, "`number` of processes")
	flags.IntVar(&s.calls, "calls", 5, "`number` of calls that each makes")
	flags.BoolVar(&s.alone, "alone", false, "share nothing")
	flags.StringVar(&s.file, "file", "", "`name` of the file to share the limit through (default: a temporary one)")
	flags.StringVar(&s.redis, "redis", "", "`address` of a Redis server to share it through, instead of a file")
	flags.StringVar(&s.url, "url", "", "`address` of a service, instead of the fake one in this process")
	err = flags.Parse(args)
	if errors.Is(err, flag.ErrHelp) {
		flags.SetOutput(stdout)
		fmt.Fprintln(stdout, "Makes calls from many processes that share the limit of one account.")
		flags.PrintDefaults()
	}
	if err == nil {
		err = s.check(flags.Args())
	}
	return s, err
}

func (s settings) check(rest []string) error {
	shared := s.file != "" || s.redis != ""
	switch {
	case len(rest) > 0:
		return fmt.Errorf("unexpected argument %q; -h explains", rest[0])
	case s.processes < 1 || s.processes > 200 || s.calls < 1:
		return errors.New("-processes must be 1 to 200, and -calls at least 1")
	case s.file != "" && s.redis != "" || s.alone && shared:
		return errors.New("-alone, -file and -redis exclude each other")
	}
	return nil
}

// send starts the fleet and waits for it.
func send(ctx context.Context, s settings, stdout, stderr io.Writer) (result, error) {
	if s.url == "" {
		now := time.Now()
		srv := insightstest.NewServer(insightstest.WithServerLimit(10, 3_500))
		defer srv.Close()
		srv.Add(insightstest.Generate(1, 100, now.Add(-time.Hour), now)...)
		s.url = srv.URL
	}
	if !s.alone && s.redis == "" && s.file == "" {
		dir, err := os.MkdirTemp("", "fleet")
		if err != nil {
			return result{}, err
		}
		defer func() { _ = os.RemoveAll(dir) }() // a temporary folder
		s.file = filepath.Join(dir, "account.limit")
	}
	fmt.Fprintf(stdout, "%d processes make %d calls each, %s.\n", s.processes, s.calls, s.sharing())
	return s.startAll(ctx, stderr)
}

func (s settings) sharing() string {
	switch {
	case s.alone:
		return "and share nothing"
	case s.redis != "":
		return "and share the limit through Redis at " + s.redis
	}
	return "and share the limit through a file"
}
