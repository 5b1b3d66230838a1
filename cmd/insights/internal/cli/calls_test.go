package cli

import (
	"encoding/csv"
	"encoding/json"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sauceinsights/insights"
	"github.com/sauceinsights/insights/insightstest"
)

const may = "2021-05-01T00:00:00Z/2021-05-02T00:00:00Z"

var firstOfMay = time.Date(2021, 5, 1, 0, 0, 0, 0, time.UTC)

// TestCallsSendParameters holds every parameter of the API to a flag of its name.
func TestCallsSendParameters(t *testing.T) {
	common := " --period " + may + " --scope single --owner ann,ben --status failed"
	asked := url.Values{"start": {"2021-05-01T00:00:00Z"}, "end": {"2021-05-02T00:00:00Z"}, "scope": {"single"}, "owner": {"ann", "ben"}, "status": {"failed"}}
	with := func(more url.Values) url.Values {
		for name, values := range asked {
			more[name] = values
		}
		return more
	}
	for name, c := range map[string]struct {
		args, path string
		query      url.Values
	}{
		"tests": {
			"tests --build b-1 --query Login --error broke --order newest --from 7 --size 9" + common, insightstest.PathTests,
			with(url.Values{"build": {"b-1"}, "query": {"Login"}, "error": {"broke"}, "desc": {"true"}, "from": {"7"}, "size": {"9"}}),
		},
		"tests without a build": {
			"tests --missing-build --order oldest" + common, insightstest.PathTests,
			with(url.Values{"missing_build": {""}, "desc": {"false"}}),
		},
		"metrics": {
			"metrics --query Login --os Windows --os Linux --browser Chrome,Firefox" + common, insightstest.PathTestMetrics,
			with(url.Values{"query": {"Login"}, "os": {"Windows", "Linux"}, "browser": {"Chrome", "Firefox"}}),
		},
		"trends": {
			"trends --interval 6h --os Windows --browser Chrome" + common, insightstest.PathTestTrends,
			with(url.Values{"interval": {"6h"}, "os": {"Windows"}, "browser": {"Chrome"}}),
		},
		"builds": {
			"builds --os Windows --browser Chrome" + common, insightstest.PathBuildsTests,
			with(url.Values{"os": {"Windows"}, "browser": {"Chrome"}}),
		},
		"errors": {
			"errors --os Windows --browser Chrome" + common, insightstest.PathErrorTrends,
			with(url.Values{"os": {"Windows"}, "browser": {"Chrome"}}),
		},
		"a period back from now": {"builds --period 90m", insightstest.PathBuildsTests, url.Values{"time_range": {"90m"}}},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t)
			out := d.run(t, strings.Fields(c.args)...)
			require.Equal(t, done, out.status, out.stderr)
			require.Len(t, d.Requests(), 1)
			assert.Equal(t, c.path, d.Requests()[0].Path)
			assert.Equal(t, c.query, d.Requests()[0].Query)
			assert.Contains(t, d.Requests()[0].UserAgent, "insights-command")
		})
	}
}

// deskOfMay has three runs of two builds, one of them hostile.
func deskOfMay(t *testing.T) *desk {
	at := func(minute int) time.Time { return firstOfMay.Add(time.Duration(minute) * time.Minute) }
	return newDesk(t,
		insights.Test{ID: "a", Name: "Login", Build: "web-7", Owner: "ann", Status: insights.StatusPassed, CreationTime: at(1), StartTime: at(1), EndTime: at(2), Duration: 60, OS: "Windows 11", OSNormalized: "Windows", Browser: "Chrome 137.0", BrowserNormalized: "Chrome"},
		insights.Test{ID: "b", Name: "=cmd|' /C calc'!A0", Build: "web-7", Owner: "ann", Status: insights.StatusFailed, Error: "\x1b[31mred\x1b[0m\nsecond line", CreationTime: at(3), StartTime: at(3), EndTime: at(4), Duration: 61.5, OS: "macOS 15", OSNormalized: "macOS", Browser: "Safari 18", BrowserNormalized: "Safari"},
		insights.Test{ID: "c", Name: "検索", Build: "web-8", Owner: "ben", Status: insights.StatusErrored, Error: "no machine became free", CreationTime: at(5)},
	)
}

func TestCallsInATable(t *testing.T) {
	for args, want := range map[string]string{
		"tests --period " + may + " --order oldest": `
CREATED (UTC)        STATUS   SECONDS  TEST                BUILD  OS       BROWSER  ERROR
2021-05-01 00:01:00  passed      60.0  Login               web-7  Windows  Chrome
2021-05-01 00:03:00  failed      61.5  =cmd|' /C calc'!A0  web-7  macOS    Safari   red second line
2021-05-01 00:05:00  errored      0.0  検索                web-8                    no machine became free
`,
		"tests --period 1d": "\nNo runs.\n",
		"metrics --query Login --period " + may: `
RUNS  PASSED  AVERAGE (S)  FASTEST (S)  SLOWEST (S)  QUEUED (S)  RUNNING (S)
   1       1         60.0         60.0         60.0         0.0         60.0
`,
		"metrics --query Nobody --period " + may: `
RUNS  AVERAGE (S)  FASTEST (S)  SLOWEST (S)  QUEUED (S)  RUNNING (S)
   0            -            -            -           -            -
`,
		"trends --interval 12h --by browser --period " + may: `
FROM (UTC)           RUNS  (NONE)  CHROME 137.0  SAFARI 18
2021-05-01 00:00:00     3       1             1          1
`,
		"builds --period " + may: `
STARTED (UTC)        BUILD  RUNS  SECONDS  ERRORED  FAILED  PASSED
2021-05-01 00:05:00  web-8     1      0.0        1       0       0
2021-05-01 00:01:00  web-7     2    121.5        0       1       1
`,
		"errors --period " + may: `
RUNS  ERROR                   SUCH AS
   1  red second line         =cmd|' /C calc'!A0
   1  no machine became free  検索
`,
	} {
		t.Run(args, func(t *testing.T) {
			d := deskOfMay(t)
			d.isTerminal = true
			out := d.run(t, strings.Fields(args)...)
			require.Equal(t, done, out.status, out.stderr)
			assert.Equal(t, strings.TrimPrefix(want, "\n"), out.stdout)
			assert.Empty(t, out.stderr)
		})
	}
}

func TestCallsInAPipe(t *testing.T) {
	t.Run("are NDJSON, a line each", func(t *testing.T) {
		for args, lines := range map[string]int{"tests": 3, "metrics --query Login": 1, "trends --interval 1d": 2, "builds": 2, "errors": 2} {
			out := deskOfMay(t).run(t, append(strings.Fields(args), "--period", may)...)
			require.Equal(t, done, out.status, out.stderr)
			got := strings.Split(strings.TrimSpace(out.stdout), "\n")
			assert.GreaterOrEqual(t, len(got), lines-1, args)
			for _, line := range got {
				assert.True(t, json.Valid([]byte(line)), line)
			}
		}
	})
	t.Run("are what the service sent, as JSON", func(t *testing.T) {
		out := deskOfMay(t).run(t, "tests", "--period", may, "-o", "json")
		var page insights.TestList
		require.NoError(t, json.Unmarshal([]byte(out.stdout), &page))
		assert.Len(t, page.Items, 3)
		assert.Equal(t, 200, page.Meta.Status)
	})
	t.Run("are an array as JSON with --all", func(t *testing.T) {
		for _, period := range []string{may, "1d"} {
			out := deskOfMay(t).run(t, "tests", "--period", period, "--all", "-o", "json")
			require.Equal(t, done, out.status, out.stderr)
			var runs []insights.Test
			require.NoError(t, json.Unmarshal([]byte(out.stdout), &runs), out.stdout)
			assert.NotNil(t, runs)
		}
	})
	t.Run("are CSV with names of the wire, and without formulas", func(t *testing.T) {
		for args, names := range map[string]string{
			"tests":                 "creation_time,status,duration,name,build,error,id,owner,ancestor,start_time,end_time,os,os_normalized,browser,browser_normalized,details_url",
			"metrics --query Login": "runs,passed,avg_run_time,fastest_run,slowest_run,total_queue_time,total_run_time",
			"trends --interval 1d":  "timestamp,runs,errored,failed,passed",
			"builds":                "start_time,end_time,name,runs,duration,errored,failed,passed",
			"errors":                "runs,error",
		} {
			out := deskOfMay(t).run(t, append(strings.Fields(args), "--period", may, "-o", "csv")...)
			require.Equal(t, done, out.status, out.stderr)
			rows, err := csv.NewReader(strings.NewReader(out.stdout)).ReadAll()
			require.NoError(t, err)
			assert.Equal(t, names, strings.Join(rows[0], ","))
			for _, row := range rows[1:] {
				for _, cell := range row {
					assert.False(t, strings.HasPrefix(cell, "="), cell)
				}
			}
		}
	})
}

func TestTestsAll(t *testing.T) {
	d := newDesk(t, insightstest.Generate(3, 2500, firstOfMay, firstOfMay.AddDate(0, 0, 1))...)
	out := d.run(t, "tests", "--all", "--period", may)
	require.Equal(t, done, out.status, out.stderr)
	lines := strings.Split(strings.TrimSpace(out.stdout), "\n")
	require.Len(t, lines, 2500)
	var before time.Time
	ids := map[string]bool{}
	for _, line := range lines {
		var run insights.Test
		require.NoError(t, json.Unmarshal([]byte(line), &run))
		assert.False(t, run.CreationTime.Before(before), "in order")
		before, ids[run.ID] = run.CreationTime, true
	}
	assert.Len(t, ids, 2500, "once each")
	t.Run("that breaks off is no whole array", func(t *testing.T) {
		d.Fail(insightstest.Outage(-1).After(2))
		defer d.Recover()
		out := d.run(t, "tests", "--all", "--period", may, "-o", "json")
		assert.Equal(t, couldNot, out.status)
		assert.NotEmpty(t, out.stdout)
		assert.False(t, json.Valid([]byte(out.stdout)))
	})
}

func TestDemo(t *testing.T) {
	for _, args := range []string{"tests --size 5", "metrics --query Search", "trends", "builds", "errors"} {
		t.Run(args, func(t *testing.T) {
			d := newDesk(t)
			d.env = environment{"INSIGHTS_DEMO": "true"}
			out := d.run(t, strings.Fields(args)...)
			assert.Equal(t, done, out.status, out.stderr)
			assert.Equal(t, "insights: --demo: generated runs of a fake service in this process, not of an account\n", out.stderr)
			assert.NotEmpty(t, out.stdout)
			d.isTerminal = true
			out = d.run(t, strings.Fields(args)...)
			assert.Contains(t, out.stdout, "\n(generated runs of a fake service)\n")
			assert.Empty(t, d.Requests(), "the service that was not named is not asked")
		})
	}
}

func TestCompletion(t *testing.T) {
	d := newDesk(t)
	for args, want := range map[string]string{
		"tests --period ":    "7d",
		"tests --status ":    "errored",
		"tests --scope ":     "organization",
		"tests --output ":    "ndjson",
		"tests --region ":    "eu-central-1",
		"trends --interval ": "15m",
		"trends --by ":       "browser",
		"gate --on-unknown ": "pass",
		"export --period ":   "29d",
		"":                   "export\tWrites all runs",
	} {
		out := d.run(t, append([]string{"__complete"}, strings.Split(args, " ")...)...)
		assert.Equal(t, done, out.status, out.stderr)
		assert.Contains(t, out.stdout, want, args)
	}
	for _, shell := range []string{"bash", "zsh", "fish", "powershell"} {
		out := d.run(t, "completion", shell)
		assert.Equal(t, done, out.status, out.stderr)
		assert.Contains(t, out.stdout, "insights")
	}
	assert.Empty(t, d.Requests())
}
