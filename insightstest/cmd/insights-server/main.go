// Command insights-server is a fake Insights service on its own, for clients
// in any language: package insightstest behind a port.
//
//	go run ./insightstest/cmd/insights-server -addr 127.0.0.1:8080 -runs 10000
//
// It opens its port when all runs are there, prints how to reach it, answers
// GET /healthz with 200 without credentials, and ends cleanly on an interrupt.
package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
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
	err := run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "insights-server:", err)
		os.Exit(1)
	}
}

// run serves until ctx ends.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) error {
	cfg, err := parseFlags(args, stderr)
	if errors.Is(err, flag.ErrHelp) {
		return nil
	}
	if err != nil {
		return err
	}
	clock := newClock(cfg.end.Time)
	opts, err := cfg.options(clock, stderr)
	if err != nil {
		return err
	}
	if err := cfg.tryPort(ctx); err != nil {
		return err
	}
	srv := insightstest.NewServer(opts...)
	defer srv.Close()
	runs, err := untilDone(ctx, func() ([]insights.Test, error) { return cfg.fill(srv, clock, stdin, stderr) })
	if err != nil {
		return endedBy(ctx, err)
	}
	return cfg.serve(ctx, srv, newControl(srv, clock, cfg.public), runs, stdout)
}

func (c *config) serve(ctx context.Context, srv *insightstest.Server, h http.Handler, runs []insights.Test, stdout io.Writer) error {
	var certificates []tls.Certificate
	if c.tls != "" {
		own, err := writeCertificate(c.tls, time.Now())
		if err != nil {
			return err
		}
		certificates = append(certificates, own)
	}
	p, err := c.open(ctx, certificates, srv, h)
	if err != nil {
		return endedBy(ctx, err)
	}
	c.introduce(stdout, p.url, runs)
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
func (c *config) fill(srv *insightstest.Server, clock *clock, stdin io.Reader, stderr io.Writer) ([]insights.Test, error) {
	runs, err := c.load(clock.now(), stdin, stderr)
	if err != nil {
		return nil, err
	}
	srv.Add(runs...)
	srv.Test("") // orders them, which the first request would have to wait for
	return runs, nil
}

// load reads or makes the runs.
func (c *config) load(now time.Time, stdin io.Reader, stderr io.Writer) ([]insights.Test, error) {
	if c.data == "" {
		return insightstest.Generate(c.seed, c.runs, c.endOr(now).Add(-c.last), c.endOr(now)), nil
	}
	runs, err := readData(c.data, stdin, stderr)
	if err == nil && c.shift && len(runs) > 0 {
		shiftToToday(runs, now)
	}
	return runs, err
}

// endOr is the end of generated runs: now, unless another was asked for.
func (c *config) endOr(now time.Time) time.Time {
	if c.end.IsZero() {
		return now
	}
	return c.end.Time
}

// introduce says how to reach the server: only with what works.
func (c *config) introduce(stdout io.Writer, url string, runs []insights.Test) {
	w := new(bytes.Buffer)
	defer func() { _, _ = w.WriteTo(stdout) }() // who reads it must not get a part
	trust := ""
	if c.tls != "" {
		trust = fmt.Sprintf("--cacert '%s' ", c.tls)
	}
	fmt.Fprintf(w, "insights-server: %d runs%s at %s\n\n", len(runs), between(runs), url)
	fmt.Fprintf(w, "curl:\n  curl %s-u '%s:%s' '%s%s?%s&size=5'\n\n", trust, c.username, c.key, url, insightstest.PathTests, periodOf(runs))
	c.introduceGo(w, url)
	fmt.Fprintf(w, "Faults, the clock, further runs: %s%s\n  explained in insightstest/cmd/insights-server/README.md of the module\nStop with Ctrl-C.\n", url, controlPrefix)
}

// introduceGo leaves the address to what the SDK accepts: it sends a key in
// clear to this machine only.
func (c *config) introduceGo(w io.Writer, address string) {
	u, err := url.Parse(address)
	if err != nil {
		return
	}
	if ip := net.ParseIP(u.Hostname()); u.Scheme == "http" && !ip.IsLoopback() {
		fmt.Fprint(w, "Go: the SDK sends its key to other machines over HTTPS only: use -tls.\n\n")
		return
	}
	if c.tls != "" {
		fmt.Fprintf(w, "Go, with SSL_CERT_FILE=%s on Linux, or the certificate in WithHTTPClient:\n", c.tls)
	} else {
		fmt.Fprint(w, "Go:\n")
	}
	fmt.Fprintf(w, "  client, err := insights.NewClient(\"\",\n      insights.Credentials{Username: %q, AccessKey: %q},\n      insights.WithBaseURL(%q))\n\n", c.username, c.key, address)
}

// periodOf is a period that holds all runs, as parameters.
func periodOf(runs []insights.Test) string {
	first, last := extremes(runs)
	if first.IsZero() {
		return "time_range=30d"
	}
	return "start=" + first.UTC().Format(time.RFC3339) + "&end=" + last.Add(time.Hour).UTC().Format(time.RFC3339)
}

// between says when the runs were created.
func between(runs []insights.Test) string {
	first, last := extremes(runs)
	if first.IsZero() {
		return ""
	}
	return fmt.Sprintf(", created from %s to %s,", first.UTC().Format(time.RFC3339), last.UTC().Format(time.RFC3339))
}

// extremes are the first and the last time of creation of the runs that have
// one; zero: none has.
func extremes(runs []insights.Test) (first, last time.Time) {
	for _, r := range runs {
		switch t := r.CreationTime; {
		case t.IsZero():
		case first.IsZero():
			first, last = t, t
		case t.Before(first):
			first = t
		case t.After(last):
			last = t
		}
	}
	return first, last
}

// logTo writes a line for each request, without its credentials.
func logTo(w io.Writer) func(insightstest.Request) {
	return func(r insightstest.Request) {
		target := url.URL{Path: r.Path, RawQuery: r.RawQuery}
		fmt.Fprintf(w, "%s %s %s %d %d\n", r.Time.Format(time.TimeOnly), r.Method, target.RequestURI(), r.Status, r.Bytes)
	}
}
