package export

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestColumns(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		file, columns, begins, proven string
	}{
		"of CSV": {"week.csv", "status,id,creation_time", "status,id,creation_time\r\n", "40 of 40 runs"},
		"of gzipped NDJSON without a time, which proves nothing": {"week.ndjson.gz", "name,id,browser", `{"name":"`, "Could not tell whether the service counts as many: --columns leaves out creation_time"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv, runs := serve(t, 40)
			file := in(t, c.file)
			status, stdout, stderr := start(t, askFor(srv, file, "--columns", c.columns))
			require.Equal(t, complete, status, stderr)
			assert.Contains(t, stdout, c.proven)
			text := textOf(t, file)
			assert.True(t, strings.HasPrefix(text, c.begins), text[:80])
			for _, run := range runs {
				assert.Equal(t, 1, strings.Count(text, run.ID))
			}
			assert.Equal(t, strings.Count(text, "\n"), 40+strings.Count(c.file, "csv"))
		})
	}
}

func TestByteOrderMark(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"week.csv", "week.csv.gz"} {
		t.Run("begins "+name+" once, also where it is gone on with", func(t *testing.T) {
			t.Parallel()
			srv, _ := serve(t, 400)
			file := in(t, name)
			stopHalfway(t, srv, file, "--bom")
			status, stdout, stderr := start(t, askFor(srv, file, "--bom"))
			require.Equal(t, complete, status, stderr)
			assert.Contains(t, stdout, "400 of 400 runs")
			text := textOf(t, file)
			assert.True(t, strings.HasPrefix(text, "\uFEFFid,name,"))
			assert.Equal(t, 1, strings.Count(text, "\uFEFF"))
		})
	}
}
