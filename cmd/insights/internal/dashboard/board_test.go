package dashboard

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sauceinsights/insights"
	"github.com/sauceinsights/insights/insightstest"
	"github.com/sauceinsights/insights/report"
)

var (
	now  = time.Date(2026, 5, 31, 0, 0, 0, 0, time.UTC)
	week = 7 * 24 * time.Hour
)

// input has the runs of a week and of the week before.
func input(runs ...insights.Test) Input {
	return Input{Source: "mia", From: now.Add(-week), To: now, Now: now, Runs: runs}
}

func generated(n int) []insights.Test {
	return insightstest.Generate(4, n, now.Add(-2*week), now.Add(-time.Minute))
}

func boardOf(t *testing.T, in Input) *Board {
	t.Helper()
	b, err := New(in)
	require.NoError(t, err)
	return b
}

func written(t *testing.T, b *Board) string {
	t.Helper()
	var page bytes.Buffer
	require.NoError(t, WriteBoard(&page, b, ChoicesOf(b), ""))
	return page.String()
}

func TestBoardFigures(t *testing.T) {
	runs := generated(3000)
	b := boardOf(t, input(runs...))
	t.Run("are those of the period", func(t *testing.T) {
		passed, failed, n := 0, 0, 0
		perDay := map[string]int{}
		platforms := map[[2]string]int{}
		for _, run := range runs {
			if run.CreationTime.Before(now.Add(-week)) {
				continue
			}
			n++
			perDay[run.CreationTime.Format(time.DateOnly)]++
			platforms[[2]string{run.OSNormalized, run.BrowserNormalized}]++
			switch run.Status {
			case insights.StatusPassed:
				passed++
			case insights.StatusFailed:
				failed++
			}
		}
		assert.Equal(t, []int{n, passed, failed}, []int{b.Now.Counts.Runs, b.Now.Counts.Passed, b.Now.Counts.Failed})
		assert.Equal(t, len(runs)-n, b.Before.Counts.Runs)
		require.Len(t, b.Days, 7)
		for _, d := range b.Days {
			assert.Equal(t, perDay[d.Date.Format(time.DateOnly)], d.Counts.Runs)
		}
		for key, counts := range b.Coverage.Counts {
			assert.Equal(t, platforms[key], counts.Runs, key)
		}
	})
	t.Run("are those of the service where it was asked", func(t *testing.T) {
		in := input(runs...)
		in.Days = []Day{{now.Add(-week), report.Counts{Runs: 4711}}}
		assert.Equal(t, in.Days, boardOf(t, in).Days)
		in.Filter = Filter{OS: "Windows"}
		assert.NotEqual(t, in.Days, boardOf(t, in).Days, "which knows no filter")
	})
	t.Run("are of some runs with a filter", func(t *testing.T) {
		in := input(runs...)
		in.Filter = Filter{OS: "Windows", Browser: "Chrome"}
		filtered := boardOf(t, in)
		assert.Positive(t, filtered.Now.Counts.Runs)
		assert.Less(t, filtered.Now.Counts.Runs, b.Now.Counts.Runs)
		assert.Equal(t, []string{"Windows"}, filtered.Coverage.OSes)
	})
	t.Run("have a strip of the latest results", func(t *testing.T) {
		require.NotEmpty(t, b.Flaky)
		for _, f := range b.Flaky {
			assert.LessOrEqual(t, len(f.Strip), 30)
			assert.NotEmpty(t, f.Strip)
		}
	})
}

func TestBoardDetail(t *testing.T) {
	b := boardOf(t, input(generated(3000)...))
	test := b.Now.SlowestTests(1)[0]
	d, ok := b.Detail(KindTest, test.Name)
	require.True(t, ok)
	assert.Equal(t, test.Counts, d.Summary.Counts)
	assert.Equal(t, test.RunTimes.Max, d.Slowest.Duration)
	assert.Equal(t, test.RunTimes.Min, d.Fastest.Duration)
	build, ok := b.Detail(KindBuild, b.Builds[0].Name)
	require.True(t, ok)
	assert.Equal(t, b.Builds[0].Counts.Runs, build.Summary.Counts.Runs)
	group, ok := b.Detail(KindError, b.Errors[0].Cause)
	require.True(t, ok)
	assert.Equal(t, b.Errors[0].Runs, group.Summary.Counts.Runs)
	_, ok = b.Detail(KindTest, "nobody's")
	assert.False(t, ok)
	for _, d := range []*Detail{d, build, group} {
		var page bytes.Buffer
		require.NoError(t, WriteDetail(&page, d))
		assert.LessOrEqual(t, page.Len(), 60_000)
	}
}

func TestWriteBoard(t *testing.T) {
	t.Run("makes a page of at most 60 kB, of however many runs", func(t *testing.T) {
		for _, n := range []int{0, 1, 100, 20_000} {
			page := written(t, boardOf(t, input(generated(n)...)))
			assert.LessOrEqual(t, len(page), 60_000, n)
			assert.NotContains(t, page, "NaN")
			assert.NotContains(t, page, " style=")
			assert.NotContains(t, page, "<script")
		}
	})
	t.Run("says what is not there", func(t *testing.T) {
		page := written(t, boardOf(t, input()))
		for _, text := range []string{"No runs in this period.", "There are no runs in the period before to compare with.", "No errors.", "No test is flaky", "No builds.", "No run has a run time."} {
			assert.Contains(t, page, text)
		}
	})
	t.Run("says why a panel has nothing", func(t *testing.T) {
		in := input(generated(100)...)
		in.Failed, in.Errors = map[string]string{"errors": "404 Not Found"}, []ErrorGroup{}
		page := written(t, boardOf(t, in))
		assert.Contains(t, page, "This panel could not be filled: 404 Not Found")
		assert.NotContains(t, page, "No errors.")
	})
	t.Run("keeps hostile names from being anything but text", func(t *testing.T) {
		const evil = `"><script>alert(1)</script><img src=x onerror=alert(2)>{{.}}' javascript:alert(3)`
		var runs []insights.Test
		for i := range 40 {
			runs = append(runs, insights.Test{
				ID: fmt.Sprint(i), Name: evil, Build: evil, Owner: evil, OS: evil, Browser: evil, Status: insights.Status([]string{"passed", "failed"}[i%2]), Error: evil,
				DetailsURL: "javascript:alert(4)", CreationTime: now.Add(-time.Duration(i) * time.Hour), Duration: 1,
			})
		}
		b := boardOf(t, input(runs...))
		page := written(t, b)
		d, ok := b.Detail(KindTest, evil)
		require.True(t, ok)
		var detail bytes.Buffer
		require.NoError(t, WriteDetail(&detail, d))
		for _, text := range []string{page, detail.String()} {
			assert.NotContains(t, text, "<script")
			assert.NotContains(t, text, "<img")
			assert.NotContains(t, text, `href="javascript`)
			assert.Contains(t, text, "&lt;script&gt;")
		}
	})
	t.Run("says that a demo is one", func(t *testing.T) {
		in := input(generated(10)...)
		in.IsDemo = true
		assert.Contains(t, written(t, boardOf(t, in)), "(generated runs of a fake service)")
	})
}

func TestWriteFile(t *testing.T) {
	var page bytes.Buffer
	require.NoError(t, WriteFile(&page, boardOf(t, input(generated(2000)...))))
	text := page.String()
	assert.LessOrEqual(t, len(text), 60_000)
	_, rest, ok := strings.Cut(text, "<style>")
	require.True(t, ok)
	css, _, _ := strings.Cut(rest, "</style>")
	sum := sha256.Sum256([]byte(css))
	assert.Contains(t, text, "style-src &#39;sha256-"+strings.ReplaceAll(base64.StdEncoding.EncodeToString(sum[:]), "+", "&#43;")+"&#39;", "the policy lets through the style that is there")
	assert.NotContains(t, text, "<link")
	assert.NotContains(t, text, "<form")
	assert.NotContains(t, text, `href="/`, "there is nobody to ask")
}
