// Package account connects a subcommand to the service: that of an account, one
// at another address, or a fake one for a demonstration.
package account

import (
	"cmp"
	"errors"
	"fmt"
	"time"

	"github.com/sauceinsights/insights"
	"github.com/sauceinsights/insights/insightstest"
)

// Settings are what the flags that all subcommands share, and the environment,
// say of the service.
type Settings struct {
	Region      insights.Region
	URL         string // instead of the region's; empty: the region's
	IsDemo      bool   // a fake service in this process
	Credentials insights.Credentials
	Version     string                              // of the command, for the User-Agent
	DemoRuns    func(now time.Time) []insights.Test // of the fake service; nil: those of a month
}

// Name says whose runs these are: a user and an address. It holds no secret, and
// is the same whenever the settings are.
func (s Settings) Name() string {
	if s.IsDemo {
		return "a fake service"
	}
	return s.Credentials.Username + " at " + cmp.Or(s.URL, s.Region.BaseURL())
}

// Check reports what [Settings.Connect] would refuse, before anything is done.
func (s Settings) Check() error {
	if s.IsDemo {
		return nil
	}
	_, err := s.client(nil)
	return err
}

// Account is a connection. Close it.
type Account struct {
	Client *insights.Client
	IsDemo bool
	close  func()
}

// Close lets go of what the connection holds.
func (a *Account) Close() { a.close() }

// ErrNoCredentials says that there is nobody to ask as.
var ErrNoCredentials = errors.New("no credentials")

// Connect makes the client. Missing credentials are an error that matches
// [ErrNoCredentials]; a demonstration needs none.
func (s Settings) Connect(now time.Time, opts ...insights.Option) (*Account, error) {
	opts = append([]insights.Option{insights.WithApplication("insights-command", s.Version)}, opts...)
	if s.IsDemo {
		return s.demo(now, opts), nil
	}
	client, err := s.client(opts)
	if err != nil {
		return nil, err
	}
	return &Account{Client: client, close: client.CloseIdleConnections}, nil
}

func (s Settings) client(opts []insights.Option) (*insights.Client, error) {
	if err := s.checkCredentials(); err != nil {
		return nil, err
	}
	if s.URL != "" {
		opts = append(opts, insights.WithBaseURL(s.URL))
	}
	return insights.NewClient(s.Region, s.Credentials, opts...)
}

func (s Settings) checkCredentials() error {
	var missing string
	switch {
	case s.Credentials.Username == "" && s.Credentials.AccessKey == "":
		missing = "SAUCE_USERNAME and SAUCE_ACCESS_KEY are"
	case s.Credentials.Username == "":
		missing = "SAUCE_USERNAME is"
	case s.Credentials.AccessKey == "":
		missing = "SAUCE_ACCESS_KEY is"
	default:
		return nil
	}
	return fmt.Errorf("%w: %s not set: set them to the user and the access key of the account (User Settings), or look around with --demo", ErrNoCredentials, missing)
}

// The demonstration has as many runs, of as many days, the same at each start
// but for their times.
const (
	demoRuns = 2000
	demoDays = 30
)

func (s Settings) demo(now time.Time, opts []insights.Option) *Account {
	runs := s.DemoRuns
	if runs == nil {
		runs = monthBefore
	}
	srv := insightstest.NewServer()
	srv.Add(runs(now)...)
	return &Account{Client: srv.Client(opts...), IsDemo: true, close: srv.Close}
}

func monthBefore(now time.Time) []insights.Test {
	return insightstest.Generate(1, demoRuns, now.AddDate(0, 0, -demoDays), now)
}
