package export

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/sauceinsights/insights"
)

// job is an export under way.
type job struct {
	Settings
	files  files
	source source
	state  state           // as it is saved
	part   *part           // where runs are written to; nil: there is nothing to write
	batch  []insights.Test // runs that are not written yet
	cursor insights.Cursor // behind the last of these
}

// begin goes on with the export that there is a state of, or begins one.
func begin(s Settings, src source) (*job, error) {
	j := &job{Settings: s, files: filesOf(s.file), source: src}
	err := j.findState()
	if err == nil && !j.state.Complete {
		j.part, err = openPart(j.files.part, j.state.Bytes)
	}
	return j, err
}

func (j *job) findState() error {
	if j.restart {
		return j.newState()
	}
	st, found, err := loadState(j.files.state)
	switch {
	case err != nil:
		return err
	case found:
		j.state = st
		return st.isOf(j.source.name, j.selection, j.files.part)
	case exists(j.files.final):
		return fmt.Errorf("%s is there, and so is complete, for the --period and the other flags of when it was begun, which may differ from those of now; --restart exports it anew", j.files.final)
	case exists(j.files.part):
		return fmt.Errorf("%s is there without %s, so nothing is known of it; --restart replaces it", j.files.part, j.files.state)
	}
	return j.newState()
}

// newState fixes the period before anything is written, so that an export
// killed at once has the same one when it goes on.
func (j *job) newState() error {
	period, last, err := j.fixPeriod(j.source.name, time.Now())
	if err != nil {
		return err
	}
	j.state = state{
		Version: stateVersion, Source: j.source.name, Selection: j.selection, Period: period,
		Cursor: last.Cursor, Seam: last.Seam, Before: last.Seam,
	}
	return j.state.save(j.files.state)
}

// missing selects the runs that are not written.
func (j *job) missing() insights.TestsOptions {
	opts := j.tests
	opts.Period, opts.After = j.state.Period, j.state.Cursor
	return opts
}

// grownPage is how many runs the client asks for at a time if that is left to it.
const grownPage = 1000

// take puts a run into the batch, and reports whether that is to be saved: a
// kill costs no more requests than are under way anyway.
func (j *job) take(run insights.Test) bool {
	j.batch = append(j.batch, run)
	return len(j.batch) >= j.concurrency*cmp.Or(j.tests.Size, grownPage)
}

// soFar is the state as it would be if the batch were written.
func (j *job) soFar() state {
	st := j.state
	if n := len(j.batch); n > 0 {
		st.Runs += n
		st.Reached = cmp.Or(j.batch[n-1].CreationTime, st.Reached)
	}
	return st
}

// save writes the batch, and then the state that tells of it: what a crash
// leaves behind that is cut off by the next start.
func (j *job) save() error {
	data := new(bytes.Buffer)
	isFirst := j.state.Bytes == 0
	if isFirst || len(j.batch) > 0 {
		if err := j.format.write(data, j.batch, isFirst); err != nil {
			return err
		}
	}
	if err := j.part.append(data.Bytes()); err != nil {
		return err
	}
	next := j.soFar()
	next.Bytes = j.part.size
	if len(j.batch) > 0 {
		next.Cursor = j.cursor
	}
	for _, run := range j.batch {
		next.Seam.add(run)
	}
	if err := next.save(j.files.state); err != nil {
		return err
	}
	j.state, j.batch = next, j.batch[:0]
	return nil
}

// complete saves the last batch, and that it was the last.
func (j *job) complete() error {
	if err := j.save(); err != nil {
		return err
	}
	j.state.Complete = true
	return j.state.save(j.files.state)
}

// finish gives the file its name. It may have it already, if an earlier
// process was killed just then. Only what is not in doubt is gone on behind.
func (j *job) finish(isProven bool) error {
	if err := j.close(); err != nil {
		return err
	}
	if exists(j.files.part) {
		if err := os.Rename(j.files.part, j.files.final); err != nil {
			return err
		}
		syncDir(j.files.final)
	}
	if isProven && j.sinceLast != "" {
		if err := j.remember(); err != nil {
			return err
		}
	}
	return os.Remove(j.files.state)
}

// remember lets the next export with --since-last go on behind this one.
func (j *job) remember() error {
	_, end := j.state.Period.Bounds(time.Time{}) // it has ends: no time is needed
	return mark{
		Version: markVersion, Source: j.source.name, Filter: j.filter,
		Cursor: j.state.Cursor, Seam: j.state.Seam, End: end,
	}.save(j.sinceLast)
}

// discard removes what an export without runs leaves.
func (j *job) discard() error {
	return errors.Join(j.close(), os.Remove(j.files.part), os.Remove(j.files.state))
}

// close closes the part file, all of which is on the disk.
func (j *job) close() error {
	if j.part == nil {
		return nil
	}
	err := j.part.Close()
	j.part = nil
	return err
}
