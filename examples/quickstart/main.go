// Quickstart makes all five calls of the Insights API and prints what came
// back: from the real service if SAUCE_USERNAME and SAUCE_ACCESS_KEY are set,
// and otherwise from a fake one in the same process.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"time"

	"github.com/sauceinsights/insights"
	"github.com/sauceinsights/insights/examples/internal/keyless"
	"github.com/sauceinsights/insights/insightstest"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	status := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(status)
}

// settings are what the flags and the environment say.
type settings struct {
	region insights.Region
	url    string
	period insights.Period
	test   string
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer, opts ...insights.Option) int {
	stderr = keyless.Writer(stderr, os.Getenv("SAUCE_ACCESS_KEY"))
	s, err := parse(args, stdout)
	if errors.Is(err, flag.ErrHelp) {
		return 0
	}
	if err == nil {
		err = ask(ctx, s, stdout, opts)
	}
	if err != nil {
		fmt.Fprintln(stderr, "quickstart:", explain(err, s))
		return 1
	}
	return 0
}

func parse(args []string, stdout io.Writer) (s settings, err error) {
	s.region = insights.USWest1
	if name := os.Getenv("SAUCE_REGION"); name != "" {
		if s.region, err = insights.ParseRegion(name); err != nil {
			return s, fmt.Errorf("SAUCE_REGION: %w", err)
		}
	}
	flags := flag.NewFlagSet("quickstart", flag.ContinueOnError)
	flags.SetOutput(io.Discard) // a mistake is one line, which run prints
	flags.TextVar(&s.region, "region", s.region, "`region` of the account: us-west-1 or eu-central-1")
	flags.StringVar(&s.url, "url", "", "`address` of the service, if it is no region")
	flags.TextVar(&s.period, "period", insights.Last(7*24*time.Hour), "`how far` to look back, such as 7d, 12h or 90m; or start/end, such as\n2026-11-01T00:00:00Z/2026-11-08T00:00:00Z")
	flags.StringVar(&s.test, "test", "", "`name` of a test to sum up (default: that of the newest run)")
	err = flags.Parse(args)
	if errors.Is(err, flag.ErrHelp) {
		flags.SetOutput(stdout)
		fmt.Fprintln(stdout, "Makes all five calls of the Insights API and prints what came back. Set\nSAUCE_USERNAME and SAUCE_ACCESS_KEY to ask the real service.")
		flags.PrintDefaults()
	}
	if err == nil && flags.NArg() > 0 {
		err = fmt.Errorf("unexpected argument %q; -h explains", flags.Arg(0))
	}
	if err == nil && s.period.String() == "" {
		err = errors.New("-period: empty; -h explains")
	}
	return s, err
}

// ask makes the calls, one after the other, within a minute.
func ask(ctx context.Context, s settings, out io.Writer, opts []insights.Option) error {
	client, done, err := connect(s, out, opts)
	if err != nil {
		return err
	}
	defer done()
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	return newPrintout(client, s, out).write(ctx)
}

// connect returns a client of the service that the settings name, or of a fake
// one if there are neither credentials nor an address.
func connect(s settings, out io.Writer, opts []insights.Option) (*insights.Client, func(), error) {
	if s.url == "" && os.Getenv("SAUCE_USERNAME") == "" && os.Getenv("SAUCE_ACCESS_KEY") == "" {
		return fake(s, out)
	}
	creds, err := insights.CredentialsFromEnv()
	if err != nil {
		return nil, nil, err
	}
	if s.url != "" {
		opts = append(opts, insights.WithBaseURL(s.url))
	}
	client, err := insights.NewClient(s.region, creds, append(opts, insights.WithApplication("insights-quickstart", ""))...)
	if err != nil {
		return nil, nil, err
	}
	return client, client.CloseIdleConnections, nil
}

// fake starts a service with made-up runs.
func fake(s settings, out io.Writer) (*insights.Client, func(), error) {
	fmt.Fprintln(out, "Made-up runs of a fake service in this process. For your own runs, set\nSAUCE_USERNAME and SAUCE_ACCESS_KEY.")
	start, end := s.period.Bounds(time.Now())
	srv := insightstest.NewServer()
	srv.Add(insightstest.Generate(1, 2000, start, end)...)
	return srv.Client(), srv.Close, nil
}

// explain is an error as one line for a person.
func explain(err error, s settings) string {
	if errors.Is(err, insights.ErrUnauthorized) && s.url == "" {
		return fmt.Sprintf("the credentials were rejected in region %s; keys differ by region, so try -region with the other one", s.region)
	}
	return err.Error()
}
