package teardown

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/sauceinsights/insights/report"
)

// deliver gives the report as text, and writes it where it is wanted too. If
// the list of runs did not come, the counts are in it.
func (s settings) deliver(f found, b *build) (string, error) {
	if len(f.runs) == 0 {
		f.failure = errors.New(f.waited.String())
	}
	summary, err := report.Summarize(report.Replay(f.runs, f.failure), report.Options{})
	if summary == nil {
		return "", err
	}
	var text bytes.Buffer
	if !f.waited.Complete {
		fmt.Fprintf(&text, "insights: %s\n", f.waited)
	}
	if err := report.WriteText(&text, summary, s.page(0)); err != nil {
		return text.String(), err
	}
	return text.String(), b.ifLatest(func() error { return s.writeFiles(summary, f, text.String()) })
}

func (s settings) page(maxBytes int) report.WriteOptions {
	return report.WriteOptions{Title: "Build " + s.build, Top: 5, MaxBytes: maxBytes}
}

func (s settings) writeFiles(summary *report.Summary, f found, text string) error {
	var failures []error
	if s.file != "" {
		if err := s.writeFile(summary, f, text); err != nil {
			failures = append(failures, fmt.Errorf("the file was not written: %w", err))
		}
	}
	if s.jobSummary != "" {
		if err := s.writeJobSummary(summary); err != nil {
			failures = append(failures, fmt.Errorf("the job summary was not written: %w", err))
		}
	}
	return errors.Join(failures...)
}

// writeFile replaces the file in one step. Tests run in the folder of their
// package, so that a name without a folder would be another file for each.
func (s settings) writeFile(summary *report.Summary, f found, text string) error {
	if !filepath.IsAbs(s.file) {
		return fmt.Errorf("INSIGHTS_TEARDOWN_FILE is %q: give the whole path, as every package runs in a folder of its own", s.file)
	}
	var content bytes.Buffer
	var err error
	switch strings.ToLower(filepath.Ext(s.file)) {
	case ".xml":
		err = writeJUnit(&content, f)
	case ".md":
		err = report.WriteMarkdown(&content, summary, s.page(0))
	default:
		content.WriteString(text)
	}
	if err != nil {
		return err
	}
	temporary := s.file + ".new"
	if err := os.WriteFile(temporary, []byte(withoutKey(content.String())), 0o644); err != nil {
		return err
	}
	return os.Rename(temporary, s.file)
}

// writeJUnit takes a list that is not complete for what it is: the report says so.
func writeJUnit(w io.Writer, f found) error {
	missing := f.failure
	if missing == nil && !f.waited.Complete {
		missing = errors.New(f.waited.String())
	}
	err := report.WriteJUnit(w, report.Replay(f.runs, missing), report.JUnitOptions{})
	if missing != nil && errors.Is(err, missing) {
		return nil
	}
	return err
}

// maxJobSummary is how many bytes GitHub takes of a step.
const maxJobSummary = 1 << 20

// writeJobSummary replaces the section of this build, or adds it.
func (s settings) writeJobSummary(summary *report.Summary) error {
	content, err := os.ReadFile(s.jobSummary)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	start, end := fmt.Sprintf("<!-- insights %s -->\n", nameOf(s)), fmt.Sprintf("<!-- end of insights %s -->\n", nameOf(s))
	before, rest, _ := strings.Cut(string(content), start)
	_, after, isWhole := strings.Cut(rest, end)
	if !isWhole {
		after = ""
	}
	if before != "" && !strings.HasSuffix(before, "\n\n") {
		before += "\n\n"
	}
	room := maxJobSummary - len(before) - len(after) - len(start) - len(end)
	if room <= 0 {
		return errors.New("it is full")
	}
	var page bytes.Buffer
	if err := report.WriteMarkdown(&page, summary, s.page(room)); err != nil {
		return err
	}
	return os.WriteFile(s.jobSummary, []byte(withoutKey(before+start+page.String()+end+after)), 0o644)
}
