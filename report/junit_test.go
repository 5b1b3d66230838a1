package report_test

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sauceinsights/insights"
	"github.com/sauceinsights/insights/report"
)

// withReruns has a test for every way in which several runs can end.
func withReruns() []insights.Test {
	runs := slices.Concat(
		history("always fails", "FFE"), history("always passes", "PP"), history("fails at last", "PF"), history("errors at last", "FE"),
		history("passes at last", "FEP"), history("runs once", "P"), history("never decided", "CR"), history("result, then running", "FR"),
	)
	runs[0].Error = "<bad> & \"worse\" \x00\x1b[31m\xff end"
	runs[0].Build = "nightly-41"
	return runs
}

type junitReport struct {
	XMLName xml.Name `xml:"testsuites"`
	Tests   int      `xml:"tests,attr"`
	Suites  []struct {
		Name     string      `xml:"name,attr"`
		Tests    int         `xml:"tests,attr"`
		Failures int         `xml:"failures,attr"`
		Errors   int         `xml:"errors,attr"`
		Skipped  int         `xml:"skipped,attr"`
		Cases    []junitCase `xml:"testcase"`
	} `xml:"testsuite"`
}

type junitCase struct {
	Name     string `xml:"name,attr"`
	Out      string `xml:"system-out"`
	Children []struct {
		XMLName xml.Name
		Message string `xml:"message,attr"`
		Type    string `xml:"type,attr"`
	} `xml:",any"`
}

func (c junitCase) elements() string {
	var names []string
	for _, child := range c.Children {
		names = append(names, child.XMLName.Local)
	}
	return strings.Join(names, " ")
}

func writeJUnit(t *testing.T, opts report.JUnitOptions, runs ...insights.Test) junitReport {
	t.Helper()
	var out bytes.Buffer
	require.NoError(t, report.WriteJUnit(&out, report.Replay(runs, nil), opts))
	var parsed junitReport
	require.NoError(t, xml.Unmarshal(out.Bytes(), &parsed), out.String())
	return parsed
}

func TestJUnitShowsRerunsAsWhatTheyAre(t *testing.T) {
	tests := map[string]struct{ outcomes, elements string }{
		"passed":                        {"P", ""},
		"failed":                        {"F", "failure"},
		"errored":                       {"E", "error"},
		"passed in a rerun":             {"FEP", "flakyFailure flakyError"},
		"failed again":                  {"FF", "failure rerunFailure"},
		"errored in the end":            {"FEE", "rerunFailure error rerunError"},
		"failed after it had passed":    {"PF", "failure"},
		"passed, and again":             {"PP", ""},
		"nobody reported":               {"C", "skipped"},
		"still running after a failure": {"FR", "failure"},
		"still running":                 {"R", "skipped"},
		"unreported after passing":      {"PC", ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			runs := history("login", tt.outcomes)
			oldestFirst := writeJUnit(t, report.JUnitOptions{}, runs...)
			slices.Reverse(runs)
			assert.Equal(t, oldestFirst, writeJUnit(t, report.JUnitOptions{}, runs...), "newest first says the same")
			require.Len(t, oldestFirst.Suites, 1)
			require.Len(t, oldestFirst.Suites[0].Cases, 1)
			assert.Equal(t, tt.elements, oldestFirst.Suites[0].Cases[0].elements())
			assert.Equal(t, len(runs), strings.Count(oldestFirst.Suites[0].Cases[0].Out, "\n"), "every run is listed")
		})
	}
}

func TestJUnitCountsWhatItHolds(t *testing.T) {
	parsed := writeJUnit(t, report.JUnitOptions{}, randomRuns(5, 500)...)
	total := 0
	for _, suite := range parsed.Suites {
		counts := map[string]int{}
		for _, c := range suite.Cases {
			for _, child := range c.Children {
				counts[child.XMLName.Local]++
			}
		}
		assert.Equal(t, len(suite.Cases), suite.Tests, suite.Name)
		assert.Equal(t, counts["failure"], suite.Failures, suite.Name)
		assert.Equal(t, counts["error"], suite.Errors, suite.Name)
		assert.Equal(t, counts["skipped"], suite.Skipped, suite.Name)
		total += suite.Tests
	}
	assert.Equal(t, total, parsed.Tests)
	assert.Len(t, parsed.Suites, 3, "a suite per build")
}

func TestJUnitCountsCompleteAsAsked(t *testing.T) {
	for completeAs, want := range map[report.CompleteAs]string{
		report.CompletePassed: "", report.CompleteFailed: "failure", report.CompleteIgnored: "skipped", "": "skipped",
	} {
		parsed := writeJUnit(t, report.JUnitOptions{CompleteAs: completeAs}, history("login", "C")...)
		assert.Equal(t, want, parsed.Suites[0].Cases[0].elements(), completeAs)
	}
	err := report.WriteJUnit(new(bytes.Buffer), report.Replay(nil, nil), report.JUnitOptions{CompleteAs: "maybe"})
	assert.ErrorIs(t, err, insights.ErrInvalidOptions)
}

func TestJUnitKeepsTheLatestOfManyRuns(t *testing.T) {
	outcomes := strings.Repeat("F", 150) + "P"
	runs := history("login", outcomes)
	for range 2 {
		c := writeJUnit(t, report.JUnitOptions{}, runs...).Suites[0].Cases[0]
		assert.Contains(t, c.Out, "51 earlier runs not shown\n")
		assert.Equal(t, strings.TrimSpace(strings.Repeat("flakyFailure ", 99)), c.elements())
		slices.Reverse(runs)
	}
}

func TestJUnitOfAFailedSequenceIsAnError(t *testing.T) {
	var out bytes.Buffer
	err := report.WriteJUnit(&out, report.Replay(history("login", "P"), errCutOff), report.JUnitOptions{})
	require.ErrorIs(t, err, errCutOff)
	var parsed junitReport
	require.NoError(t, xml.Unmarshal(out.Bytes(), &parsed))
	require.Len(t, parsed.Suites, 2)
	assert.Equal(t, "error", parsed.Suites[1].Cases[0].elements())
	assert.Equal(t, 1, parsed.Suites[1].Errors)
}

func TestJUnitTellsPlatformsApart(t *testing.T) {
	chrome, safari := run("login", insights.StatusPassed, 0), run("login", insights.StatusFailed, time.Minute)
	safari.Browser = "Safari"
	parsed := writeJUnit(t, report.JUnitOptions{}, chrome, safari)
	assert.Equal(t, 2, parsed.Tests)
	assert.Equal(t, 1, parsed.Suites[0].Failures)
}

func TestJUnitReportsTheWritersError(t *testing.T) {
	for limit := range 200 {
		err := report.WriteJUnit(&shortWriter{limit}, report.Replay(history("login", "F"), nil), report.JUnitOptions{})
		require.ErrorIs(t, err, errFull, fmt.Sprint(limit))
	}
}
