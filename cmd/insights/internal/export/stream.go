package export

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"time"

	"github.com/sauceinsights/insights"
	"github.com/sauceinsights/insights/report"
)

// stream is an export to standard output. It can't be gone on with after an
// interrupt: who reads along has what was written.
type stream struct {
	Settings
	out       *bufio.Writer
	delivered *report.Delivered
	mark      mark // behind the last run written
	runs      int
	batch     []insights.Test // runs that are not written yet
}

// streamedTogether is how many runs are written at a time.
const streamedTogether = 100

// stream writes all runs to standard output.
func (s Settings) stream(ctx context.Context, src source, out Streams) error {
	if s.quiet {
		out.Stderr = io.Discard
	}
	period, last, err := s.fixPeriod(src.name, time.Now())
	if err != nil {
		return err
	}
	service, err := src.connect(period, s.demoRuns)
	if err != nil {
		return err
	}
	defer service.Close()
	delivered, err := report.NewDelivered(intervalFor(period))
	if err != nil {
		return err
	}
	_, end := period.Bounds(time.Time{}) // it has ends: no time is needed
	last.Version, last.Source, last.Filter, last.End = markVersion, src.name, s.filter, end
	addSeam(delivered, last.Seam)
	st := &stream{Settings: s, out: bufio.NewWriter(out.Stdout), delivered: delivered, mark: last}
	return st.run(ctx, service.Client, period, last.Seam.Runs, out.Stderr)
}

func (st *stream) run(ctx context.Context, client *insights.Client, period insights.Period, before int, notes io.Writer) error {
	opts := st.tests
	opts.Period, opts.After = period, st.mark.Cursor
	if err := st.write(ctx, client, opts); err != nil {
		return err
	}
	opts.After = insights.Cursor{}
	said, verdict := compare(ctx, client, opts, st.delivered, before, "standard output")
	if said == "" {
		return verdict
	}
	_, _ = fmt.Fprintf(notes, "%s runs of %s\n%s\n", comma(st.runs), period, said) // there is nowhere to tell that it failed
	if verdict == nil && st.sinceLast != "" {
		return st.mark.save(st.sinceLast)
	}
	return verdict
}

// write writes the runs as they come.
func (st *stream) write(ctx context.Context, client *insights.Client, opts insights.TestsOptions) error {
	if err := st.format.write(st.out, nil, true); err != nil { // the names of the columns
		return err
	}
	for run, err := range client.AllTests(ctx, opts, insights.CaptureCursor(&st.mark.Cursor)) {
		if err != nil {
			return st.brokenOff(ctx, err)
		}
		if err := st.take(run); err != nil {
			return err
		}
	}
	return st.flush()
}

func (st *stream) take(run insights.Test) error {
	st.runs++
	st.mark.Seam.add(run)
	st.delivered.Add(run)
	if st.batch = append(st.batch, run); len(st.batch) < streamedTogether {
		return nil
	}
	return st.flush()
}

func (st *stream) flush() error {
	if err := st.format.write(st.out, st.batch, false); err != nil {
		return err
	}
	st.batch = st.batch[:0]
	return st.out.Flush()
}

func (st *stream) brokenOff(ctx context.Context, err error) error {
	if flushed := st.flush(); flushed != nil {
		return flushed
	}
	if ctx.Err() != nil {
		err = ErrInterrupted
	}
	return fmt.Errorf("%w; standard output has the first %s runs only", err, comma(st.runs))
}
