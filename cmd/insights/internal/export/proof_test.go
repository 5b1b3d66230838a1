package export

import (
	"bytes"
	"context"
	"io"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sauceinsights/insights"
	"github.com/sauceinsights/insights/insightstest"
)

func TestErrDiffers(t *testing.T) {
	t.Run("the end is proven by what the service counts", func(t *testing.T) {
		t.Parallel()
		for _, format := range formats {
			t.Run("in one go and in two, "+format, func(t *testing.T) {
				t.Parallel()
				srv, _ := serve(t, 1200)
				file := in(t, "week."+format)
				stopHalfway(t, srv, file)
				status, stdout, stderr := start(t, askFor(srv, file))
				require.Equal(t, complete, status, stderr)
				assert.Contains(t, stdout, "\n1,200 of 1,200 runs that the service counts\n")

				status, stdout, stderr = start(t, askFor(srv, file, "--restart", "--status", "passed", "--newest-first"))
				require.Equal(t, complete, status, stderr)
				assert.Regexp(t, `\n[\d,]+ of [\d,]+ runs that the service counts\n$`, stdout)
			})
		}
		t.Run("by the day, if the period is long", func(t *testing.T) {
			t.Parallel()
			srv, _ := serve(t, 90)
			status, stdout, _ := start(t, askFor(srv, in(t, "quarter.csv"), "--period", "2021-04-01T00:00:00Z/2021-07-01T00:00:00Z"))
			assert.Equal(t, complete, status)
			assert.Contains(t, stdout, "\n90 of 90 runs that the service counts\n")
			requests := srv.Requests()
			assert.Equal(t, "1d", requests[len(requests)-1].Query.Get("interval"))
		})
	})

	t.Run("a difference is told interval by interval", func(t *testing.T) {
		t.Parallel()
		srv, runs := serve(t, 100)
		file := in(t, "week.ndjson")
		st := completeState(t, srv, file)
		require.NoError(t, st.save(file+".state"))
		noon := weekStart.Add(12 * time.Hour)
		before := 0
		for _, run := range runs {
			if run.CreationTime.Truncate(time.Hour).Equal(noon) {
				before++
			}
		}
		late := []insights.Test{{ID: "late 1", CreationTime: noon}, {ID: "late 2", CreationTime: noon.Add(time.Minute)}}
		srv.Add(late...)

		status, stdout, stderr := start(t, askFor(srv, file))
		assert.Equal(t, differs, status)
		assert.Contains(t, stdout, "\n100 of 102 runs that the service counts\n")
		assert.Equal(t, "export: "+file+` has 100 of 102 runs: that is not what the service counts
  2021-05-01T12:00:00Z/2021-05-01T13:00:00Z: `+comma(before)+` of `+comma(before+2)+`
Runs that come late are counted too: try --restart later
`, stderr)
		assertAlone(t, file)

		status, _, stderr = start(t, askFor(srv, file, "--restart", "--quiet"))
		assert.Equal(t, complete, status, stderr)
		assert.ElementsMatch(t, ids(append(runs, late...)), ids(read(t, file, file)))
	})

	t.Run("many differences are counted", func(t *testing.T) {
		t.Parallel()
		srv, _ := serve(t, 190, insightstest.WithoutCreationTime(func(insights.Test) bool { return true }))
		status, _, stderr := start(t, askFor(srv, in(t, "week.csv.gz")))
		assert.Equal(t, differs, status)
		assert.Regexp(t, `\n  \d+ intervals more\n  \d+ runs without a creation time, whose interval is not known\n`, stderr)
	})

	t.Run("without a count it could not tell", func(t *testing.T) {
		t.Parallel()
		for name, c := range map[string]struct {
			fault insightstest.Fault
			args  []string
			says  string
		}{
			"no filter by build":     {insightstest.Fault{}, []string{"--build", "b"}, "Build"},
			"an outage":              {insightstest.Outage(-1).On(insightstest.PathTestTrends), nil, "503"},
			"a count without a time": {insightstest.Fault{Path: insightstest.PathTestTrends, Count: 1, Body: []byte(`{"buckets": 7}`)}, nil, "buckets"},
		} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				srv, _ := serve(t, 100)
				if c.fault.Path != "" {
					srv.Fail(c.fault)
				}
				file := in(t, "week.csv")
				status, stdout, stderr := start(t, askFor(srv, file, c.args...))
				assert.Equal(t, complete, status)
				assert.Empty(t, stderr)
				assert.Contains(t, stdout, "\nCould not tell whether the service counts as many: ")
				assert.Contains(t, stdout, c.says)
				assertAlone(t, file)
			})
		}
	})

	t.Run("interrupted before the proof it is made by the next start", func(t *testing.T) {
		t.Parallel()
		srv, runs := serve(t, 100)
		ctx, interrupt := context.WithCancel(t.Context())
		asking := insightstest.Hang(-1).On(insightstest.PathTestTrends)
		asking.Match = func(insightstest.Request) bool {
			interrupt()
			return true
		}
		srv.Fail(asking)
		file := in(t, "week.ndjson.gz")
		var errs bytes.Buffer
		status := run(ctx, askFor(srv, file), io.Discard, &errs, hurried...)
		assert.Equal(t, interrupted, status)
		assert.Equal(t, "export: interrupted before the runs were compared with what the service counts: the same command does that\n", errs.String())
		assert.NoFileExists(t, file)

		srv.Recover()
		srv.ForgetRequests()
		status, stdout, stderr := start(t, askFor(srv, file))
		require.Equal(t, complete, status, stderr)
		assert.Contains(t, stdout, "100 of 100 runs")
		assert.Len(t, srv.Requests(), 1)
		assert.Equal(t, runs, read(t, file, file))
	})

	t.Run("what cannot be read again is not complete", func(t *testing.T) {
		t.Parallel()
		for format, damage := range map[string]string{"ndjson": `{"id":`, "csv": "a,\"b\r\n", "csv.gz": "not gzip", "ndjson.gz": "not gzip"} {
			t.Run(format, func(t *testing.T) {
				t.Parallel()
				srv, _ := serve(t, 50)
				file := in(t, "week."+format)
				st := completeState(t, srv, file)
				require.NoError(t, st.save(file+".state"))
				appendTo(t, file, damage)
				status, stdout, stderr := start(t, askFor(srv, file))
				assert.Equal(t, failed, status)
				assert.NotContains(t, stdout, "complete")
				assert.Contains(t, stderr, "cannot be read again")
				assert.Contains(t, stderr, "--restart")
			})
		}
	})
}
