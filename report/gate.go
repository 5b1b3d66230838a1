package report

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Gate is a set of rules that decided runs must keep. The zero Gate has two:
// there must be a decided run, and none that is still running or of an unknown
// status. The limits are pointers, so that new(0) means none at all and nil
// means no rule.
//
// Runs that Options.Quarantine forgives are left out of all rules, and so are
// the tests that it names of those about tests.
type Gate struct {
	// MinPassRate is the lowest pass rate, from 0 to 1; 0 means no rule.
	MinPassRate float64 `json:"min_pass_rate,omitempty"`

	MinDecided int `json:"min_decided,omitempty"` // fewest decided runs; 0 means 1

	// MaxUndecided limits all runs without an outcome, those too that are
	// complete if that is ignored. nil: none may still be running or of an
	// unknown status, and those that are complete may.
	MaxUndecided *Limit `json:"max_undecided,omitempty"`

	// MaxFailed limits the runs that failed, with those that are complete
	// if that counts as failed; MaxErrored those that errored. Each run
	// counts, also of a test that passed when it was run again;
	// MaxFailedTests is the rule that forgives those.
	MaxFailed  *int `json:"max_failed,omitempty"`
	MaxErrored *int `json:"max_errored,omitempty"`

	// MaxFailedTests limits the tests that failed in the end, on an OS, in a
	// browser and in a build: Outcomes.Failed. MaxFlakyTests limits those that
	// passed only after they had failed in the same build: Outcomes.Flaky.
	MaxFailedTests *int `json:"max_failed_tests,omitempty"`
	MaxFlakyTests  *int `json:"max_flaky_tests,omitempty"`

	MaxBroken *int `json:"max_broken,omitempty"` // tests that always failed: Summary.BrokenTests
	MaxFlaky  *int `json:"max_flaky,omitempty"`  // Summary.FlakyTests

	// PerBuild holds every build by itself to all rules but MaxBroken and
	// MaxFlaky, and the runs without a build together as if they were one.
	PerBuild bool `json:"per_build,omitempty"`
}

// Limit is the most that there may be of something: a number, or a share of the
// whole. The larger one counts, and the zero Limit allows none.
type Limit struct {
	Number int
	Share  float64 // from 0 to 1
}

// MarshalText gives 3 or 5%.
func (l Limit) MarshalText() ([]byte, error) {
	return []byte(l.String()), nil
}

// UnmarshalText reads a number such as 3, or a share such as 5%. It makes
// flag.TextVar work.
func (l *Limit) UnmarshalText(text []byte) error {
	if number, isShare := strings.CutSuffix(string(text), "%"); isShare {
		share, err := strconv.ParseFloat(number+"e-2", 64)
		if err != nil || !(share >= 0 && share <= 1) {
			return fmt.Errorf("report: %q is not a share such as 5%%", text)
		}
		*l = Limit{Share: share}
		return nil
	}
	number, err := strconv.ParseUint(string(text), 10, 31)
	if err != nil {
		return fmt.Errorf("report: %q is neither a number such as 3 nor a share such as 5%%", text)
	}
	*l = Limit{Number: int(number)}
	return nil
}

// String gives 3 or 5%.
func (l Limit) String() string {
	if l.Share > 0 {
		return strconv.FormatFloat(l.Share*100, 'g', 10, 64) + "%"
	}
	return strconv.Itoa(l.Number)
}

func (l Limit) allows(n, whole int) bool {
	return n <= l.Number || float64(n) <= l.Share*float64(whole)
}

// Rule names a rule of a [Gate].
type Rule string

// The rules, one for each field of Gate that sets one, and RuleComplete, which
// a partial summary breaks.
const (
	RuleComplete       Rule = "complete data"
	RuleMinDecided     Rule = "decided runs"
	RuleMaxUndecided   Rule = "undecided runs"
	RuleMinPassRate    Rule = "pass rate"
	RuleMaxFailed      Rule = "failed runs"
	RuleMaxErrored     Rule = "errored runs"
	RuleMaxFailedTests Rule = "failed tests"
	RuleMaxFlakyTests  Rule = "tests flaky in a build"
	RuleMaxBroken      Rule = "broken tests"
	RuleMaxFlaky       Rule = "flaky tests"
)

// ErrCouldNotTell matches a [*GateError] that is no failure: what was found
// does not say whether the runs are good enough.
var ErrCouldNotTell = errors.New("report: could not tell")

// Breach is a rule that was broken.
type Breach struct {
	Rule    Rule     `json:"rule"`
	Build   *string  `json:"build,omitempty"`   // nil: the whole; empty: the runs without a build
	Limit   float64  `json:"limit"`             // what the gate sets; the pass rate from 0 to 1
	Actual  *float64 `json:"actual"`            // what was found; nil: nothing
	Unknown bool     `json:"unknown,omitempty"` // what was found does not decide the rule
	Reason  string   `json:"reason"`            // the same in words, with its figures
}

// GateError says that a gate was not passed: every rule that was broken, or
// could not be decided.
type GateError struct {
	Breaches []Breach // at least one
}

// CouldNotTell reports whether a rule could not be decided: the list of runs is
// not complete, there are none, or too many are still without an outcome. Then
// the others are no verdict either, as what is missing could change them.
func (e *GateError) CouldNotTell() bool {
	return slices.ContainsFunc(e.Breaches, func(b Breach) bool { return b.Unknown })
}

// Is makes errors.Is(err, ErrCouldNotTell) work.
func (e *GateError) Is(target error) bool {
	return target == ErrCouldNotTell && e.CouldNotTell()
}

// Error lists every broken rule with its figures, on one line.
func (e *GateError) Error() string {
	reasons := make([]string, len(e.Breaches))
	for i, b := range e.Breaches {
		reasons[i] = b.String()
	}
	verdict := "gate failed"
	if e.CouldNotTell() {
		verdict = "could not tell"
	}
	return "report: " + verdict + ": " + strings.Join(reasons, "; ")
}

// String gives the build, if there is one, and the reason, on one line.
func (b Breach) String() string {
	switch {
	case b.Build == nil:
		return b.Reason
	case *b.Build == "":
		return "runs without a build: " + b.Reason
	}
	return "build " + plain(*b.Build) + ": " + b.Reason
}

// Validate reports every limit that makes no sense, such as a MinPassRate of
// 95, as an [*insights.OptionsError], or nil.
func (g Gate) Validate() error {
	var p problems
	p.check(isShare(g.MinPassRate), "MinPassRate", "is not between 0 and 1")
	p.check(g.MinDecided >= 0, "MinDecided", "is negative")
	p.check(g.MaxUndecided == nil || g.MaxUndecided.Number >= 0 && isShare(g.MaxUndecided.Share), "MaxUndecided", "is neither a number nor a share from 0 to 1")
	p.checkLimit("MaxFailed", g.MaxFailed)
	p.checkLimit("MaxErrored", g.MaxErrored)
	p.checkLimit("MaxFailedTests", g.MaxFailedTests)
	p.checkLimit("MaxFlakyTests", g.MaxFlakyTests)
	p.checkLimit("MaxBroken", g.MaxBroken)
	p.checkLimit("MaxFlaky", g.MaxFlaky)
	return p.err()
}

func (p *problems) checkLimit(field string, limit *int) {
	p.check(limit == nil || *limit >= 0, field, "is negative")
}

// Check returns nil if s keeps every rule, and else a [*GateError] with every
// rule that is broken; it matches [ErrCouldNotTell] if one could not be decided,
// as always with a partial summary, and nil. A gate that [Gate.Validate] refuses
// gives that error, and no judgement.
func (g Gate) Check(s *Summary) error {
	if err := g.Validate(); err != nil {
		return err
	}
	if s == nil {
		return &GateError{[]Breach{{Rule: RuleComplete, Unknown: true, Reason: "there is no summary"}}}
	}
	j := judge{gate: g}
	if s.Partial {
		j.unknown(RuleComplete, 1, nil, incomplete+plain(s.PartialReason))
	}
	if g.PerBuild && len(s.Builds) > 0 {
		j.checkBuilds(s.Builds)
	} else {
		j.check(s.Counts.without(s.Quarantined), s.Outcomes)
	}
	j.checkTests(s)
	return j.err()
}

const incomplete = "the list of runs is not complete: "

// judge collects the breaches of one check.
type judge struct {
	gate     Gate
	build    *string
	breaches []Breach
}

func (j *judge) checkBuilds(builds []Group) {
	for _, build := range builds {
		j.build = &build.Name
		j.check(build.Counts.without(build.Quarantined), build.Outcomes)
	}
	j.build = nil
}

func (j *judge) check(c Counts, o Outcomes) {
	j.checkDecided(c)
	j.checkUndecided(c)
	j.checkPassRate(c)
	failed := c.Failed
	if c.CompleteAs == CompleteFailed {
		failed += c.Complete
	}
	j.atMost(RuleMaxFailed, j.gate.MaxFailed, failed)
	j.atMost(RuleMaxErrored, j.gate.MaxErrored, c.Errored)
	j.atMost(RuleMaxFailedTests, j.gate.MaxFailedTests, o.Failed)
	j.atMost(RuleMaxFlakyTests, j.gate.MaxFlakyTests, o.Flaky)
}

// checkDecided knows nothing if nothing is decided.
func (j *judge) checkDecided(c Counts) {
	least := cmp.Or(j.gate.MinDecided, 1)
	decided := c.Decided()
	wanted := fmt.Sprintf("at least %s wanted", number(least))
	switch {
	case c.Runs == 0:
		j.unknown(RuleMinDecided, float64(least), nil, "there is no run, "+wanted)
	case decided == 0:
		j.unknown(RuleMinDecided, float64(least), new(0.0), fmt.Sprintf("none of %s is decided, %s", counted(c.Runs, "run"), wanted))
	case decided < least:
		j.add(RuleMinDecided, float64(least), new(float64(decided)), counted(decided, "decided run")+", "+wanted)
	}
}

func (j *judge) checkUndecided(c Counts) {
	undecided, what, limit := c.Other, "still running or of an unknown status", Limit{}
	if j.gate.MaxUndecided != nil {
		undecided, what, limit = c.Runs-c.Decided(), "without an outcome", *j.gate.MaxUndecided
	}
	if !limit.allows(undecided, c.Runs) {
		j.unknown(RuleMaxUndecided, max(float64(limit.Number), limit.Share*float64(c.Runs)), new(float64(undecided)),
			fmt.Sprintf("%s of %s %s, at most %s allowed", number(undecided), counted(c.Runs, "run"), what, limit))
	}
}

func (j *judge) checkPassRate(c Counts) {
	least := j.gate.MinPassRate
	rate, ok := c.PassRate()
	if !ok || rate >= least {
		return // without a decided run, that is said already
	}
	j.add(RuleMinPassRate, least, &rate, fmt.Sprintf("pass rate %s (%s of %s passed), at least %s%% wanted",
		percentUnder(rate, least), number(c.Successes()), number(c.Decided()), strconv.FormatFloat(least*100, 'g', 10, 64)))
}

// checkTests leaves out the tests in quarantine. Where more than one run in a
// hundred has no place in time, nobody knows what came after what.
func (j *judge) checkTests(s *Summary) {
	j.atMost(RuleMaxBroken, j.gate.MaxBroken, judged(s.BrokenTests()))
	if limit := j.gate.MaxFlaky; limit != nil && s.Undated*100 > s.Counts.Runs {
		j.unknown(RuleMaxFlaky, float64(*limit), nil, fmt.Sprintf("flaky tests cannot be told: %s without a time", counted(s.Undated, "run")))
		return
	}
	j.atMost(RuleMaxFlaky, j.gate.MaxFlaky, judged(s.FlakyTests()))
}

func judged(tests []TestStats) int {
	n := 0
	for _, t := range tests {
		if t.Quarantined == "" {
			n++
		}
	}
	return n
}

// atMost checks a number of what the rule's name says.
func (j *judge) atMost(rule Rule, limit *int, actual int) {
	if limit != nil && actual > *limit {
		j.add(rule, float64(*limit), new(float64(actual)), fmt.Sprintf("%s %s, at most %s allowed", number(actual), rule.of(actual), number(*limit)))
	}
}

// of returns the rule's name for one thing, or for many.
func (r Rule) of(n int) string {
	if n == 1 {
		return strings.NewReplacer("runs", "run", "tests", "test").Replace(string(r))
	}
	return string(r)
}

func (j *judge) add(rule Rule, limit float64, actual *float64, reason string) {
	j.breaches = append(j.breaches, Breach{Rule: rule, Build: j.build, Limit: limit, Actual: actual, Reason: reason})
}

func (j *judge) unknown(rule Rule, limit float64, actual *float64, reason string) {
	j.breaches = append(j.breaches, Breach{Rule: rule, Build: j.build, Limit: limit, Actual: actual, Unknown: true, Reason: reason})
}

func (j *judge) err() error {
	if len(j.breaches) == 0 {
		return nil
	}
	return &GateError{Breaches: j.breaches}
}

// percentUnder has as many decimals as it takes to look smaller than the limit.
func percentUnder(rate, limit float64) string {
	for decimals := 1; ; decimals++ {
		text := strconv.FormatFloat(rate*100, 'f', decimals, 64)
		if decimals == 10 || text != strconv.FormatFloat(limit*100, 'f', decimals, 64) {
			return text + "%"
		}
	}
}
