package report

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
)

// Gate is a set of rules that runs must keep. The zero Gate has one rule: there
// must be a run, as no data is no success. The limits are pointers, so that
// new(0) means none at all and nil means no rule.
type Gate struct {
	// MinPassRate is the lowest pass rate, from 0 to 1; 0 means no rule. A
	// pass rate that does not exist, as no run is decided, is too low.
	MinPassRate float64 `json:"min_pass_rate,omitempty"`

	MinRuns int `json:"min_runs,omitempty"` // fewest runs, decided or not; 0 means 1

	// MaxFailed limits the runs that failed, with those that are complete
	// where that counts as failed; MaxErrored those that errored. Each run
	// counts, also of a test that passed when it was run again; MaxBroken is
	// the rule that forgives those.
	MaxFailed  *int `json:"max_failed,omitempty"`
	MaxErrored *int `json:"max_errored,omitempty"`

	MaxBroken *int `json:"max_broken,omitempty"` // tests that always failed: Summary.BrokenTests
	MaxFlaky  *int `json:"max_flaky,omitempty"`  // Summary.FlakyTests; broken too where they cannot be told: see Summary.Unordered

	// PerBuild holds every build to MinPassRate, MinRuns, MaxFailed and
	// MaxErrored by itself, and the runs without a build together as if they
	// were one. MaxBroken and MaxFlaky are of the whole in either case.
	PerBuild bool `json:"per_build,omitempty"`
}

// Rule names a rule of a [Gate].
type Rule string

// The rules, one for each field of Gate that sets one, and RuleComplete, which
// a partial summary breaks.
const (
	RuleComplete    Rule = "complete data"
	RuleMinRuns     Rule = "runs"
	RuleMinPassRate Rule = "pass rate"
	RuleMaxFailed   Rule = "failed runs"
	RuleMaxErrored  Rule = "errored runs"
	RuleMaxBroken   Rule = "broken tests"
	RuleMaxFlaky    Rule = "flaky tests"
)

// Breach is a rule that was broken.
type Breach struct {
	Rule   Rule     `json:"rule"`
	Build  *string  `json:"build,omitempty"` // nil: the whole; empty: the runs without a build
	Limit  float64  `json:"limit"`           // what the gate sets; the pass rate from 0 to 1
	Actual *float64 `json:"actual"`          // what was found; nil: it cannot be told
	Reason string   `json:"reason"`          // the same in words, with its figures
}

// GateError says that a gate was not passed: every rule that was broken.
type GateError struct {
	Breaches []Breach // at least one
}

// Error lists every broken rule with its figures, on one line.
func (e *GateError) Error() string {
	reasons := make([]string, len(e.Breaches))
	for i, b := range e.Breaches {
		reasons[i] = b.String()
	}
	return "report: gate failed: " + strings.Join(reasons, "; ")
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
	p.check(g.MinRuns >= 0, "MinRuns", "is negative")
	p.checkLimit("MaxFailed", g.MaxFailed)
	p.checkLimit("MaxErrored", g.MaxErrored)
	p.checkLimit("MaxBroken", g.MaxBroken)
	p.checkLimit("MaxFlaky", g.MaxFlaky)
	return p.err()
}

func (p *problems) checkLimit(field string, limit *int) {
	p.check(limit == nil || *limit >= 0, field, "is negative")
}

// Check returns nil if s keeps every rule, and else a [*GateError] with every
// rule that is broken. A partial summary, and nil, pass no gate. A gate that
// [Gate.Validate] refuses gives that error, and no judgement.
func (g Gate) Check(s *Summary) error {
	if err := g.Validate(); err != nil {
		return err
	}
	if s == nil {
		return &GateError{[]Breach{{Rule: RuleComplete, Reason: "there is no summary"}}}
	}
	var j judge
	j.checkComplete(s)
	if g.PerBuild && len(s.Builds) > 0 {
		j.checkBuilds(g, s.Builds)
	} else {
		j.checkCounts(g, s.Counts)
	}
	j.atMost(RuleMaxBroken, g.MaxBroken, len(s.BrokenTests()))
	j.checkFlaky(g.MaxFlaky, s)
	return j.err()
}

// judge collects the breaches of one check.
type judge struct {
	build    *string
	breaches []Breach
}

func (j *judge) checkComplete(s *Summary) {
	if s.Partial {
		j.add(RuleComplete, 1, nil, "the list of runs is not complete: "+plain(s.PartialReason))
	}
}

func (j *judge) checkBuilds(g Gate, builds []Group) {
	for _, build := range builds {
		j.build = &build.Name
		j.checkCounts(g, build.Counts)
	}
	j.build = nil
}

func (j *judge) checkCounts(g Gate, c Counts) {
	least := cmp.Or(g.MinRuns, 1)
	if c.Runs < least {
		j.add(RuleMinRuns, float64(least), new(float64(c.Runs)), tooFew(c.Runs, least))
	}
	j.checkPassRate(g.MinPassRate, c)
	failed := c.Failed
	if c.CompleteAs == CompleteFailed {
		failed += c.Complete
	}
	j.atMost(RuleMaxFailed, g.MaxFailed, failed)
	j.atMost(RuleMaxErrored, g.MaxErrored, c.Errored)
}

func tooFew(runs, least int) string {
	if runs == 0 {
		return fmt.Sprintf("there is no run, at least %s wanted", number(least))
	}
	return fmt.Sprintf("%s, at least %s wanted", counted(runs, "run"), number(least))
}

func (j *judge) checkPassRate(least float64, c Counts) {
	rate, ok := c.PassRate()
	if least == 0 || ok && rate >= least {
		return
	}
	wanted := fmt.Sprintf("at least %s%% wanted", strconv.FormatFloat(least*100, 'g', 10, 64))
	if !ok {
		j.add(RuleMinPassRate, least, nil, "there is no pass rate, as no run is decided; "+wanted)
		return
	}
	j.add(RuleMinPassRate, least, &rate, fmt.Sprintf("pass rate %s (%s of %s passed), %s",
		percentUnder(rate, least), number(c.Successes()), number(c.Decided()), wanted))
}

func (j *judge) checkFlaky(limit *int, s *Summary) {
	if limit != nil && s.Unordered > 0 {
		j.add(RuleMaxFlaky, float64(*limit), nil,
			fmt.Sprintf("flaky tests cannot be told: %s came out of the order of time", counted(s.Unordered, "run")))
		return
	}
	j.atMost(RuleMaxFlaky, limit, len(s.FlakyTests()))
}

// atMost checks a number of what the rule's name says.
func (j *judge) atMost(rule Rule, limit *int, actual int) {
	if limit != nil && actual > *limit {
		j.add(rule, float64(*limit), new(float64(actual)),
			fmt.Sprintf("%s, at most %s allowed", counted(actual, strings.TrimSuffix(string(rule), "s")), number(*limit)))
	}
}

func (j *judge) add(rule Rule, limit float64, actual *float64, reason string) {
	j.breaches = append(j.breaches, Breach{Rule: rule, Build: j.build, Limit: limit, Actual: actual, Reason: reason})
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
