package export

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/dustin/go-humanize"

	"github.com/sauceinsights/insights"
	"github.com/sauceinsights/insights/cmd/insights/internal/account"
)

// Streams are where an export says what it does.
type Streams struct {
	Stdout io.Writer // what was written, and whether that is all; with --output - the runs
	Stderr io.Writer // with --output -, what Stdout would say
	Screen io.Writer // a progress bar, if this is a terminal
}

// ErrInterrupted says that the context ended before the export did.
var ErrInterrupted = errors.New("interrupted")

// Run writes the file that the settings ask for, or what is missing of it. An
// error that matches [ErrInterrupted] comes after an interrupt, and one that
// matches [ErrDiffers] if the file is there and the service counts other runs.
func (s Settings) Run(ctx context.Context, acct account.Settings, out Streams, opts ...insights.Option) error {
	if err := acct.Check(); err != nil {
		return err
	}
	src := sourceFor(s, acct, opts)
	if s.file == toStdout {
		return s.stream(ctx, src, out)
	}
	if s.quiet {
		out.Stdout, out.Screen = io.Discard, io.Discard
	}
	return s.toFile(ctx, src, out)
}

func (s Settings) toFile(ctx context.Context, src source, out Streams) error {
	if err := findFolder(s.file); err != nil {
		return err
	}
	unlock, err := lock(filesOf(s.file).lock)
	if err != nil {
		return err
	}
	defer unlock()
	j, err := begin(s, src)
	if err != nil {
		return err
	}
	defer func() { _ = j.close() }() // what counts was said by finish
	j.introduce(out.Stdout)
	began, before := time.Now(), j.state.Runs
	service, err := src.connect(j.state.Period, s.demoRuns)
	if err != nil {
		return err
	}
	defer service.Close()
	if err := j.fetch(ctx, service.Client, out.Screen); err != nil {
		return j.stopped(err)
	}
	said, verdict := j.prove(ctx, service.Client)
	if said == "" {
		return verdict
	}
	if err := j.finish(verdict == nil); err != nil {
		return err
	}
	return cmp.Or(j.sumUp(out.Stdout, before, time.Since(began), said), verdict)
}

func (j *job) introduce(w io.Writer) {
	if j.source.account.IsDemo {
		_, _ = fmt.Fprintf(w, "--demo: asking %s in this process.\n", j.source.name)
	}
	if j.state.Runs > 0 {
		_, _ = fmt.Fprintf(w, "Going on after %d runs of %s.\n", j.state.Runs, j.state.Period)
	}
}

// fetch gets and writes what is missing.
func (j *job) fetch(ctx context.Context, client *insights.Client, screen io.Writer) error {
	if j.state.Complete {
		return nil
	}
	bar := newProgress(screen, j.state.Period, j.tests.Order)
	bar.show(j.state)
	err := j.write(ctx, client, bar)
	bar.end(err == nil)
	return err
}

// write writes the runs as they come. Whatever ends that, those that came
// before are written.
func (j *job) write(ctx context.Context, client *insights.Client, bar *progress) error {
	for run, err := range client.AllTests(ctx, j.missing(), insights.CaptureCursor(&j.cursor)) {
		if err != nil {
			return cmp.Or(j.save(), interruption(ctx), err)
		}
		isFull := j.take(run)
		if len(j.batch)%shownTogether == 0 {
			bar.show(j.soFar())
		}
		if !isFull {
			continue
		}
		if err := j.save(); err != nil {
			return err
		}
	}
	err := j.complete()
	bar.show(j.state)
	return err
}

// shownTogether is after how many runs the bar moves.
const shownTogether = 100

// interruption stands for the error of a loop that was interrupted.
func interruption(ctx context.Context) error {
	if ctx.Err() != nil {
		return ErrInterrupted
	}
	return nil
}

// stopped is err with what the user wants to know then.
func (j *job) stopped(err error) error {
	if j.state.Runs == 0 {
		return errors.Join(fmt.Errorf("%w; no run was written", err), j.discard())
	}
	return fmt.Errorf("%w; %s has the first %d runs, all of them whole: the same command goes on from there", err, j.files.part, j.state.Runs)
}

func (j *job) sumUp(w io.Writer, before int, took time.Duration, said string) error {
	info, err := os.Stat(j.files.final)
	if err != nil {
		return err
	}
	now := ""
	if before > 0 {
		now = fmt.Sprintf("; %d of them now", j.state.Runs-before)
	}
	_, err = fmt.Fprintf(w, "%s: %d runs of %s, %s, complete%s, in %s\n%s\n",
		j.files.final, j.state.Runs, j.state.Period, humanize.Bytes(uint64(max(0, info.Size()))), now, took.Round(time.Millisecond), said)
	return err
}
