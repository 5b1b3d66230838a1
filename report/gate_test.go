package report_test

import (
	"errors"
	"math"
	"slices"
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

func TestGate(t *testing.T) {
	tests := map[string]struct {
		gate     report.Gate
		outcomes string
		broken   []report.Rule
	}{
		"no data fails":                         {report.Gate{}, "", []report.Rule{report.RuleMinRuns}},
		"no data fails every rule on it":        {report.Gate{MinPassRate: 0.1}, "", []report.Rule{report.RuleMinRuns, report.RuleMinPassRate}},
		"the zero gate wants a run":             {report.Gate{}, "F", nil},
		"fewest runs, kept":                     {report.Gate{MinRuns: 3}, "PPC", nil},
		"fewest runs, broken":                   {report.Gate{MinRuns: 4}, "PPC", []report.Rule{report.RuleMinRuns}},
		"pass rate, just kept":                  {report.Gate{MinPassRate: 0.9}, "PPPPPPPPPF", nil},
		"pass rate, broken":                     {report.Gate{MinPassRate: 0.91}, "PPPPPPPPPF", []report.Rule{report.RuleMinPassRate}},
		"a pass rate of nothing decided":        {report.Gate{MinPassRate: 0.01}, "CCR", []report.Rule{report.RuleMinPassRate}},
		"a pass rate of 0%":                     {report.Gate{MinPassRate: 0.01}, "FF", []report.Rule{report.RuleMinPassRate}},
		"all must pass":                         {report.Gate{MinPassRate: 1}, "PPP", nil},
		"failures allowed":                      {report.Gate{MaxFailed: new(1)}, "PF", nil},
		"no failure allowed":                    {report.Gate{MaxFailed: new(0)}, "PF", []report.Rule{report.RuleMaxFailed}},
		"an error is no failure":                {report.Gate{MaxFailed: new(0)}, "PE", nil},
		"no error allowed":                      {report.Gate{MaxErrored: new(0)}, "PE", []report.Rule{report.RuleMaxErrored}},
		"broken on a small build":               {report.Gate{MaxBroken: new(0)}, "F", []report.Rule{report.RuleMaxBroken}},
		"passed in a rerun is not broken":       {report.Gate{MaxBroken: new(0)}, "FP", nil},
		"no flaky test":                         {report.Gate{MaxFlaky: new(0)}, "PPPPP", nil},
		"flaky":                                 {report.Gate{MaxFlaky: new(0)}, "PFPFPFPFPF", []report.Rule{report.RuleMaxFlaky}},
		"every rule that is broken":             {report.Gate{MinPassRate: 1, MinRuns: 9, MaxFailed: new(0), MaxErrored: new(0), MaxBroken: new(0)}, "FE", []report.Rule{report.RuleMinRuns, report.RuleMinPassRate, report.RuleMaxFailed, report.RuleMaxErrored, report.RuleMaxBroken}},
		"per build without any run still fails": {report.Gate{PerBuild: true}, "", []report.Rule{report.RuleMinRuns}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			err := tt.gate.Check(summarize(t, report.Options{}, history("login", tt.outcomes)...))
			assert.Equal(t, tt.broken, rules(err))
			assert.Equal(t, tt.broken == nil, err == nil)
		})
	}
}

func TestAGateNamesEveryRuleWithItsFigures(t *testing.T) {
	s := summarize(t, report.Options{}, history("login", "PPPPPPPPFE")...)
	err := report.Gate{MinPassRate: 0.95, MinRuns: 1200, MaxFailed: new(0), MaxErrored: new(0)}.Check(s)
	assert.EqualError(t, err, "report: gate failed: 10 runs, at least 1,200 wanted; pass rate 80.0% (8 of 10 passed), at least 95% wanted; "+
		"1 failed run, at most 0 allowed; 1 errored run, at most 0 allowed")
	var gate *report.GateError
	require.ErrorAs(t, err, &gate)
	assert.Equal(t, report.Breach{Rule: report.RuleMinPassRate, Limit: 0.95, Actual: new(0.8), Reason: gate.Breaches[1].Reason}, gate.Breaches[1])
}

func TestAPassRateJustUnderTheLimitLooksLikeIt(t *testing.T) {
	s := &report.Summary{Counts: report.Counts{Runs: 100_000, Passed: 94_999, Failed: 5_001}}
	assert.EqualError(t, report.Gate{MinPassRate: 0.95}.Check(s), "report: gate failed: pass rate 94.999% (94,999 of 100,000 passed), at least 95% wanted")
}

func TestAPartialSummaryPassesNoGate(t *testing.T) {
	s, err := report.Summarize(report.Replay(history("login", "PPP"), errCutOff), report.Options{})
	require.Error(t, err)
	assert.Equal(t, []report.Rule{report.RuleComplete}, rules(report.Gate{MinPassRate: 0.5}.Check(s)))
	assert.Equal(t, []report.Rule{report.RuleComplete}, rules(report.Gate{}.Check(nil)))
}

func TestAGateOnFlakyTestsFailsWhereTheyCannotBeTold(t *testing.T) {
	runs := history("login", "PPPPP")
	runs[1], runs[2] = runs[2], runs[1]
	s := summarize(t, report.Options{}, runs...)
	assert.Equal(t, []report.Rule{report.RuleMaxFlaky}, rules(report.Gate{MaxFlaky: new(100)}.Check(s)))
	assert.NoError(t, report.Gate{}.Check(s))
}

func TestPerBuildOneBadBuildIsEnough(t *testing.T) {
	good, bad, loose := history("login", "PPPPPPPP"), history("login", "PF"), history("login", "F")
	for i := range bad {
		bad[i].Build = "build\n2"
	}
	loose[0].Build = ""
	s := summarize(t, report.Options{}, slices.Concat(good, bad, loose)...)
	assert.NoError(t, report.Gate{MinPassRate: 0.8}.Check(s))
	err := report.Gate{MinPassRate: 0.8, PerBuild: true}.Check(s)
	assert.EqualError(t, err, "report: gate failed: build build 2: pass rate 50.0% (1 of 2 passed), at least 80% wanted; "+
		"runs without a build: pass rate 0.0% (0 of 1 passed), at least 80% wanted")
	var gate *report.GateError
	require.ErrorAs(t, err, &gate)
	assert.Equal(t, "build\n2", *gate.Breaches[0].Build)
}

func TestCompleteCountsInAGateAsInTheSummary(t *testing.T) {
	runs := history("login", "PC")
	gate := report.Gate{MinPassRate: 1, MaxFailed: new(0)}
	assert.NoError(t, gate.Check(summarize(t, report.Options{}, runs...)))
	assert.NoError(t, gate.Check(summarize(t, report.Options{CompleteAs: report.CompletePassed}, runs...)))
	assert.Equal(t, []report.Rule{report.RuleMinPassRate, report.RuleMaxFailed},
		rules(gate.Check(summarize(t, report.Options{CompleteAs: report.CompleteFailed}, runs...))))
}

func TestAGateThatMakesNoSenseDoesNotJudge(t *testing.T) {
	s := summarize(t, report.Options{}, run("login", insights.StatusPassed, time.Minute))
	for name, gate := range map[string]report.Gate{
		"percent": {MinPassRate: 95},
		"NaN":     {MinPassRate: math.NaN()},
		"runs":    {MinRuns: -1},
		"failed":  {MaxFailed: new(-1)},
		"errored": {MaxErrored: new(-1)},
		"broken":  {MaxBroken: new(-1)},
		"flaky":   {MaxFlaky: new(-1)},
	} {
		t.Run(name, func(t *testing.T) {
			err := gate.Check(s)
			assert.ErrorIs(t, err, insights.ErrInvalidOptions)
			assert.Nil(t, rules(err), "it is no verdict")
		})
	}
}
