// Command insights-server is a fake Insights service on its own, for clients
// in any language: package insightstest behind a port.
//
//	go run ./insightstest/cmd/insights-server -addr 127.0.0.1:8080 -runs 10000
//
// It opens its port when all runs are there, prints how to reach it, answers
// GET /healthz with 200 without credentials, and ends cleanly on an interrupt.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
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
	opts, err := cfg.options(stderr)
	if err != nil {
		return err
	}
	if err := cfg.tryPort(ctx); err != nil {
		return err
	}
	srv := insightstest.NewServer(append(opts, insightstest.InMemory())...) // its port is opened once it is full
	defer srv.Close()
	runs, err := untilDone(ctx, func() ([]insights.Test, error) { return cfg.fill(srv) })
	if err != nil {
		return endedBy(ctx, err)
	}
	l, err := cfg.listen(ctx)
	if err != nil {
		return endedBy(ctx, err)
	}
	p := openPort(l, srv)
	introduce(stdout, srv, p.url, runs)
	<-ctx.Done()
	p.close()
	return nil
}

// untilDone returns what f does, or with the error of ctx if that ends before.
func untilDone[T any](ctx context.Context, f func() (T, error)) (T, error) {
	type result struct {
		value T
		err   error
	}
	done := make(chan result, 1)
	go func() {
		value, err := f()
		done <- result{value, err}
	}()
	select {
	case r := <-done:
		return r.value, r.err
	case <-ctx.Done():
		var none T
		return none, ctx.Err()
	}
}

// endedBy is err, or nil if there is one only because the command was told to
// end.
func endedBy(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// fill reads or makes the runs and adds them to the server.
func (c *config) fill(srv *insightstest.Server) ([]insights.Test, error) {
	runs, err := c.load(time.Now())
	if err != nil {
		return nil, err
	}
	srv.Add(runs...)
	srv.Test("") // orders them, which the first request would have to wait for
	return runs, nil
}

// load reads or makes the runs.
func (c *config) load(now time.Time) ([]insights.Test, error) {
	if c.data != "" {
		return readRuns(c.data)
	}
	return insightstest.Generate(c.seed, c.runs, now.Add(-c.last), now), nil
}

// introduce says how to reach the server.
func introduce(w io.Writer, srv *insightstest.Server, url string, runs []insights.Test) {
	creds := srv.Credentials()
	fmt.Fprintf(w, `insights-server: %d runs%s at %s

curl:
  curl -u '%s:%s' '%s%s?time_range=30d&size=5'

Go:
  client, err := insights.NewClient("",
      insights.Credentials{Username: %q, AccessKey: %q},
      insights.WithBaseURL(%q))

Stop with Ctrl-C.
`, len(runs), between(runs), url,
		creds.Username, creds.AccessKey, url, insightstest.PathTests,
		creds.Username, creds.AccessKey, url)
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
