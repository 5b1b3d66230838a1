package report_test

import (
	"errors"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sauceinsights/insights"
	"github.com/sauceinsights/insights/report"
)

func rules(err error) []report.Rule {
	var gate *report.GateError
	if !errors.As(err, &gate) {
		return nil
	}
	var list []report.Rule
	for _, b := range gate.Breaches {
		list = append(list, b.Rule)
	}
	return list
}

// platforms gives each run a browser of its own, by letter.
func platforms(runs []insights.Test, browsers string) []insights.Test {
	for i := range runs {
		runs[i].Browser = string(browsers[i])
	}
	return runs
}

func TestGateCheck(t *testing.T) {
	running, passes := strings.Repeat("R", 98), strings.Repeat("P", 99)
	tests := map[string]struct {
		gate     report.Gate
		outcomes string
		broken   []report.Rule
		unknown  bool
	}{
		"no data is no verdict":                      {report.Gate{}, "", []report.Rule{report.RuleMinDecided}, true},
		"no data is none of any rule":                {report.Gate{MinPassRate: 0.1}, "", []report.Rule{report.RuleMinDecided}, true},
		"the zero gate wants a decided run":          {report.Gate{}, "F", nil, false},
		"nothing decided is no verdict":              {report.Gate{}, "CCC", []report.Rule{report.RuleMinDecided}, true},
		"all still running":                          {report.Gate{}, running, []report.Rule{report.RuleMinDecided, report.RuleMaxUndecided}, true},
		"one passed and the rest still running":      {report.Gate{MinPassRate: 1}, "P" + running, []report.Rule{report.RuleMaxUndecided}, true},
		"one still running":                          {report.Gate{}, passes + "R", []report.Rule{report.RuleMaxUndecided}, true},
		"one still running, and it is allowed":       {report.Gate{MaxUndecided: &report.Limit{Number: 1}}, passes + "R", nil, false},
		"a share still running":                      {report.Gate{MaxUndecided: &report.Limit{Share: 0.01}}, passes + "R", nil, false},
		"more than the share":                        {report.Gate{MaxUndecided: &report.Limit{Share: 0.0099}}, passes + "R", []report.Rule{report.RuleMaxUndecided}, true},
		"what is complete may be undecided":          {report.Gate{}, "PCC", nil, false},
		"unless that has a limit":                    {report.Gate{MaxUndecided: &report.Limit{}}, "PCC", []report.Rule{report.RuleMaxUndecided}, true},
		"fewest decided runs, kept":                  {report.Gate{MinDecided: 2}, "PPC", nil, false},
		"fewest decided runs, broken":                {report.Gate{MinDecided: 3}, "PPC", []report.Rule{report.RuleMinDecided}, false},
		"pass rate, just kept":                       {report.Gate{MinPassRate: 0.9}, "PPPPPPPPPF", nil, false},
		"pass rate, broken":                          {report.Gate{MinPassRate: 0.91}, "PPPPPPPPPF", []report.Rule{report.RuleMinPassRate}, false},
		"a pass rate of 0%":                          {report.Gate{MinPassRate: 0.01}, "FF", []report.Rule{report.RuleMinPassRate}, false},
		"all must pass":                              {report.Gate{MinPassRate: 1}, "PPP", nil, false},
		"failures allowed":                           {report.Gate{MaxFailed: new(1)}, "PF", nil, false},
		"no failure allowed":                         {report.Gate{MaxFailed: new(0)}, "PF", []report.Rule{report.RuleMaxFailed}, false},
		"an error is no failure":                     {report.Gate{MaxFailed: new(0)}, "PE", nil, false},
		"no error allowed":                           {report.Gate{MaxErrored: new(0)}, "PE", []report.Rule{report.RuleMaxErrored}, false},
		"failed in the end":                          {report.Gate{MaxFailedTests: new(0)}, "PF", []report.Rule{report.RuleMaxFailedTests}, false},
		"errored in the end":                         {report.Gate{MaxFailedTests: new(0)}, "PE", []report.Rule{report.RuleMaxFailedTests}, false},
		"passed in the end":                          {report.Gate{MaxFailedTests: new(0)}, "FEP", nil, false},
		"passed in the end, but only when run again": {report.Gate{MaxFlakyTests: new(0)}, "FEP", []report.Rule{report.RuleMaxFlakyTests}, false},
		"passed at once":                             {report.Gate{MaxFlakyTests: new(0)}, "PP", nil, false},
		"broken on a small build":                    {report.Gate{MaxBroken: new(0)}, "F", []report.Rule{report.RuleMaxBroken}, false},
		"passed in a rerun is not broken":            {report.Gate{MaxBroken: new(0)}, "FP", nil, false},
		"no flaky test":                              {report.Gate{MaxFlaky: new(0)}, "PPPPP", nil, false},
		"flaky":                                      {report.Gate{MaxFlaky: new(0)}, "PFPFPFPFPF", []report.Rule{report.RuleMaxFlaky}, false},
		"every rule that is broken": {
			report.Gate{MinPassRate: 1, MinDecided: 9, MaxFailed: new(0), MaxErrored: new(0), MaxBroken: new(0)},
			"FE",
			[]report.Rule{report.RuleMinDecided, report.RuleMinPassRate, report.RuleMaxFailed, report.RuleMaxErrored, report.RuleMaxBroken},
			false,
		},
		"what is missing could change what failed": {report.Gate{MaxFailed: new(0)}, "FR", []report.Rule{report.RuleMaxUndecided, report.RuleMaxFailed}, true},
		"per build without any run":                {report.Gate{PerBuild: true}, "", []report.Rule{report.RuleMinDecided}, true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			err := tt.gate.Check(summarize(t, report.Options{}, history("login", tt.outcomes)...))
			assert.Equal(t, tt.broken, rules(err))
			assert.Equal(t, tt.broken == nil, err == nil)
			assert.Equal(t, tt.unknown, errors.Is(err, report.ErrCouldNotTell))
		})
	}
}

func TestGateMaxFailedTests(t *testing.T) {
	both := report.Gate{MaxFailedTests: new(0), MaxBroken: new(0)}
	check := func(t *testing.T, runs []insights.Test) []report.Rule {
		forwards := rules(both.Check(summarize(t, report.Options{}, runs...)))
		backwards := slices.Clone(runs)
		slices.Reverse(backwards)
		assert.Equal(t, forwards, rules(both.Check(summarize(t, report.Options{}, backwards...))), "newest first says the same")
		return forwards
	}
	t.Run("a browser that passes does not hide one that fails", func(t *testing.T) {
		runs := platforms(history("login", "PFPF"), "cfcf")
		assert.Equal(t, []report.Rule{report.RuleMaxFailedTests, report.RuleMaxBroken}, check(t, runs))
	})
	t.Run("fail and then pass is passed", func(t *testing.T) {
		assert.Empty(t, check(t, history("login", "FP")))
	})
	t.Run("pass and then fail is failed", func(t *testing.T) {
		assert.Equal(t, []report.Rule{report.RuleMaxFailedTests}, check(t, history("login", "PF")))
	})
	t.Run("every build counts", func(t *testing.T) {
		runs := history("login", "FP")
		runs[1].Build = "build 2"
		assert.Equal(t, []report.Rule{report.RuleMaxFailedTests}, check(t, runs))
	})
}

func TestGateError(t *testing.T) {
	t.Run("names every rule with its figures", func(t *testing.T) {
		s := summarize(t, report.Options{}, history("login", "PPPPPPPPFE")...)
		err := report.Gate{MinPassRate: 0.95, MinDecided: 1200, MaxFailed: new(0), MaxErrored: new(0), MaxFailedTests: new(0)}.Check(s)
		assert.EqualError(t, err, "report: gate failed: 10 decided runs, at least 1,200 wanted; pass rate 80.0% (8 of 10 passed), at least 95% wanted; "+
			"1 failed run, at most 0 allowed; 1 errored run, at most 0 allowed; 1 failed test, at most 0 allowed")
		var gate *report.GateError
		require.ErrorAs(t, err, &gate)
		assert.Equal(t, report.Breach{Rule: report.RuleMinPassRate, Limit: 0.95, Actual: new(0.8), Reason: gate.Breaches[1].Reason}, gate.Breaches[1])
	})
	t.Run("says what could not be told", func(t *testing.T) {
		s := summarize(t, report.Options{}, history("login", "PPRRR")...)
		err := report.Gate{}.Check(s)
		assert.EqualError(t, err, "report: could not tell: 3 of 5 runs still running or of an unknown status, at most 0 allowed")
	})
	t.Run("shows a pass rate just under the limit as less", func(t *testing.T) {
		s := &report.Summary{Counts: report.Counts{Runs: 100_000, Passed: 94_999, Failed: 5_001}}
		assert.EqualError(t, report.Gate{MinPassRate: 0.95}.Check(s), "report: gate failed: pass rate 94.999% (94,999 of 100,000 passed), at least 95% wanted")
	})
}

func TestErrCouldNotTell(t *testing.T) {
	t.Run("is a partial summary's, and nil's", func(t *testing.T) {
		s, err := report.Summarize(report.Replay(history("login", "PPP"), errCutOff), report.Options{})
		require.Error(t, err)
		for _, summary := range []*report.Summary{s, nil} {
			err := report.Gate{MinPassRate: 0.5}.Check(summary)
			assert.Equal(t, []report.Rule{report.RuleComplete}, rules(err))
			assert.ErrorIs(t, err, report.ErrCouldNotTell)
		}
	})
	t.Run("is that of flaky tests where many runs have no time", func(t *testing.T) {
		runs := history("login", "PPPPP")
		runs[1].CreationTime, runs[1].StartTime, runs[1].EndTime = time.Time{}, time.Time{}, time.Time{}
		s := summarize(t, report.Options{}, runs...)
		err := report.Gate{MaxFlaky: new(100)}.Check(s)
		assert.Equal(t, []report.Rule{report.RuleMaxFlaky}, rules(err))
		assert.ErrorIs(t, err, report.ErrCouldNotTell)
		assert.NoError(t, report.Gate{}.Check(s))
	})
	t.Run("is not that of one run in a thousand without a time", func(t *testing.T) {
		runs := history("login", strings.Repeat("P", 1000))
		runs[1].CreationTime, runs[1].StartTime, runs[1].EndTime = time.Time{}, time.Time{}, time.Time{}
		assert.NoError(t, report.Gate{MaxFlaky: new(0)}.Check(summarize(t, report.Options{}, runs...)))
	})
}

func TestGatePerBuild(t *testing.T) {
	good, bad, loose := history("login", "PPPPPPPP"), history("login", "PF"), history("login", "F")
	for i := range bad {
		bad[i].Build = "build\n2"
	}
	loose[0].Build = ""
	s := summarize(t, report.Options{}, slices.Concat(good, bad, loose)...)
	t.Run("one bad build is enough", func(t *testing.T) {
		assert.NoError(t, report.Gate{MinPassRate: 0.8}.Check(s))
		err := report.Gate{MinPassRate: 0.8, PerBuild: true}.Check(s)
		assert.EqualError(t, err, "report: gate failed: build build 2: pass rate 50.0% (1 of 2 passed), at least 80% wanted; "+
			"runs without a build: pass rate 0.0% (0 of 1 passed), at least 80% wanted")
	})
	t.Run("every breach names its build", func(t *testing.T) {
		err := report.Gate{
			MinPassRate: 0.8, MinDecided: 3, MaxUndecided: &report.Limit{}, MaxFailed: new(0), MaxFailedTests: new(0), PerBuild: true,
		}.Check(s)
		var gate *report.GateError
		require.ErrorAs(t, err, &gate)
		var builds []string
		for _, b := range gate.Breaches {
			require.NotNil(t, b.Build, b.Rule)
			builds = append(builds, *b.Build)
		}
		assert.Equal(t, []string{"build\n2", "build\n2", "build\n2", "build\n2", "", "", "", ""}, builds)
	})
	t.Run("the whole has no build in its breaches", func(t *testing.T) {
		err := report.Gate{MaxBroken: new(0), PerBuild: true}.Check(summarize(t, report.Options{}, loose...))
		var gate *report.GateError
		require.ErrorAs(t, err, &gate)
		require.Len(t, gate.Breaches, 1)
		assert.Nil(t, gate.Breaches[0].Build)
	})
}

func TestGateQuarantine(t *testing.T) {
	runs := slices.Concat(history("login", "FF"), history("search", "PP"))
	strict := report.Gate{MinPassRate: 1, MaxFailed: new(0), MaxFailedTests: new(0), MaxBroken: new(0), PerBuild: true}
	quarantined := func(q report.Quarantine) report.Options { return report.Options{Quarantine: []report.Quarantine{q}} }
	until := func(day int) report.Date { return report.Date{Time: monday.Truncate(24*time.Hour).AddDate(0, 0, day)} }
	entry := report.Quarantine{Test: "login", Reason: "SHOP-4711", Until: until(0)}

	t.Run("a test in it may fail to the end of its last day", func(t *testing.T) {
		s := summarize(t, quarantined(entry), runs...)
		assert.NoError(t, strict.Check(s))
		assert.Equal(t, 2, s.Counts.Failed, "the figures keep its runs")
		assert.Equal(t, 2, s.Quarantined.Failed)
		assert.Equal(t, 1, s.Outcomes.Quarantined)
		assert.Equal(t, "SHOP-4711", s.Unstable[0].Quarantined)
	})
	for name, q := range map[string]report.Quarantine{
		"an entry that ended counts for nothing":   {Test: "login", Reason: "SHOP-4711", Until: until(-1)},
		"an entry of another browser does so too":  {Test: "login", Browser: "Firefox", Reason: "SHOP-4711", Until: until(1)},
		"an entry of another OS does so too":       {Test: "login", OS: "Windows", Reason: "SHOP-4711", Until: until(1)},
		"an entry of a part of the name as well":   {Test: "log", Reason: "SHOP-4711", Until: until(1)},
		"an entry for what passes forgives nobody": {Test: "search", Reason: "SHOP-4711", Until: until(1)},
	} {
		t.Run(name, func(t *testing.T) {
			assert.Len(t, rules(strict.Check(summarize(t, quarantined(q), runs...))), 4)
		})
	}
	t.Run("a gate of nothing but forgiven runs could not tell", func(t *testing.T) {
		err := report.Gate{}.Check(summarize(t, quarantined(entry), history("login", "FF")...))
		assert.ErrorIs(t, err, report.ErrCouldNotTell)
	})
}

func TestReadQuarantine(t *testing.T) {
	t.Run("reads what is written", func(t *testing.T) {
		list, err := report.ReadQuarantine(strings.NewReader(`[{"test": "login", "browser": "Safari 18", "reason": "SHOP-4711", "until": "2026-12-31"}]`))
		require.NoError(t, err)
		assert.Equal(t, []report.Quarantine{{
			Test: "login", Browser: "Safari 18", Reason: "SHOP-4711", Until: report.Date{Time: time.Date(2026, 12, 31, 0, 0, 0, 0, time.UTC)},
		}}, list)
	})
	for text, says := range map[string]string{
		`[{"test": "login", "reason": "x"}]`:                                            "entry 1 has no end",
		`[{"test": "login", "until": "2026-12-31"}]`:                                    "entry 1 gives no reason",
		`[{"reason": "x", "until": "2026-12-31"}]`:                                      "entry 1 names no test",
		`[{"test": "login", "reason": "x", "until": "31.12.2026"}]`:                     "is not a day such as 2026-12-31",
		`[{"test": "login", "brwser": "x", "reason": "x", "until": "2026-12-31"}]`:      `unknown field "brwser"`,
		`[{"test": "login", "reason": "x", "until": "2026-12-31"}] [{"test": "search"}`: "something follows the list",
		``: "quarantine",
	} {
		t.Run("refuses "+text, func(t *testing.T) {
			_, err := report.ReadQuarantine(strings.NewReader(text))
			assert.ErrorContains(t, err, says)
		})
	}
}

func TestLimit(t *testing.T) {
	for text, want := range map[string]report.Limit{"0": {}, "3": {Number: 3}, "5%": {Share: 0.05}, "0.5%": {Share: 0.005}, "100%": {Share: 1}} {
		var limit report.Limit
		require.NoError(t, limit.UnmarshalText([]byte(text)))
		assert.Equal(t, want, limit)
		back, err := limit.MarshalText()
		require.NoError(t, err)
		assert.Equal(t, text, string(back))
	}
	for _, text := range []string{"", "%", "-1", "101%", "-1%", "0.5", "many", "NaN%"} {
		assert.Error(t, new(report.Limit).UnmarshalText([]byte(text)), text)
	}
}

func TestGateCompleteAs(t *testing.T) {
	runs := history("login", "PC")
	gate := report.Gate{MinPassRate: 1, MaxFailed: new(0), MaxFailedTests: new(0)}
	assert.NoError(t, gate.Check(summarize(t, report.Options{}, runs...)))
	assert.NoError(t, gate.Check(summarize(t, report.Options{CompleteAs: report.CompletePassed}, runs...)))
	assert.Equal(t, []report.Rule{report.RuleMinPassRate, report.RuleMaxFailed, report.RuleMaxFailedTests},
		rules(gate.Check(summarize(t, report.Options{CompleteAs: report.CompleteFailed}, runs...))))
}

func TestGateValidate(t *testing.T) {
	s := summarize(t, report.Options{}, run("login", insights.StatusPassed, time.Minute))
	for name, gate := range map[string]report.Gate{
		"percent":         {MinPassRate: 95},
		"NaN":             {MinPassRate: math.NaN()},
		"decided":         {MinDecided: -1},
		"undecided":       {MaxUndecided: &report.Limit{Number: -1}},
		"undecided share": {MaxUndecided: &report.Limit{Share: 2}},
		"failed":          {MaxFailed: new(-1)},
		"errored":         {MaxErrored: new(-1)},
		"failed tests":    {MaxFailedTests: new(-1)},
		"flaky tests":     {MaxFlakyTests: new(-1)},
		"broken":          {MaxBroken: new(-1)},
		"flaky":           {MaxFlaky: new(-1)},
	} {
		t.Run(name, func(t *testing.T) {
			err := gate.Check(s)
			assert.ErrorIs(t, err, insights.ErrInvalidOptions)
			assert.NotErrorIs(t, err, report.ErrCouldNotTell)
		})
	}
}
