// Package teardown_test is a test package that reports on the runs that its
// tests cause on Sauce Labs, when they have ended.
//
//	INSIGHTS_TEARDOWN=1 INSIGHTS_BUILD=nightly-118 go test -count=1 -v ./examples/teardown
//
// There is no account needed to try it: where none is set, the tests make their
// runs on a fake service in this process.
package teardown_test

import (
	"os"
	"testing"
	"time"

	"github.com/sauceinsights/insights"
	"github.com/sauceinsights/insights/insightstest"
	"github.com/sauceinsights/insights/report/teardown"
)

// A real test package needs no more than these two: the service is real, and
// the runs are made by the browsers that the tests drive.
//
//	var hook = teardown.New()
//
//	func TestMain(m *testing.M) { os.Exit(hook.Main(m)) }
var (
	service = insightstest.NewServer()
	hook    = teardown.New(options()...)
)

func TestMain(m *testing.M) {
	code := hook.Main(m)
	service.Close()
	os.Exit(code)
}

// options let the hook ask the fake service if there is no account.
func options() []teardown.Option {
	if os.Getenv("SAUCE_USERNAME") != "" {
		return nil
	}
	return []teardown.Option{teardown.WithClient(service.Client())}
}

// startSession stands for what opens a browser on Sauce Labs. A test that does
// so tells the hook.
func startSession(t *testing.T) {
	t.Helper()
	hook.SessionStarted()
	began := time.Now()
	t.Cleanup(func() {
		service.Add(insights.Test{
			Name: t.Name(), Build: os.Getenv("INSIGHTS_BUILD"), Owner: insightstest.Username, Status: insights.StatusPassed,
			CreationTime: began, StartTime: began, EndTime: time.Now(), OS: "Windows 11", Browser: "Chrome 137",
		})
	})
}

func TestLogin(t *testing.T) { startSession(t) }

func TestSearch(t *testing.T) { startSession(t) }

func TestCheckout(t *testing.T) { startSession(t) }
