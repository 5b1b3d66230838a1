package report_test

import (
	"bytes"
	"cmp"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sauceinsights/insights"
	"github.com/sauceinsights/insights/report"
)

var update = flag.Bool("update", false, "write the golden files anew")

// golden compares with a file in testdata, byte by byte.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		require.NoError(t, os.WriteFile(path, got, 0o644))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	if !bytes.Equal(want, got) {
		assert.Equal(t, string(want), string(got))
	}
}

var monday = time.Date(2026, 11, 16, 8, 0, 0, 0, time.UTC)

var errCutOff = errors.New("the service went away")

// run returns a run of a test on Linux, the given time after Monday morning.
func run(name string, status insights.Status, after time.Duration) insights.Test {
	created := monday.Add(after)
	return insights.Test{
		ID: fmt.Sprintf("%s-%s", name, after), Name: name, Build: "build 1", Owner: "ann", Status: status,
		OS: "Linux", Browser: "Chrome",
		CreationTime: created, StartTime: created.Add(time.Second), EndTime: created.Add(31 * time.Second), Duration: 30,
	}
}

// history returns runs of one test, a minute apart: P passed, F failed, E
// errored, C complete, R still running.
func history(name, outcomes string) []insights.Test {
	statuses := map[rune]insights.Status{
		'P': insights.StatusPassed, 'F': insights.StatusFailed, 'E': insights.StatusError, 'C': insights.StatusComplete, 'R': "in progress",
	}
	var runs []insights.Test
	for i, o := range outcomes {
		r := run(name, statuses[o], time.Duration(i)*time.Minute)
		if o == 'F' || o == 'E' {
			r.Error = fmt.Sprintf("element %d not found", i)
		}
		runs = append(runs, r)
	}
	return runs
}

func summarize(t *testing.T, opts report.Options, runs ...insights.Test) *report.Summary {
	t.Helper()
	s, err := report.Summarize(report.Replay(runs, nil), opts)
	require.NoError(t, err)
	return s
}

// randomRuns are n runs in order of time, of few names, with every oddity that
// the service is known for.
func randomRuns(seed uint64, n int) []insights.Test {
	rnd := rand.New(rand.NewPCG(seed, 1))
	pick := func(values ...string) string { return values[rnd.IntN(len(values))] }
	runs := make([]insights.Test, n)
	at := monday
	for i := range runs {
		at = at.Add(time.Duration(rnd.IntN(90)) * time.Second)
		r := insights.Test{
			ID: fmt.Sprintf("id%06d", i), CreationTime: at, Owner: pick("ann", "bob", ""),
			Name: fmt.Sprintf("test %02d", rnd.IntN(20)), Build: pick("build 1", "build 2", ""),
			OS: pick("Windows", "Linux"), Browser: pick("Chrome", "Firefox"),
			Status: insights.Status(pick("passed", "passed", "passed", "failed", "errored", "error", "complete", "in progress", "")),
		}
		if r.OS == "Windows" {
			r.OSNormalized = pick("Windows 10", "Windows 11")
		}
		if r.Status == "failed" || r.Status.IsError() {
			r.Error = pick("", fmt.Sprintf("timed out after %d s", i), fmt.Sprintf("no element %q", pick("#a", "#b")))
		}
		if rnd.IntN(10) > 0 {
			r.StartTime = at.Add(time.Second)
			r.EndTime = r.StartTime.Add(time.Duration(rnd.ExpFloat64() * float64(time.Minute)))
			if rnd.IntN(2) == 0 {
				r.Duration = insights.Seconds(r.EndTime.Sub(r.StartTime).Seconds())
			}
		}
		runs[i] = r
	}
	return runs
}

// week returns what a small team's runs may look like: the data of the golden
// files.
func week() []insights.Test {
	rnd := rand.New(rand.NewPCG(7, 7))
	var runs []insights.Test
	for day := range 6 {
		for _, platform := range [][2]string{{"Windows 11", "Chrome 137"}, {"macOS 15", "Safari 18"}} {
			for i, name := range []string{"login", "checkout | pay by card", "search", "cart_adds_item", "profile `avatar` <upload>", "export"} {
				r := run(name, insights.StatusPassed, time.Duration(day)*24*time.Hour+time.Duration(i)*7*time.Minute+time.Duration(rnd.IntN(400))*time.Second)
				r.Build = fmt.Sprintf("nightly-%d", 40+day)
				r.OSNormalized, r.BrowserNormalized = platform[0], platform[1]
				r.ID = fmt.Sprintf("%02d%s%02d", day, platform[1][:1], i)
				r.DetailsURL = "https://example.com/jobs/" + r.ID
				r.Duration = insights.Seconds(15 + 20*i + rnd.IntN(10))
				r.EndTime = r.StartTime.Add(r.Duration.Duration())
				fail(&r, day, i, platform[1])
				runs = append(runs, r)
			}
		}
	}
	return inOrder(runs)
}

func fail(r *insights.Test, day, test int, browser string) {
	switch {
	case test == 1 && day%2 == 1:
		r.Status, r.Error = insights.StatusFailed, fmt.Sprintf("timed out after %d ms waiting for \"#pay-%d\"", 30000+day, day)
	case test == 4:
		r.Status, r.Error = insights.StatusFailed, "expected 200, got 500\n\tat upload (https://example.com/app.js:12:3)"
	case test == 2 && day == 5 && browser == "Safari 18":
		r.Status, r.Error, r.StartTime, r.EndTime, r.Duration = insights.StatusError, "=cmd|' /C calc'!A0", time.Time{}, time.Time{}, 0
	case test == 5 && day == 3:
		r.Status = insights.StatusComplete
	}
}

func inOrder(runs []insights.Test) []insights.Test {
	for i := range runs {
		for j := i; j > 0 && cmp.Compare(runs[j].CreationTime.Unix(), runs[j-1].CreationTime.Unix()) < 0; j-- {
			runs[j], runs[j-1] = runs[j-1], runs[j]
		}
	}
	return runs
}
