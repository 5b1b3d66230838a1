package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"

	"github.com/sauceinsights/insights"
	"github.com/sauceinsights/insights/report"
)

// write writes the report and, where the CI names a file for it, a summary of
// the job.
func (s settings) write(stdout io.Writer, summary *report.Summary, runs iter.Seq2[insights.Test, error]) error {
	var content bytes.Buffer
	if err := s.render(&content, summary, runs); err != nil {
		return err
	}
	if err := s.deliver(stdout, content.Bytes()); err != nil {
		return fmt.Errorf("the report was not written: %w", err)
	}
	if s.jobSummary == "" {
		return nil
	}
	if err := s.appendJobSummary(summary); err != nil {
		return fmt.Errorf("the job summary was not written: %w", err)
	}
	return nil
}

func (s settings) render(w io.Writer, summary *report.Summary, runs iter.Seq2[insights.Test, error]) error {
	switch s.format {
	case "markdown":
		return report.WriteMarkdown(w, summary, s.page())
	case "json":
		return report.WriteJSON(w, summary, s.page())
	case "junit":
		err := report.WriteJUnit(w, runs, report.JUnitOptions{Name: s.title(), CompleteAs: s.options.CompleteAs})
		if summary.Partial {
			return nil // the report says of the sequence's error what there is to say
		}
		return err
	}
	return report.WriteText(w, summary, s.page())
}

func (s settings) page() report.WriteOptions {
	return report.WriteOptions{Title: s.title(), Gate: &s.gate}
}

func (s settings) title() string {
	title := "Test report"
	if s.build != "" {
		title = "Build " + s.build
	}
	if s.isDemo() {
		title += " (generated runs)"
	}
	return title
}

func (s settings) deliver(stdout io.Writer, content []byte) error {
	if s.output == "" || s.output == "-" {
		_, err := stdout.Write(content)
		return err
	}
	return replace(s.output, content)
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

// mostJobSummary is how many bytes GitHub takes from the file of a step.
const mostJobSummary = 1 << 20

func (s settings) appendJobSummary(summary *report.Summary) (err error) {
	f, err := os.OpenFile(s.jobSummary, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
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
	page, err := s.jobPage(summary, info.Size())
	if err != nil {
		return err
	}
	_, err = f.Write(page)
	return err
}

// jobPage is Markdown that fits into a job summary of that size: of one that
// grows too large, GitHub shows nothing.
func (s settings) jobPage(summary *report.Summary, size int64) ([]byte, error) {
	var page bytes.Buffer
	if size > 0 {
		page.WriteString("\n\n") // ends what the steps before may have left open
	}
	opts := s.page()
	opts.MaxBytes = mostJobSummary - int(size) - page.Len()
	if opts.MaxBytes <= 0 {
		return nil, errors.New("it is full")
	}
	err := report.WriteMarkdown(&page, summary, opts)
	return page.Bytes(), err
}
