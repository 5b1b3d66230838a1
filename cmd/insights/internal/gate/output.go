package gate

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/sauceinsights/insights"
	"github.com/sauceinsights/insights/report"
)

// reporter writes what was found.
type reporter struct {
	*Settings
	isDemo     bool
	summary    *report.Summary
	runs       iter.Seq2[insights.Test, error]
	comparison *report.Comparison
}

// write writes all reports and, where the CI names a file for it, a summary of
// the job. Nothing is left out because something else failed.
func (r reporter) write(stdout io.Writer) error {
	var failures []error
	for _, name := range r.destinations() {
		var content bytes.Buffer
		err := r.render(&content, r.formatOf(name))
		if err == nil {
			err = deliver(name, stdout, content.Bytes())
		}
		if err != nil {
			failures = append(failures, fmt.Errorf("the report was not written: %w", err))
		}
	}
	if r.jobSummary != "" {
		if err := r.appendJobSummary(); err != nil {
			failures = append(failures, fmt.Errorf("the job summary was not written: %w", err))
		}
	}
	return errors.Join(failures...)
}

func (s *Settings) destinations() []string {
	if len(s.outputs) == 0 {
		return []string{"-"}
	}
	return s.outputs
}

// formatOf is that of the file's ending.
func (s *Settings) formatOf(name string) string {
	switch strings.ToLower(filepath.Ext(name)) {
	case ".txt":
		return "text"
	case ".md":
		return "markdown"
	case ".xml":
		return "junit"
	case ".json":
		return "json"
	}
	return s.format
}

func (s *Settings) wants(format string) bool {
	return slices.ContainsFunc(s.destinations(), func(name string) bool { return s.formatOf(name) == format })
}

func (r reporter) render(w io.Writer, format string) error {
	switch format {
	case "markdown":
		return report.WriteMarkdown(w, r.summary, r.page())
	case "json":
		return report.WriteJSON(w, r.summary, r.page())
	case "junit":
		err := report.WriteJUnit(w, r.runs, report.JUnitOptions{CompleteAs: r.options.CompleteAs, Quarantine: r.options.Quarantine})
		if r.summary.Partial {
			return nil // the report says of the sequence's error what there is to say
		}
		return err
	}
	return report.WriteText(w, r.summary, r.page())
}

func (r reporter) page() report.WriteOptions {
	return report.WriteOptions{Title: r.title(), Gate: &r.gate, Comparison: r.comparison}
}

func (r reporter) title() string {
	title := "Test report"
	if r.build != "" {
		title = "Build " + r.build
	}
	if r.isDemo {
		title += " (generated runs)"
	}
	return title
}

func deliver(name string, stdout io.Writer, content []byte) error {
	if name == "-" {
		_, err := stdout.Write(content)
		return err
	}
	return replace(name, content)
}

// replace gives a file its content in one step: whoever reads it finds the
// whole of the old or the whole of the new. What is no file, such as a device,
// is written to.
func replace(name string, content []byte) error {
	mode := fs.FileMode(0o644)
	if info, err := os.Stat(name); err == nil {
		if !info.Mode().IsRegular() {
			return os.WriteFile(name, content, mode)
		}
		mode = info.Mode().Perm()
	}
	if target, err := filepath.EvalSymlinks(name); err == nil {
		name = target
	}
	temporary, err := writeBeside(name, content, mode)
	if err != nil {
		return err
	}
	if err := os.Rename(temporary, name); err != nil {
		_ = os.Remove(temporary) // the error that counts is the other
		return err
	}
	return nil
}

// writeBeside writes a new file in the same folder, as only there it can be
// renamed in one step.
func writeBeside(name string, content []byte, mode fs.FileMode) (temporary string, err error) {
	f, err := os.CreateTemp(filepath.Dir(name), ".gate-*")
	if err != nil {
		return "", err
	}
	_, err = f.Write(content)
	if err == nil {
		err = f.Chmod(mode)
	}
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err != nil {
		_ = os.Remove(f.Name()) // the error that counts is the other
	}
	return f.Name(), err
}

// maxJobSummary is how many bytes GitHub takes from the file of a step.
const maxJobSummary = 1 << 20

func (r reporter) appendJobSummary() (err error) {
	f, err := os.OpenFile(r.jobSummary, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	defer func() {
		if closed := f.Close(); err == nil {
			err = closed
		}
	}()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	page, err := r.jobPage(info.Size())
	if err != nil {
		return err
	}
	_, err = f.Write(page)
	return err
}

// jobPage is Markdown that fits into a job summary of that size: of one that
// grows too large, GitHub shows nothing.
func (r reporter) jobPage(size int64) ([]byte, error) {
	var page bytes.Buffer
	if size > 0 {
		page.WriteString("\n\n") // ends what the steps before may have left open
	}
	opts := r.page()
	opts.MaxBytes = maxJobSummary - int(size) - page.Len()
	if opts.MaxBytes <= 0 {
		return nil, errors.New("it is full")
	}
	err := report.WriteMarkdown(&page, r.summary, opts)
	return page.Bytes(), err
}
