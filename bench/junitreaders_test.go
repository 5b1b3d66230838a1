package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/joshdk/go-junit"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sauceinsights/insights"
	"github.com/sauceinsights/insights/insightstest"
	"github.com/sauceinsights/insights/report"
)

// junitFile is a report of generated runs and of some that are hard to write,
// and what it comes to.
func junitFile(t *testing.T) (name string, want report.Outcomes) {
	t.Helper()
	end := time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC)
	runs := insightstest.Generate(1, 2000, end.Add(-24*time.Hour), end.Add(-time.Second))
	for i := range runs { // of a few builds, so that tests run again
		runs[i].Build = "nightly-" + strconv.Itoa(i/700)
	}
	runs = append(runs, insights.Test{
		Name: "\x1b[31m<a> & \"b\"\x00 测试", Build: "nightly-0", Status: insights.StatusFailed, Error: "]]> \xff \x07 \ufffe end",
		OS: "Windows 11", Browser: "Chrome 137.0", CreationTime: end.Add(-time.Second), Duration: 1e200,
	})
	summary, err := report.Summarize(report.Replay(runs, nil), report.Options{})
	require.NoError(t, err)
	name = filepath.Join(t.TempDir(), "sauce.xml")
	var content bytes.Buffer
	require.NoError(t, report.WriteJUnit(&content, report.Replay(runs, nil), report.JUnitOptions{}))
	require.NoError(t, os.WriteFile(name, content.Bytes(), 0o600))
	return name, summary.Outcomes
}

// counts are tests, failed, skipped.
func counts(o report.Outcomes) string {
	return strings.Join([]string{
		strconv.Itoa(o.Passed + o.Flaky + o.Failed + o.Undecided), strconv.Itoa(o.Failed), strconv.Itoa(o.Undecided),
	}, " ")
}

// readWith runs a program that prints the three counts.
func readWith(t *testing.T, program string, args ...string) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), program, args...).CombinedOutput()
	require.NoError(t, err, string(out))
	return strings.TrimSpace(string(out))
}

const pythonReader = `
import sys, xml.etree.ElementTree as tree
root = tree.parse(sys.argv[1]).getroot()
cases = root.findall("testsuite/testcase")
keys = {(s.get("name"), c.get("classname"), c.get("name"), s.find("properties/property").get("value")) for s in root for c in s.findall("testcase")}
assert len(keys) == len(cases), "two cases are the same"
assert not any("." in c.get("classname") or not c.get("classname") for c in cases), "a class that Jenkins cuts"
failed = sum(c.find("failure") is not None or c.find("error") is not None for c in cases)
skipped = sum(c.find("skipped") is not None for c in cases)
assert int(root.get("tests")) == len(cases) and int(root.get("failures")) + int(root.get("errors")) == failed and int(root.get("skipped")) == skipped
print(len(cases), failed, skipped)
`

const nodeReader = `
const { parse } = require("junit2json"), { readFileSync } = require("fs");
parse(readFileSync(process.argv[1], "utf8")).then((report) => {
  const cases = report.testsuite.flatMap((s) => s.testcase);
  const failed = cases.filter((c) => c.failure || c.error).length;
  console.log(cases.length, failed, cases.filter((c) => c.skipped).length);
});
`

func TestWriteJUnitIsReadByOthers(t *testing.T) {
	name, want := junitFile(t)
	t.Run("a reader in Go", func(t *testing.T) {
		suites, err := junit.IngestFile(name)
		require.NoError(t, err)
		var got report.Outcomes
		for _, s := range suites {
			got.Passed += s.Totals.Passed
			got.Failed += s.Totals.Failed + s.Totals.Error
			got.Undecided += s.Totals.Skipped
		}
		assert.Equal(t, counts(want), counts(got))
	})
	t.Run("a reader in Python", func(t *testing.T) {
		python, err := exec.LookPath("python3")
		if err != nil {
			missing(t, "python3 is not installed")
		}
		assert.Equal(t, counts(want), readWith(t, python, "-c", pythonReader, name))
	})
	t.Run("a reader in JavaScript", func(t *testing.T) {
		node, err := exec.LookPath("node")
		if err != nil {
			missing(t, "node is not installed")
		}
		if exec.CommandContext(t.Context(), node, "-e", `require("junit2json")`).Run() != nil {
			missing(t, "junit2json is not installed: npm install --prefix DIR junit2json, and NODE_PATH=DIR/node_modules")
		}
		assert.Equal(t, counts(want), readWith(t, node, "-e", nodeReader, name))
	})
}

// missing skips a test on the machine of a user, and fails where CI should have
// installed what it needs.
func missing(t *testing.T, what string) {
	t.Helper()
	if os.Getenv("CI") != "" {
		t.Fatal(what)
	}
	t.Skip(what)
}
