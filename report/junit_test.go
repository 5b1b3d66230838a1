package report_test

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"slices"
	"strconv"
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

func TestWriteJUnit(t *testing.T) {
	t.Run("shows reruns as what they are", func(t *testing.T) {
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
	})
	t.Run("counts what it holds", func(t *testing.T) {
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
	})
	t.Run("counts complete as asked", func(t *testing.T) {
		for completeAs, want := range map[report.CompleteAs]string{
			report.CompletePassed: "", report.CompleteFailed: "failure", report.CompleteIgnored: "skipped", "": "skipped",
		} {
			parsed := writeJUnit(t, report.JUnitOptions{CompleteAs: completeAs}, history("login", "C")...)
			assert.Equal(t, want, parsed.Suites[0].Cases[0].elements(), completeAs)
		}
		err := report.WriteJUnit(new(bytes.Buffer), report.Replay(nil, nil), report.JUnitOptions{CompleteAs: "maybe"})
		assert.ErrorIs(t, err, insights.ErrInvalidOptions)
	})
	t.Run("keeps the latest of many runs", func(t *testing.T) {
		outcomes := strings.Repeat("F", 150) + "P"
		runs := history("login", outcomes)
		for range 2 {
			c := writeJUnit(t, report.JUnitOptions{}, runs...).Suites[0].Cases[0]
			assert.Contains(t, c.Out, "51 earlier runs not shown\n")
			assert.Equal(t, strings.TrimSpace(strings.Repeat("flakyFailure ", 99)), c.elements())
			slices.Reverse(runs)
		}
	})
	t.Run("of a failed sequence is an error", func(t *testing.T) {
		var out bytes.Buffer
		err := report.WriteJUnit(&out, report.Replay(history("login", "P"), errCutOff), report.JUnitOptions{})
		require.ErrorIs(t, err, errCutOff)
		var parsed junitReport
		require.NoError(t, xml.Unmarshal(out.Bytes(), &parsed))
		require.Len(t, parsed.Suites, 2)
		assert.Equal(t, "error", parsed.Suites[1].Cases[0].elements())
		assert.Equal(t, 1, parsed.Suites[1].Errors)
	})
	t.Run("tells platforms apart", func(t *testing.T) {
		chrome, safari := run("login", insights.StatusPassed, 0), run("login", insights.StatusFailed, time.Minute)
		safari.Browser = "Safari"
		parsed := writeJUnit(t, report.JUnitOptions{}, chrome, safari)
		assert.Equal(t, 2, parsed.Tests)
		assert.Equal(t, 1, parsed.Suites[0].Failures)
	})
	t.Run("keeps the rules of its schemas", func(t *testing.T) {
		quarantine := []report.Quarantine{{Test: "always fails", Reason: "SHOP-4711", Until: report.Date{Time: monday.AddDate(1, 0, 0)}}}
		for _, runs := range [][]insights.Test{nil, withReruns(), week(), randomRuns(6, 500), {{}}} {
			root := parseJUnit(t, report.JUnitOptions{}, runs...)
			checkJUnitRules(t, root)
			checkJUnitRules(t, parseJUnit(t, report.JUnitOptions{Quarantine: quarantine}, runs...))
			skipped := 0
			for _, suite := range root.Children {
				n, err := strconv.Atoi(suite.attr("skipped"))
				require.NoError(t, err)
				skipped += n
			}
			assert.Equal(t, strconv.Itoa(skipped), root.attr("skipped"), "the root sums up")
		}
	})
	t.Run("has classes that Jenkins does not cut", func(t *testing.T) {
		var runs []insights.Test
		for _, p := range realPlatforms {
			r := run("login", insights.StatusPassed, 0)
			r.OS, r.Browser = p[0], p[1]
			runs = append(runs, r)
		}
		classes := map[string]bool{}
		for _, c := range parseJUnit(t, report.JUnitOptions{}, runs...).Children[0].Children[1:] {
			class := c.attr("classname")
			// Jenkins takes what follows the last dot for the class, and shows an
			// empty one without a link.
			assert.Equal(t, class, class[strings.LastIndex(class, ".")+1:])
			assert.NotEmpty(t, class)
			classes[class] = true
		}
		assert.Len(t, classes, len(realPlatforms), "and tell the platforms apart")
	})
	t.Run("has the same keys in every build", func(t *testing.T) {
		keys := func(build string) []string {
			runs := slices.Concat(history("login", "F"), history("search", "P"))
			for i := range runs {
				runs[i].Build = build
			}
			var list []string
			for _, suite := range parseJUnit(t, report.JUnitOptions{}, runs...).Children {
				for _, c := range suite.Children[1:] {
					list = append(list, suite.attr("name")+"/"+c.attr("classname")+"/"+c.attr("name"))
				}
			}
			return list
		}
		assert.Equal(t, keys("nightly-117"), keys("nightly-118"), "GitLab compares by suite, class and name")
		assert.Len(t, keys("nightly-117"), 2)
	})
	t.Run("agrees with Summary.Outcomes", func(t *testing.T) {
		for seed := range uint64(20) {
			runs := randomRuns(seed, 300)
			o := summarize(t, report.Options{}, runs...).Outcomes
			root := parseJUnit(t, report.JUnitOptions{}, runs...)
			failed, skipped, flaky := 0, 0, 0
			for _, suite := range root.Children {
				for _, c := range suite.Children {
					var elements []string
					for _, child := range c.Children {
						elements = append(elements, child.XMLName.Local)
					}
					switch {
					case slices.Contains(elements, "failure") || slices.Contains(elements, "error"):
						failed++
					case slices.Contains(elements, "flakyFailure") || slices.Contains(elements, "flakyError"):
						flaky++
					case slices.Contains(elements, "skipped"):
						skipped++
					}
				}
			}
			assert.Equal(t, []int{o.Failed, o.Flaky, o.Undecided}, []int{failed, flaky, skipped}, seed)
		}
	})
	t.Run("skips what is in quarantine", func(t *testing.T) {
		opts := report.JUnitOptions{Quarantine: []report.Quarantine{{Test: "login", Reason: "SHOP-4711", Until: report.Date{Time: monday.AddDate(0, 0, 1)}}}}
		c := writeJUnit(t, opts, history("login", "F")...).Suites[0].Cases[0]
		assert.Equal(t, "skipped", c.elements())
		assert.Contains(t, c.Children[0].Message, "quarantined: SHOP-4711")
		assert.Empty(t, writeJUnit(t, opts, history("login", "P")...).Suites[0].Cases[0].elements())
	})
	t.Run("reports the writer's error", func(t *testing.T) {
		for limit := range 200 {
			err := report.WriteJUnit(&shortWriter{limit}, report.Replay(history("login", "F"), nil), report.JUnitOptions{})
			require.ErrorIs(t, err, errFull, fmt.Sprint(limit))
		}
	})
}

// anyElement is an element with all that is in it.
type anyElement struct {
	XMLName  xml.Name
	Attrs    []xml.Attr   `xml:",any,attr"`
	Children []anyElement `xml:",any"`
}

func (e anyElement) attr(name string) string {
	for _, a := range e.Attrs {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

// The rules of the schemas of Surefire and of Jenkins' xUnit plugin, together:
// what an element may hold, in this order, and its attributes; those with a
// star are required. The skipped of the root is what GitLab and Buildkite sum
// up; neither schema has it.
var junitRules = map[string]struct{ children, attrs []string }{
	"testsuites":   {[]string{"testsuite"}, []string{"name", "tests", "failures", "errors", "skipped", "time"}},
	"testsuite":    {[]string{"properties", "testcase"}, []string{"name*", "tests*", "failures*", "errors*", "skipped*", "time", "timestamp"}},
	"properties":   {[]string{"property"}, nil},
	"property":     {nil, []string{"name*", "value*"}},
	"testcase":     {[]string{"failure", "rerunFailure", "flakyFailure", "skipped", "error", "rerunError", "flakyError", "system-out"}, []string{"name*", "classname", "time*"}},
	"failure":      {nil, []string{"message", "type*"}},
	"error":        {nil, []string{"message", "type*"}},
	"skipped":      {nil, []string{"message"}},
	"rerunFailure": {[]string{"stackTrace"}, []string{"message", "type*"}},
	"flakyFailure": {[]string{"stackTrace"}, []string{"message", "type*"}},
	"rerunError":   {[]string{"stackTrace"}, []string{"message", "type*"}},
	"flakyError":   {[]string{"stackTrace"}, []string{"message", "type*"}},
	"stackTrace":   {},
	"system-out":   {},
}

func checkJUnitRules(t *testing.T, e anyElement) {
	t.Helper()
	name := e.XMLName.Local
	rule, known := junitRules[name]
	require.True(t, known, name)
	place := 0
	for _, child := range e.Children {
		at := slices.Index(rule.children, child.XMLName.Local)
		require.GreaterOrEqual(t, at, place, "%s in %s", child.XMLName.Local, name)
		place = at
		checkJUnitRules(t, child)
	}
	for _, a := range e.Attrs {
		assert.True(t, slices.Contains(rule.attrs, a.Name.Local) || slices.Contains(rule.attrs, a.Name.Local+"*"), "%s of %s", a.Name.Local, name)
		if a.Name.Local == "time" {
			assert.Regexp(t, `^\d+\.\d{3}$`, a.Value)
		}
		if a.Name.Local == "timestamp" {
			assert.Regexp(t, `^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$`, a.Value)
		}
	}
	for _, attr := range rule.attrs {
		if required, ok := strings.CutSuffix(attr, "*"); ok {
			assert.True(t, slices.ContainsFunc(e.Attrs, func(a xml.Attr) bool { return a.Name.Local == required }), "%s of %s", required, name)
		}
	}
}

func parseJUnit(t *testing.T, opts report.JUnitOptions, runs ...insights.Test) anyElement {
	t.Helper()
	var out bytes.Buffer
	require.NoError(t, report.WriteJUnit(&out, report.Replay(runs, nil), opts))
	var root anyElement
	require.NoError(t, xml.Unmarshal(out.Bytes(), &root))
	return root
}

// real are platforms as the service names them.
var realPlatforms = [][2]string{{"Windows 11", "Chrome 137.0"}, {"macOS 15.5", "Safari 18.5"}, {"Linux", "Firefox 128.0.3"}, {"Android 5.1", ""}, {"", ""}, {".", "."}}
