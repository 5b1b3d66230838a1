package export

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/dustin/go-humanize"

	"github.com/sauceinsights/insights"
	"github.com/sauceinsights/insights/report"
)

// ErrDiffers says that the file is not what the service counts.
var ErrDiffers = errors.New("that is not what the service counts")

// prove compares the runs that were written with those that the service counts.
// That the counts cannot be had is said too, and is no error: it proves nothing
// either way.
func (j *job) prove(ctx context.Context, client *insights.Client) (said string, err error) {
	if !j.format.tellsTime() {
		return "Could not tell whether the service counts as many: --columns leaves out " + creationTime, nil
	}
	delivered, err := j.recount()
	if err != nil {
		return "", fmt.Errorf("what was written cannot be read again: %w; --restart begins anew", err)
	}
	addSeam(delivered, j.state.Before)
	opts := j.tests
	opts.Period = j.state.Period
	return compare(ctx, client, opts, delivered, j.state.Before.Runs, j.files.final)
}

// addSeam adds what the export before has of this period.
func addSeam(delivered *report.Delivered, before seam) {
	for range before.Runs {
		delivered.Add(insights.Test{CreationTime: before.Second})
	}
}

// compare asks how many runs there are. before is how many of them an earlier
// export has.
func compare(ctx context.Context, client *insights.Client, opts insights.TestsOptions, delivered *report.Delivered, before int, file string) (said string, err error) {
	r, err := report.ReconcileDelivered(ctx, client, opts, delivered)
	switch {
	case ctx.Err() != nil:
		return "", fmt.Errorf("%w before the runs were compared with what the service counts: the same command does that", ErrInterrupted)
	case err != nil:
		return fmt.Sprintf("Could not tell whether the service counts as many: %v", err), nil
	}
	said = fmt.Sprintf("%s of %s runs that the service counts", comma(r.Delivered-before), comma(r.Counted-before))
	if r.Agrees() {
		return said, nil
	}
	return said, fmt.Errorf("%s has %s of %s runs: %w\n%sRuns that come late are counted too: try --restart later", file, comma(r.Delivered-before), comma(r.Counted-before), ErrDiffers, differences(r))
}

// recount reads all runs again, so that those of earlier processes are proven
// too, and so is the file.
func (j *job) recount() (*report.Delivered, error) {
	delivered, err := report.NewDelivered(intervalFor(j.state.Period))
	if err != nil {
		return nil, err
	}
	name := j.files.part
	if !exists(name) {
		name = j.files.final
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	err = j.format.read(f, delivered.Add)
	return delivered, errors.Join(err, f.Close())
}

// mostByTheHour is the longest period that is compared hour by hour: the answer
// for a longer one would be long too.
const mostByTheHour = 31 * 24 * time.Hour

func intervalFor(period insights.Period) time.Duration {
	if start, end := period.Bounds(time.Time{}); end.Sub(start) > mostByTheHour {
		return 24 * time.Hour
	}
	return time.Hour
}

// mostShown is how many intervals are shown.
const mostShown = 24

// differences are lines that say where the runs and the counts differ.
func differences(r *report.Reconciliation) string {
	var lines strings.Builder
	for _, d := range r.Differences[:min(len(r.Differences), mostShown)] {
		end := d.Start.Add(r.Interval)
		fmt.Fprintf(&lines, "  %s/%s: %s of %s\n", d.Start.Format(time.RFC3339), end.Format(time.RFC3339), comma(d.Delivered), comma(d.Counted))
	}
	for _, more := range []struct {
		n    int
		what string
	}{
		{len(r.Differences) - mostShown, "intervals more"},
		{r.Undated, "runs without a creation time, whose interval is not known"},
		{r.Unplaced, "counted runs, whose interval is not known"},
	} {
		if more.n > 0 {
			fmt.Fprintf(&lines, "  %s %s\n", comma(more.n), more.what)
		}
	}
	return lines.String()
}

func comma(n int) string {
	return humanize.Comma(int64(n))
}
