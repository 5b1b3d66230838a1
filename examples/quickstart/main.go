// Quickstart makes all five calls of the Insights API and prints what came
// back: from the real service where SAUCE_USERNAME and SAUCE_ACCESS_KEY are
// set, and otherwise from a fake one in the same process.
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

// settings are what the flags say.
type settings struct {
	region insights.Region
	last   time.Duration
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
		_, _ = fmt.Fprintln(stderr, "quickstart:", explain(err, s.region))
		return 1
	}
	return 0
}

func parse(args []string, stdout io.Writer) (settings, error) {
	s := settings{region: insights.USWest1}
	if name := os.Getenv("SAUCE_REGION"); name != "" {
		s.region = insights.Region(name)
	}
	var last insights.Period
	flags := flag.NewFlagSet("quickstart", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.TextVar(&s.region, "region", s.region, "the `region` of the account: us-west-1 or eu-central-1")
	flags.TextVar(&last, "last", insights.Last(7*24*time.Hour), "how far to look back: a whole `number and unit`, such as 7d, 12h or 90m")
	flags.StringVar(&s.test, "test", "", "the `name` of a test to sum up; by default that of the newest run")
	err := flags.Parse(args)
	if errors.Is(err, flag.ErrHelp) {
		flags.SetOutput(stdout)
		_, _ = fmt.Fprintln(stdout, "Makes all five calls of the Insights API. Set SAUCE_USERNAME and SAUCE_ACCESS_KEY to ask the real service.")
		flags.PrintDefaults()
		return s, err
	}
	if err == nil && flags.NArg() > 0 {
		err = fmt.Errorf("unexpected argument %q; -h explains", flags.Arg(0))
	}
	if err != nil {
		return s, err
	}
	s.last, err = lengthOf(last)
	return s, err
}

// lengthOf is the length of a period back from now.
func lengthOf(p insights.Period) (time.Duration, error) {
	var n int64
	var unit string
	if count, err := fmt.Sscanf(p.String(), "%d%1s", &n, &unit); err != nil || count != 2 || len(p.String()) > 8 {
		return 0, fmt.Errorf("-last: %q is no number and unit, such as 7d", p)
	}
	return time.Duration(n) * map[string]time.Duration{"d": 24 * time.Hour, "h": time.Hour, "m": time.Minute, "s": time.Second}[unit], nil
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
	end := time.Now()
	return newReport(client, insights.Between(end.Add(-s.last), end), s, out).write(ctx)
}

// connect returns a client of the real service where there are credentials,
// and of a fake one otherwise.
func connect(s settings, out io.Writer, opts []insights.Option) (*insights.Client, func(), error) {
	if os.Getenv("SAUCE_USERNAME") == "" && os.Getenv("SAUCE_ACCESS_KEY") == "" {
		_, _ = fmt.Fprintln(out, "SAUCE_USERNAME and SAUCE_ACCESS_KEY are not set: asking a fake service in this process.")
		srv := insightstest.NewServer()
		srv.Add(insightstest.Generate(1, 2000, time.Now().Add(-s.last), time.Now())...)
		return srv.Client(), srv.Close, nil
	}
	creds, err := insights.CredentialsFromEnv()
	if err != nil {
		return nil, nil, err
	}
	client, err := insights.NewClient(s.region, creds, append(opts, insights.WithApplication("insights-quickstart", ""))...)
	if err != nil {
		return nil, nil, err
	}
	return client, client.CloseIdleConnections, nil
}

// explain is an error as one line for a person.
func explain(err error, region insights.Region) string {
	if errors.Is(err, insights.ErrUnauthorized) {
		return fmt.Sprintf("the credentials were rejected in region %s; keys differ by region, so try -region with the other one", region)
	}
	return err.Error()
}
