// Command insights-server is a fake Insights service on its own, for clients
// in any language: package insightstest behind a port.
//
//	go run ./insightstest/cmd/insights-server -addr 127.0.0.1:8080 -runs 10000
//
// It prints how to reach it, and ends cleanly on an interrupt.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/sauceinsights/insights"
	"github.com/sauceinsights/insights/insightstest"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "insights-server:", err)
		os.Exit(1)
	}
}

// run serves until ctx ends.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	cfg, err := parseFlags(args, stderr)
	if errors.Is(err, flag.ErrHelp) {
		return nil
	}
	if err != nil {
		return err
	}
	runs, err := cfg.load(time.Now())
	if err != nil {
		return err
	}
	opts, err := cfg.options(stderr)
	if err != nil {
		return err
	}
	l, err := cfg.listen(ctx)
	if err != nil {
		return err
	}
	srv := insightstest.NewServer(append(opts, insightstest.WithListener(l))...)
	defer srv.Close()
	srv.Add(runs...)
	introduce(stdout, srv, runs)
	<-ctx.Done()
	return nil
}

// load reads or makes the runs.
func (c *config) load(now time.Time) ([]insights.Test, error) {
	if c.data != "" {
		return readRuns(c.data)
	}
	return insightstest.Generate(c.seed, c.runs, now.Add(-c.last), now), nil
}

// listen opens the port, which other machines reach only with -public.
func (c *config) listen(ctx context.Context) (net.Listener, error) {
	addr, err := net.ResolveTCPAddr("tcp", c.addr)
	if err != nil {
		return nil, fmt.Errorf("-addr %s: %w", c.addr, err)
	}
	if !addr.IP.IsLoopback() && !c.public {
		return nil, fmt.Errorf("-addr %s can be reached from other machines: say -public if you mean it, or use 127.0.0.1:%d", c.addr, addr.Port)
	}
	return new(net.ListenConfig).Listen(ctx, "tcp", addr.String())
}

// introduce says how to reach the server.
func introduce(w io.Writer, srv *insightstest.Server, runs []insights.Test) {
	creds := srv.Credentials()
	fmt.Fprintf(w, `insights-server: %d runs%s at %s

curl:
  curl -u '%s:%s' '%s%s?time_range=30d&size=5'

Go:
  client, err := insights.NewClient("",
      insights.Credentials{Username: %q, AccessKey: %q},
      insights.WithBaseURL(%q))

Stop with Ctrl-C.
`, len(runs), between(runs), srv.URL,
		creds.Username, creds.AccessKey, srv.URL, insightstest.PathTests,
		creds.Username, creds.AccessKey, srv.URL)
}

// between says when the runs were created.
func between(runs []insights.Test) string {
	if len(runs) == 0 {
		return ""
	}
	first, last := runs[0].CreationTime, runs[0].CreationTime
	for _, r := range runs {
		if r.CreationTime.Before(first) {
			first = r.CreationTime
		}
		if r.CreationTime.After(last) {
			last = r.CreationTime
		}
	}
	return fmt.Sprintf(", created from %s to %s,", first.UTC().Format(time.RFC3339), last.UTC().Format(time.RFC3339))
}

// logTo writes a line for each request, without its credentials.
func logTo(w io.Writer) func(insightstest.Request) {
	return func(r insightstest.Request) {
		target := url.URL{Path: r.Path, RawQuery: r.RawQuery}
		fmt.Fprintf(w, "%s %s %s %d %d\n", r.Time.Format(time.TimeOnly), r.Method, target.RequestURI(), r.Status, r.Bytes)
	}
}
