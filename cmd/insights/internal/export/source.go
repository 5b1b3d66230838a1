package export

import (
	"fmt"
	"time"

	"github.com/sauceinsights/insights"
	"github.com/sauceinsights/insights/cmd/insights/internal/account"
	"github.com/sauceinsights/insights/insightstest"
)

// source is where runs come from.
type source struct {
	account account.Settings
	options []insights.Option
	name    string
}

func sourceFor(s Settings, acct account.Settings, opts []insights.Option) source {
	name := acct.Name()
	if acct.IsDemo {
		name = fmt.Sprintf("a fake service with %d runs", s.demoRuns)
	}
	return source{acct, append(opts, insights.WithConcurrency(s.concurrency)), name}
}

// connect makes the client. A fake service has the same runs for the same period
// again, so that an export of them can be interrupted and gone on with too.
func (src source) connect(period insights.Period, demoRuns int) (*account.Account, error) {
	src.account.DemoRuns = func(time.Time) []insights.Test {
		start, end := period.Bounds(time.Time{}) // it has ends: no time is needed
		return insightstest.Generate(1, demoRuns, start, end)
	}
	return src.account.Connect(time.Time{}, src.options...)
}
