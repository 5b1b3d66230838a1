package export

import (
	"fmt"
	"os"
	"time"

	"github.com/sauceinsights/insights"
	"github.com/sauceinsights/insights/insightstest"
)

// source is where runs come from.
type source struct {
	name    string
	isFake  bool
	connect func(insights.Period) (client *insights.Client, disconnect func())
}

// sourceFor is the real service where there are credentials or an address, and
// a fake one otherwise.
func sourceFor(s settings, opts []insights.Option) (source, error) {
	opts = append(opts, insights.WithConcurrency(s.concurrency))
	if os.Getenv("SAUCE_USERNAME") == "" && os.Getenv("SAUCE_ACCESS_KEY") == "" && s.url == "" {
		return fakeSource(s.runs, opts), nil
	}
	creds, err := insights.CredentialsFromEnv()
	if err != nil {
		return source{}, err
	}
	return realSource(s, creds, opts)
}

func realSource(s settings, creds insights.Credentials, opts []insights.Option) (source, error) {
	opts = append(opts, insights.WithApplication("insights-export", ""))
	address := s.region.BaseURL()
	if s.url != "" {
		address = s.url
		opts = append(opts, insights.WithBaseURL(s.url))
	}
	client, err := insights.NewClient(s.region, creds, opts...)
	return source{
		name: creds.Username + " at " + address,
		connect: func(insights.Period) (*insights.Client, func()) {
			return client, client.CloseIdleConnections
		},
	}, err
}

// fakeSource makes the same runs for the same period again, so that an export
// of them can be interrupted and gone on with too.
func fakeSource(runs int, opts []insights.Option) source {
	return source{
		name:   fmt.Sprintf("a fake service with %d runs", runs),
		isFake: true,
		connect: func(period insights.Period) (*insights.Client, func()) {
			start, end := period.Bounds(time.Time{}) // it has ends: no time is needed
			srv := insightstest.NewServer()
			srv.Add(insightstest.Generate(1, runs, start, end)...)
			return srv.Client(opts...), srv.Close
		},
	}
}
