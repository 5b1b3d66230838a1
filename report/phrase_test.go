package report

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/sauceinsights/insights"
)

func TestWriteTextPhrases(t *testing.T) {
	t.Run("never round a share to all or nothing", func(t *testing.T) {
		for rate, want := range map[float64]string{
			0: "0%", 1: "100%", 0.5: "50%", 2.0 / 3: "66.7%", 0.9994: "99.9%", 0.99999: "over 99.9%", 0.0001: "under 0.1%", 0.001: "0.1%", 0.07: "7%",
		} {
			assert.Equal(t, want, percent(rate), rate)
		}
	})
	t.Run("write the shares of a column in one style", func(t *testing.T) {
		for rate, want := range map[float64]string{0: "0.0%", 1: "100.0%", 0.5: "50.0%", 2.0 / 3: "66.7%", 0.99999: "over 99.9%", 0.0001: "under 0.1%"} {
			assert.Equal(t, want, percentInTable(rate), rate)
		}
		assert.Equal(t, "50.0% of 2", rateOf(Counts{Passed: 1, Failed: 1}))
	})
	t.Run("group digits", func(t *testing.T) {
		for n, want := range map[int]string{0: "0", 999: "999", 1000: "1,000", 1234567: "1,234,567", -5: "-5", -123: "-123", -1234: "-1,234"} {
			assert.Equal(t, want, number(n))
		}
		assert.Equal(t, "1 run", counted(1, "run"))
		assert.Equal(t, "0 runs", counted(0, "run"))
		assert.Equal(t, "2,000 runs", counted(2000, "run"))
	})
	t.Run("give lengths of time that people say", func(t *testing.T) {
		for seconds, want := range map[insights.Seconds]string{
			0: "0.0s", 0.04: "under 0.1s", 0.05: "0.1s", 12.34: "12.3s", 59.94: "59.9s", 59.97: "1m00s", 61: "1m01s", 3599.4: "59m59s", 3599.6: "1h00m", 5025: "1h24m", 3600 * 1500: "1,500h00m",
		} {
			assert.Equal(t, want, length(seconds), seconds)
		}
	})
	t.Run("are shortened by characters", func(t *testing.T) {
		assert.Equal(t, "ééé", shortened("ééé", 3))
		assert.Equal(t, "éé…", shortened("éééé", 3))
		assert.Equal(t, "a…", shortened("a bcd", 3), "no blank before the dots")
	})
	// The log of a CI service takes lines for commands, whoever wrote them.
	t.Run("are no command in the log of a CI service", func(t *testing.T) {
		for text, want := range map[string]string{
			"\n ::error::pwned":                    ": :error::pwned",
			"a ##[error]b ##vso[task.complete]c":   "a # #[error]b # #vso[task.complete]c",
			"a ::error file=x::b":                  "a : :error file=x::b",
			"a ##teamcity[testFailed name='x']":    "a # #teamcity[testFailed name='x']",
			"\x1b[31mred\x1b[0m \x1b]0;title\x07x": "red x",
			"a ::set-output name=x::b":             "a : :set-output name=x::b",
			// GitLab folds a log only if a carriage return and an escape follow.
			"section_start:1:a[collapsed=true]\r\x1b[0Kb": "section_start:1:a[collapsed=true] b",
			"std::vector": "std::vector",
			"issue ##7":   "issue ##7",
		} {
			assert.Equal(t, want, plain(text))
		}
	})
}

func TestWriteTextPage(t *testing.T) {
	t.Run("says what is unusual", func(t *testing.T) {
		groups := func(n int) []Group {
			list := make([]Group, n)
			for i := range list {
				list[i] = Group{Name: string(rune('a' + i)), Counts: Counts{Runs: 1, Complete: 1}}
			}
			list[0].Name = ""
			return list
		}
		s := &Summary{
			Counts:   Counts{Runs: 8, Complete: 7, Other: 1, CompleteAs: CompleteIgnored},
			OSes:     groups(8),
			Browsers: groups(6),
			Builds:   groups(2),
			Excluded: 1, OddTimes: 3,
			LastRun: time.Date(2026, 11, 16, 8, 0, 0, 0, time.UTC),
			Errors:  []ErrorGroup{{Message: "x", Count: 200, Tests: make([]string, 100), MoreTests: true}},
		}
		p, err := newPage(s, WriteOptions{Comparison: &Comparison{}})
		assert.NoError(t, err)
		assert.Equal(t, "no pass rate", p.headline)
		assert.Equal(t, []string{"3 runs with a time that is missing or can't be: that time is left out"}, p.warnings)
		assert.Equal(t, []string{
			"8 runs of 0 tests: 0 passed, 0 failed, 0 errored, 7 complete (not counted), 1 still running or of an unknown status",
			"– to 2026-11-16 08:00 UTC",
			"By OS: unknown –, \x02b\x03 –, \x02c\x03 –, \x02d\x03 –, \x02e\x03 –, \x02f\x03 –, 2 more",
			"By browser: unknown –, \x02b\x03 –, \x02c\x03 –, \x02d\x03 –, \x02e\x03 –, \x02f\x03 –",
			"1 run not held against any test (outage, or before a fix)",
			"Period before: no runs, so that nothing can be compared",
		}, p.facts)
		assert.Equal(t, []tableRow{{cells: []string{"x", "200", "over 100", "–"}}}, p.tables[0].rows)
		assert.Equal(t, []tableRow{{cells: []string{"(no build)", "1", "–", "–"}}, {cells: []string{"b", "1", "–", "–"}}}, p.tables[1].rows)

		assert.Equal(t, "counted as failed", CompleteFailed.counting())
		rate := RateChange{Before: Counts{Runs: 2, Passed: 1, Failed: 1}, PValue: 0.5}
		assert.Equal(t, "Period before: 50% of 2 decided runs passed; the change is no more than chance (p = 0.5, build by build)", changeLine(&Comparison{PassRate: rate}))
	})
}
