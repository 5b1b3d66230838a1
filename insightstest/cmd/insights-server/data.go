package main

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/sauceinsights/insights"
)

// readData reads the file of -data, or standard input, and says what of it was
// ignored.
func readData(name string, stdin io.Reader, stderr io.Writer) ([]insights.Test, error) {
	in := stdin
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return nil, fmt.Errorf("-data: %w", err)
		}
		defer func() { _ = f.Close() }() // it was only read
		in = f
	}
	text, err := unpacked(in)
	if err != nil {
		return nil, fmt.Errorf("-data: %s: %w", name, err)
	}
	runs, ignored, err := parseRuns(text)
	if err != nil {
		return nil, fmt.Errorf("-data: %s:%w", name, err)
	}
	if len(ignored) > 0 {
		fmt.Fprintf(stderr, "insights-server: -data: %s: ignored %s\n", name, ignored)
	}
	return runs, nil
}

// unpacked reads all, and unpacks what is gzipped.
func unpacked(in io.Reader) ([]byte, error) {
	buffered := bufio.NewReader(in)
	if start, _ := buffered.Peek(2); !bytes.Equal(start, []byte{0x1f, 0x8b}) {
		return io.ReadAll(buffered)
	}
	z, err := gzip.NewReader(buffered)
	if err != nil {
		return nil, err
	}
	return io.ReadAll(z)
}

// ignored counts the members of runs and pages that mean nothing here.
type ignored map[string]int

func (i ignored) String() string {
	var words []string
	for _, name := range slices.Sorted(maps.Keys(i)) {
		words = append(words, fmt.Sprintf("%s (%d times)", name, i[name]))
	}
	return strings.Join(words, ", ")
}

// mistake is what is wrong, and in which line.
type mistake struct {
	line int
	err  error
}

func (m *mistake) Error() string { return fmt.Sprintf("%d: %v", m.line, m.err) }
func (m *mistake) Unwrap() error { return m.err }

// parser reads runs out of JSON: one after the other, in a list, or in the
// pages that /tests answers.
type parser struct {
	text    []byte
	runs    []insights.Test
	ignored ignored
}

// parseRuns returns a *mistake for what is no run.
func parseRuns(text []byte) ([]insights.Test, ignored, error) {
	p := &parser{text: text, ignored: make(ignored)}
	d := json.NewDecoder(bytes.NewReader(text))
	for {
		var value json.RawMessage
		err := d.Decode(&value)
		if errors.Is(err, io.EOF) {
			return p.runs, p.ignored, nil
		}
		if err != nil {
			return nil, nil, &mistake{p.line(syntaxOffset(err, d)), err}
		}
		if err := p.value(value, int(d.InputOffset())-len(value)); err != nil {
			return nil, nil, err
		}
	}
}

func syntaxOffset(err error, d *json.Decoder) int {
	if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
		return int(syntax.Offset)
	}
	return int(d.InputOffset())
}

// line is the line of an offset.
func (p *parser) line(offset int) int {
	return 1 + bytes.Count(p.text[:min(offset, len(p.text))], []byte("\n"))
}

// value reads a run, a page, or a list of runs, which begins at an offset.
func (p *parser) value(text json.RawMessage, offset int) error {
	if text[0] == '[' {
		return p.list(text, offset)
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal(text, &members); err != nil {
		return &mistake{p.line(offset), errors.New("it is neither a run nor a list of runs")}
	}
	items, isPage := members["items"]
	if !isPage {
		return p.run(text, members, offset)
	}
	for name := range members {
		if name != "items" {
			p.ignored[name]++
		}
	}
	return p.list(items, offset+bytes.Index(text, items))
}

func (p *parser) list(text json.RawMessage, offset int) error {
	var list []json.RawMessage
	if err := json.Unmarshal(text, &list); err != nil {
		return &mistake{p.line(offset), errors.New("items is not a list")}
	}
	at := 0
	for _, item := range list {
		at += bytes.Index(text[at:], item)
		var members map[string]json.RawMessage
		if err := json.Unmarshal(item, &members); err != nil || members == nil {
			return &mistake{p.line(offset + at), errors.New("it is not a run, which is an object")}
		}
		if err := p.run(item, members, offset+at); err != nil {
			return err
		}
		at += len(item)
	}
	return nil
}

func (p *parser) run(text json.RawMessage, members map[string]json.RawMessage, offset int) error {
	var run insights.Test
	if err := json.Unmarshal(text, &run); err != nil {
		return &mistake{p.line(offset), err}
	}
	known := 0
	for name := range members {
		if _, isKnown := runMembers[name]; isKnown {
			known++
		} else {
			p.ignored[name]++
		}
	}
	if known == 0 {
		return &mistake{p.line(offset), errors.New("it is not a run: it has none of the members of one")}
	}
	if err := checkMembers(members, run); err != nil {
		return &mistake{p.line(offset), err}
	}
	p.runs = append(p.runs, run)
	return nil
}

// runMembers are the members of a run; those with a value are times.
var runMembers = map[string]func(insights.Test) time.Time{
	"id": nil, "owner": nil, "ancestor": nil, "name": nil, "build": nil, "duration": nil, "status": nil, "error": nil,
	"os": nil, "os_normalized": nil, "browser": nil, "browser_normalized": nil, "details_url": nil,
	"creation_time": func(t insights.Test) time.Time { return t.CreationTime },
	"start_time":    func(t insights.Test) time.Time { return t.StartTime },
	"end_time":      func(t insights.Test) time.Time { return t.EndTime },
}

// checkMembers refuses what a lenient reader takes for nothing.
func checkMembers(members map[string]json.RawMessage, run insights.Test) error {
	for _, name := range slices.Sorted(maps.Keys(members)) {
		text := string(members[name])
		timeOf, known := runMembers[name]
		switch {
		case !known || text == "null" || text == `""`:
		case timeOf != nil && timeOf(run).IsZero():
			return fmt.Errorf("%s: %s is not a time", name, text)
		case name != "duration" && text[0] != '"':
			return fmt.Errorf("%s: %s is not a text", name, text)
		case name == "duration" && !isNumber(text):
			return fmt.Errorf("%s: %s is not a number", name, text)
		}
	}
	return nil
}

func isNumber(text string) bool {
	var n float64
	return json.Unmarshal([]byte(text), &n) == nil && n >= 0
}

// shiftToToday moves all times by the same number of days, so that the newest
// run was created within the last day.
func shiftToToday(runs []insights.Test, now time.Time) {
	newest := slices.MaxFunc(runs, func(a, b insights.Test) int { return a.CreationTime.Compare(b.CreationTime) }).CreationTime
	const day = 24 * time.Hour
	by := now.Sub(newest).Truncate(day)
	if newest.Add(by).After(now) {
		by -= day
	}
	for i := range runs {
		for _, t := range []*time.Time{&runs[i].CreationTime, &runs[i].StartTime, &runs[i].EndTime} {
			if !t.IsZero() {
				*t = t.Add(by)
			}
		}
	}
}
