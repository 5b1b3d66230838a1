package report

import (
	"encoding/json"
	"fmt"

	"github.com/sauceinsights/insights"
)

// CompleteAs says what a run counts as that is [insights.StatusComplete]: it
// ran to its end, and nobody reported pass or fail.
type CompleteAs string

// The three choices. The empty CompleteAs means CompleteIgnored.
const (
	CompleteIgnored CompleteAs = "ignored" // not decided: the pass rate leaves it out
	CompletePassed  CompleteAs = "passed"
	CompleteFailed  CompleteAs = "failed"
)

// MarshalText gives ignored, passed or failed.
func (c CompleteAs) MarshalText() ([]byte, error) {
	return []byte(c.orDefault()), nil
}

// UnmarshalText accepts ignored, passed, failed and the empty text, which
// means ignored. It makes flag.TextVar work.
func (c *CompleteAs) UnmarshalText(text []byte) error {
	parsed := CompleteAs(text).orDefault()
	if !parsed.valid() {
		return fmt.Errorf("report: %q is none of ignored, passed, failed", text)
	}
	*c = parsed
	return nil
}

func (c CompleteAs) orDefault() CompleteAs {
	if c == "" {
		return CompleteIgnored
	}
	return c
}

func (c CompleteAs) valid() bool {
	return c == CompleteIgnored || c == CompletePassed || c == CompleteFailed
}

// outcome is what a run means for the pass rate.
type outcome int

const (
	undecided outcome = iota
	succeeded
	failed
)

func (c CompleteAs) outcome(status insights.Status) outcome {
	switch {
	case status == insights.StatusPassed:
		return succeeded
	case status == insights.StatusFailed, status.IsError():
		return failed
	case status == insights.StatusComplete && c == CompletePassed:
		return succeeded
	case status == insights.StatusComplete && c == CompleteFailed:
		return failed
	}
	return undecided
}

// Counts are numbers of runs by status.
//
// The pass rate is passed ÷ decided. Decided are the runs that passed, failed
// or errored (in either spelling: an errored run counts against the rate), and
// those that are complete if CompleteAs says so. Runs of any other status,
// such as those still running, are in Runs only.
type Counts struct {
	Runs       int        `json:"runs"`
	Passed     int        `json:"passed"`
	Failed     int        `json:"failed"`
	Errored    int        `json:"errored"`     // errored and error
	Complete   int        `json:"complete"`    // ran to the end, nobody reported a result
	Other      int        `json:"other"`       // every other status, and none
	CompleteAs CompleteAs `json:"complete_as"` // how the methods count Complete
}

// PassRate returns Successes ÷ Decided, from 0 to 1. Without a decided run
// there is no rate, and ok is false.
func (c Counts) PassRate() (rate float64, ok bool) {
	if c.Decided() == 0 {
		return 0, false
	}
	return float64(c.Successes()) / float64(c.Decided()), true
}

// Decided returns Successes + Failures.
func (c Counts) Decided() int {
	return c.Successes() + c.Failures()
}

// Successes are the runs that passed, and those that are complete if that
// counts as passed.
func (c Counts) Successes() int {
	if c.CompleteAs == CompletePassed {
		return c.Passed + c.Complete
	}
	return c.Passed
}

// Failures are the runs that failed or errored, and those that are complete
// if that counts as failed.
func (c Counts) Failures() int {
	if c.CompleteAs == CompleteFailed {
		return c.Failed + c.Errored + c.Complete
	}
	return c.Failed + c.Errored
}

// MarshalJSON adds decided and pass_rate, which is null without a decided run.
func (c Counts) MarshalJSON() ([]byte, error) {
	type fields Counts
	full := struct {
		fields
		Decided  int      `json:"decided"`
		PassRate *float64 `json:"pass_rate"`
	}{fields: fields(c), Decided: c.Decided()}
	if rate, ok := c.PassRate(); ok {
		full.PassRate = &rate
	}
	return json.Marshal(full)
}

// without takes away runs that are among those counted.
func (c Counts) without(o Counts) Counts {
	return Counts{
		Runs: c.Runs - o.Runs, Passed: c.Passed - o.Passed, Failed: c.Failed - o.Failed, Errored: c.Errored - o.Errored,
		Complete: c.Complete - o.Complete, Other: c.Other - o.Other, CompleteAs: c.CompleteAs,
	}
}

func (c *Counts) add(status insights.Status) {
	c.Runs++
	switch {
	case status == insights.StatusPassed:
		c.Passed++
	case status == insights.StatusFailed:
		c.Failed++
	case status.IsError():
		c.Errored++
	case status == insights.StatusComplete:
		c.Complete++
	default:
		c.Other++
	}
}
