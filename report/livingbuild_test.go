package report_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sauceinsights/insights"
	"github.com/sauceinsights/insights/insightstest"
	"github.com/sauceinsights/insights/report"
)

// A build on its way: twenty runs that begin one after the other, become visible,
// run for a minute, and end; the last of them fails.
func livingBuild(srv *insightstest.Server, began time.Time) {
	for i := range 20 {
		id, begins := fmt.Sprintf("run-%02d", i), began.Add(time.Duration(i)*5*time.Second)
		srv.AddAt(begins, insights.Test{
			ID: id, Name: "Test " + id, Build: "nightly", Status: insightstest.StatusInProgress,
			CreationTime: begins, StartTime: begins,
		})
		time.AfterFunc(begins.Add(time.Minute).Sub(began), func() {
			srv.Update(id, func(run *insights.Test) {
				run.Status, run.EndTime = insights.StatusPassed, begins.Add(time.Minute)
				if i == 19 {
					run.Status, run.Error = insights.StatusFailed, "the last one"
				}
			})
		})
	}
}

func TestWaitForBuildOnRunsThatLive(t *testing.T) {
	for name, test := range map[string]struct {
		opts     report.WaitOptions
		complete bool
		judge    func(*testing.T, error)
	}{
		"waits for the last run, and the gate sees it fail": {
			report.WaitOptions{Expect: 20, Budget: 10 * time.Minute},
			true,
			func(t *testing.T, err error) {
				var broken *report.GateError
				require.ErrorAs(t, err, &broken)
				assert.NotErrorIs(t, err, report.ErrCouldNotTell)
			},
		},
		"waits for all that began, without knowing how many": {
			report.WaitOptions{Budget: 10 * time.Minute},
			true,
			func(t *testing.T, err error) { assert.Error(t, err) },
		},
		"says that the build still runs when its budget ends": {
			report.WaitOptions{Expect: 20, Budget: 90 * time.Second},
			false,
			func(t *testing.T, err error) { assert.ErrorIs(t, err, report.ErrCouldNotTell) },
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				srv := insightstest.New(t, insightstest.InMemory())
				began := time.Now()
				livingBuild(srv, began)
				test.opts.Period = insights.Last(time.Hour)
				result, err := report.WaitForBuild(t.Context(), srv.Client(), "nightly", test.opts)
				require.NoError(t, err)
				assert.Equal(t, test.complete, result.Complete)
				if test.complete {
					assert.Len(t, result.Tests, 20)
				}

				listed := srv.Client().AllTests(t.Context(), insights.TestsOptions{Period: test.opts.Period, Build: "nightly"})
				summary, err := report.Summarize(listed, report.Options{})
				require.NoError(t, err)
				test.judge(t, report.Gate{MaxFailedTests: new(0)}.Check(summary))
				time.Sleep(5 * time.Minute) // until all runs have ended
			})
		})
	}
}
