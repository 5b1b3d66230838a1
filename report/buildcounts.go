package report

import (
	"context"
	"errors"
	"maps"

	"github.com/sauceinsights/insights"
)

// buildCounts is how far a build is.
type buildCounts struct {
	runs, running, decided int
	statuses               map[insights.Status]int
}

func (c buildCounts) isSame(o buildCounts) bool {
	return c.runs == o.runs && c.running == o.running && maps.Equal(c.statuses, o.statuses)
}

func countRuns(runs []insights.Test, completeAs CompleteAs) buildCounts {
	c := buildCounts{statuses: make(map[insights.Status]int)}
	ended := 0
	for _, run := range runs {
		c.add(run.Status, 1, completeAs)
		if !isFinal(run.Status) && !isRunning(run) {
			ended++
		}
	}
	c.running -= ended
	return c
}

// isRunning reports whether a run has neither a final status nor an end.
func isRunning(run insights.Test) bool {
	return !isFinal(run.Status) && run.EndTime.IsZero()
}

func isFinal(status insights.Status) bool {
	switch status {
	case insights.StatusPassed, insights.StatusFailed, insights.StatusErrored, insights.StatusError, insights.StatusComplete:
		return true
	}
	return false
}

// isUnderWay reports whether a status says that a run has not ended. Of other
// statuses that are not final, the run itself has to be looked at.
func isUnderWay(status insights.Status) bool {
	switch status {
	case "", "new", "queued", "pending", "running", "in progress":
		return true
	}
	return false
}

// count asks for the counts of builds, and lists the runs if they do not tell.
func (w *waiter) count(ctx context.Context) (buildCounts, error) {
	if w.listsOnly {
		return w.countListed(ctx)
	}
	answer, err := w.client.BuildsTests(ctx, insights.BuildsTestsOptions{Period: w.opts.Period, Scope: w.opts.Scope, Owner: w.opts.Owner})
	if errors.Is(err, insights.ErrNotFound) {
		w.listsOnly = true
		return w.countListed(ctx)
	}
	if err != nil {
		return buildCounts{}, err
	}
	for _, build := range answer.Builds.Items {
		if build.Name == w.build {
			return w.countBuild(ctx, build)
		}
	}
	if !answer.Builds.HasMore {
		return buildCounts{}, nil
	}
	return w.countListed(ctx) // it is one of those that are not shown
}

// countBuild lists the runs if the counts leave open how many have ended.
func (w *waiter) countBuild(ctx context.Context, build insights.Build) (buildCounts, error) {
	c := buildCounts{statuses: make(map[insights.Status]int)}
	for _, of := range build.Aggs.Status {
		if of.Count > 0 {
			c.add(insights.Status(of.Name), of.Count, w.opts.CompleteAs)
		}
	}
	if c.runs != build.TestsCount || c.isOpen() {
		return w.countListed(ctx)
	}
	return c, nil
}

func (c *buildCounts) add(status insights.Status, n int, completeAs CompleteAs) {
	c.statuses[status] += n
	c.runs += n
	if !isFinal(status) {
		c.running += n
	}
	if completeAs.outcome(status) != undecided {
		c.decided += n
	}
}

// isOpen reports whether there is a status of which nobody knows if it is final.
func (c buildCounts) isOpen() bool {
	for status := range c.statuses {
		if !isFinal(status) && !isUnderWay(status) {
			return true
		}
	}
	return false
}

func (w *waiter) countListed(ctx context.Context) (buildCounts, error) {
	runs, err := Collect(buildRuns(ctx, w.client, w.opts.tests(), w.build))
	if err != nil {
		return buildCounts{}, err
	}
	return countRuns(runs, w.opts.CompleteAs), nil
}
