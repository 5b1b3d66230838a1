package export

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"github.com/sauceinsights/insights"
)

const markVersion = 1

// mark is where an export ended, for the next one to go on behind it.
type mark struct {
	Version int             `json:"version"`
	Source  string          `json:"source"` // whom the runs come from
	Filter  string          `json:"filter"` // the flags that select runs, but for the period
	Cursor  insights.Cursor `json:"cursor"` // behind the last run; zero: there was none
	Seam    seam            `json:"seam"`
	End     time.Time       `json:"end"` // of the period
}

// seam is the second of the last run: the next export asks for this second again,
// and leaves out the runs of it that came before.
type seam struct {
	Second time.Time `json:"second,omitzero"`
	Runs   int       `json:"runs"`
}

// add counts a run, which is not older than those before it. One without a
// creation time is at no place.
func (s *seam) add(run insights.Test) {
	second := run.CreationTime.Truncate(time.Second)
	switch {
	case run.CreationTime.IsZero():
	case second.Equal(s.Second):
		s.Runs++
	default:
		*s = seam{second, 1}
	}
}

// listedLate is how late the service may list a run. What is younger is left to
// the next export: it would be lost between the two.
const listedLate = 30 * time.Minute

func loadMark(file string) (m mark, found bool, err error) {
	text, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return m, false, nil
	}
	if err == nil {
		err = json.Unmarshal(text, &m)
	}
	switch {
	case err != nil:
		return m, false, fmt.Errorf("--since-last: %s does not say where the last export ended: %w; remove it to begin with --period", file, err)
	case m.Version != markVersion:
		return m, false, fmt.Errorf("--since-last: %s is of version %d, and this program writes version %d; remove it to begin with --period", file, m.Version, markVersion)
	}
	return m, true, nil
}

// isOf reports a mark of other runs than now asked for.
func (m mark) isOf(file, source, filter string) error {
	switch {
	case m.Source != source:
		return fmt.Errorf("--since-last: %s is of an export of %s, not of %s", file, m.Source, source)
	case m.Filter != filter:
		return fmt.Errorf("--since-last: %s is of an export with the flags %q, not %q", file, m.Filter, filter)
	}
	return nil
}

func (m mark) save(file string) error {
	text, err := json.Marshal(m)
	if err != nil {
		return err
	}
	return replaceFile(file, append(text, '\n'))
}

// begins returns the start of the next period.
func (m mark) begins() time.Time {
	if m.Seam.Second.IsZero() {
		return m.End
	}
	return m.Seam.Second
}

// fixPeriod returns the period to export, and the mark to go on behind.
func (s Settings) fixPeriod(source string, now time.Time) (insights.Period, mark, error) {
	start, end := s.tests.Period.Bounds(now)
	if s.sinceLast == "" {
		return insights.Between(start, end), mark{}, nil
	}
	end = minTime(end, now.Add(-listedLate))
	m, found, err := loadMark(s.sinceLast)
	if err != nil {
		return insights.Period{}, m, err
	}
	if found {
		if err := m.isOf(s.sinceLast, source, s.filter); err != nil {
			return insights.Period{}, m, err
		}
		start = m.begins()
	}
	if !start.Before(end) {
		return insights.Period{}, m, fmt.Errorf("--since-last: nothing to export yet: the last export ended at %s, and the runs of the last %s may not be listed", start.Format(time.RFC3339), "30 minutes")
	}
	return insights.Between(start, end), m, nil
}

func minTime(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}
