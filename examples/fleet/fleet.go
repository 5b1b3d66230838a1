package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"time"
)

// result is what one process reports, or all of them.
type result struct {
	Calls, Failed int
	Refused       int       // attempts that were answered with 429
	First, Last   time.Time // when requests were sent
	Errors        []string  `json:",omitempty"`
}

// startAll starts all processes, and adds up what they report. They write to
// stderr at the same time.
func (s settings) startAll(ctx context.Context, stderr io.Writer) (result, error) {
	text, err := json.Marshal(job{URL: s.url, Calls: s.calls, File: s.file, Redis: s.redis})
	if err != nil {
		return result{}, err
	}
	program, err := os.Executable()
	if err != nil {
		return result{}, err
	}
	var processes []*process
	for range s.processes {
		p := newProcess(ctx, program, string(text), stderr)
		err = errors.Join(err, p.cmd.Start())
		processes = append(processes, p)
	}
	var sum result
	for _, p := range processes {
		r, e := p.result()
		err = errors.Join(err, e)
		sum.add(r)
	}
	return sum, err
}

type process struct {
	cmd *exec.Cmd
	out bytes.Buffer
}

func newProcess(ctx context.Context, program, job string, stderr io.Writer) *process {
	p := &process{cmd: exec.CommandContext(ctx, program)}
	p.cmd.Env = append(os.Environ(), jobVariable+"="+job)
	p.cmd.Stdout = &p.out
	p.cmd.Stderr = stderr
	return p
}

func (p *process) result() (r result, err error) {
	if err = p.cmd.Wait(); err == nil {
		err = json.Unmarshal(p.out.Bytes(), &r)
	}
	return r, err
}

func (r *result) add(other result) {
	r.Calls += other.Calls
	r.Failed += other.Failed
	r.Refused += other.Refused
	r.Errors = append(r.Errors, other.Errors...)
	if r.First.IsZero() || !other.First.IsZero() && other.First.Before(r.First) {
		r.First = other.First
	}
	if other.Last.After(r.Last) {
		r.Last = other.Last
	}
}

// report says how it went. The floor is the time that so many calls take at the
// least if the first is sent at once.
func (r result) report() string {
	var b strings.Builder
	floor := time.Duration(r.Calls-1) * time.Second / perSecond
	fmt.Fprintf(&b, "%d of %d calls failed; %d answers were 429.\n", r.Failed, r.Calls, r.Refused)
	if !r.First.IsZero() {
		fmt.Fprintf(&b, "%.1f s from the first request to the last, where %.1f s is the floor at %d a second.\n", r.Last.Sub(r.First).Seconds(), floor.Seconds(), perSecond)
	}
	if len(r.Errors) > 0 {
		fmt.Fprintf(&b, "The first error: %s\n", r.Errors[0])
	}
	return b.String()
}
