package cli

import (
	"encoding/json"
	"encoding/xml"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sauceinsights/insights/insightstest"
	"github.com/sauceinsights/insights/report"
)

// junitSuites is what a CI system reads.
type junitSuites struct {
	XMLName  xml.Name `xml:"testsuites"`
	Tests    int      `xml:"tests,attr"`
	Failures int      `xml:"failures,attr"`
	Errors   int      `xml:"errors,attr"`
}

type jsonReport struct {
	Summary report.Summary
	Gate    struct{ Passed bool }
}

func read(t *testing.T, name string) string {
	t.Helper()
	content, err := os.ReadFile(name)
	require.NoError(t, err)
	return string(content)
}

func TestGateReports(t *testing.T) {
	t.Run("have four formats", func(t *testing.T) {
		f := newFixture(t, "PPPFE")
		text := f.run(t, "--format", "text")
		assert.Contains(t, text.stdout, "Test report: 60% passed\n")
		assert.Contains(t, text.stdout, "Gate failed\n")

		markdown := f.run(t, "--format", "markdown", "--build", "1")
		assert.True(t, strings.HasPrefix(markdown.stdout, "## ❌ Build 1: 60% passed\n"), markdown.stdout)

		var parsed jsonReport
		require.NoError(t, json.Unmarshal([]byte(f.run(t, "--format", "json").stdout), &parsed))
		assert.Equal(t, 5, parsed.Summary.Counts.Runs)
		assert.False(t, parsed.Gate.Passed)
		assert.False(t, parsed.Summary.Partial)

		var suites junitSuites
		junit := f.run(t, "--format", "junit")
		require.NoError(t, xml.Unmarshal([]byte(junit.stdout), &suites))
		assert.Equal(t, failed, junit.status)
		assert.Equal(t, 5, suites.Tests)
		assert.Equal(t, 1, suites.Failures)
		assert.Equal(t, 1, suites.Errors)
	})

	t.Run("every format says that the runs are not complete", func(t *testing.T) {
		for format, says := range map[string]string{
			"text": "not complete", "markdown": "not complete", "json": `"partial": true`, "junit": `<testcase name="the list of runs is complete"`,
		} {
			f := newFixture(t, strings.Repeat("P", 150))
			f.Fail(insightstest.Outage(-1).After(1))
			out := f.run(t, "--format", format)
			assert.Equal(t, unknown, out.status)
			assert.Contains(t, out.stdout, says)

			out = newFixture(t, "PPP").run(t, "--format", format, "--build", "1", "--wait", "300ms", "--expect", "5")
			assert.Equal(t, unknown, out.status)
			assert.Contains(t, out.stdout, says)
			assert.Contains(t, out.stdout, "3 runs there, at least 5 expected")
		}
	})

	t.Run("aj unit report counts complete runs as the gate does", func(t *testing.T) {
		var suites junitSuites
		out := newFixture(t, "PC").run(t, "--format", "junit", "--complete-as", "failed")
		require.NoError(t, xml.Unmarshal([]byte(out.stdout), &suites))
		assert.Equal(t, 1, suites.Failures)
	})

	t.Run("a report in a file replaces the old one", func(t *testing.T) {
		folder := t.TempDir()
		name := filepath.Join(folder, "report.txt")
		require.NoError(t, os.WriteFile(name, []byte(strings.Repeat("old", 10_000)), 0o600))
		out := newFixture(t, "PPP").run(t, "-o", name)
		assert.Equal(t, passed, out.status, out.stderr)
		assert.Empty(t, out.stdout)
		assert.True(t, strings.HasPrefix(read(t, name), "Test report: 100% passed"))
		info, err := os.Stat(name)
		require.NoError(t, err)
		assert.Equal(t, os.FileMode(0o600), info.Mode().Perm(), "it is as readable as before")
		entries, err := os.ReadDir(folder)
		require.NoError(t, err)
		assert.Len(t, entries, 1, "nothing else is left")
	})

	t.Run("a report through a link replaces what it leads to", func(t *testing.T) {
		folder := t.TempDir()
		name, link := filepath.Join(folder, "report.txt"), filepath.Join(folder, "link.txt")
		require.NoError(t, os.WriteFile(name, nil, 0o644))
		require.NoError(t, os.Symlink(name, link))
		assert.Equal(t, passed, newFixture(t, "PPP").run(t, "-o", link).status)
		assert.Contains(t, read(t, name), "100% passed")
		target, err := os.Readlink(link)
		require.NoError(t, err)
		assert.Equal(t, name, target)
	})

	t.Run("a report that is not written is not passed", func(t *testing.T) {
		folder := t.TempDir()
		for _, name := range []string{filepath.Join(folder, "missing", "report.txt"), folder} {
			out := newFixture(t, "PPP").run(t, "-o", name)
			assert.Equal(t, unknown, out.status)
			assert.Contains(t, out.stderr, "the report was not written")
			out = newFixture(t, "PPF").run(t, "-o", name)
			assert.Equal(t, failed, out.status, "the verdict stands")
			assert.Contains(t, out.stderr, "the report was not written")
		}
	})

	t.Run("are several in one run", func(t *testing.T) {
		folder := t.TempDir()
		file := func(name string) string { return filepath.Join(folder, name) }
		out := newFixture(t, "PPF").run(t, "-o", file("report.md"), "-o", file("sauce.xml"), "-o", file("report.json"), "-o", file("report.txt"), "-o", "-")
		assert.Equal(t, failed, out.status, out.stderr)
		assert.Contains(t, out.stdout, "Test report: 66.7% passed\n")
		assert.Equal(t, out.stdout, read(t, file("report.txt")))
		assert.Contains(t, read(t, file("report.md")), "## ❌ Test report: 66.7% passed")
		assert.Contains(t, read(t, file("sauce.xml")), `<testsuites name="Sauce Labs" tests="3" failures="1"`)
		assert.True(t, json.Valid([]byte(read(t, file("report.json")))))

		f := newFixture(t, "PPP")
		f.env["INSIGHTS_GATE_OUTPUT"] = file("a.md") + "," + file("b.xml")
		assert.Equal(t, passed, f.run(t).status)
		assert.Contains(t, read(t, file("a.md")), "## ✅")
		assert.Contains(t, read(t, file("b.xml")), "<testsuites")
	})

	t.Run("a minus is standard output", func(t *testing.T) {
		assert.Contains(t, newFixture(t, "PPP").run(t, "-o", "-").stdout, "100% passed")
	})
}

func TestGateJobSummary(t *testing.T) {
	t.Run("the job summary is appended", func(t *testing.T) {
		f := newFixture(t, "PPF")
		name := filepath.Join(t.TempDir(), "summary.md")
		f.env["GITHUB_STEP_SUMMARY"] = name
		for range 2 {
			out := f.run(t, "--format", "json")
			assert.Equal(t, failed, out.status)
			assert.True(t, json.Valid([]byte(out.stdout)))
		}
		content := read(t, name)
		assert.Equal(t, 2, strings.Count(content, "## ❌ Test report: 66.7% passed\n"))
		assert.Contains(t, content, "|\n\n\n## ❌", "an empty line ends the table of the first")
	})

	t.Run("the job summary stays within its bound", func(t *testing.T) {
		f := newFixture(t, "PPF")
		name := filepath.Join(t.TempDir(), "summary.md")
		f.env["GITHUB_STEP_SUMMARY"] = name
		require.NoError(t, os.WriteFile(name, make([]byte, (1<<20)-200), 0o644))
		assert.Equal(t, failed, f.run(t).status)
		content := read(t, name)
		assert.LessOrEqual(t, len(content), (1 << 20))
		assert.True(t, strings.HasSuffix(content, " bytes._\n"), "it says that it was cut")

		require.NoError(t, os.WriteFile(name, make([]byte, (1<<20)), 0o644))
		out := f.run(t)
		assert.Equal(t, failed, out.status, "the verdict stands")
		assert.Contains(t, out.stderr, "the job summary was not written")
		assert.Len(t, read(t, name), (1 << 20))
	})

	t.Run("a job summary that is not written is not passed", func(t *testing.T) {
		f := newFixture(t, "PPP")
		f.env["GITHUB_STEP_SUMMARY"] = t.TempDir()
		out := f.run(t)
		assert.Equal(t, unknown, out.status)
		assert.Contains(t, out.stderr, "the job summary was not written")
		assert.Contains(t, out.stdout, "100% passed")
	})
}
