package report

import (
	"iter"

	"github.com/sauceinsights/insights"
)

// Collect keeps the runs of a sequence, for a build small enough to be read
// several times. When the sequence fails, it returns the runs before and the
// error; [Replay] makes the same sequence of the two.
func Collect(tests iter.Seq2[insights.Test, error]) ([]insights.Test, error) {
	var runs []insights.Test
	for run, err := range tests {
		if err != nil {
			return runs, err
		}
		runs = append(runs, run)
	}
	return runs, nil
}

// Replay returns the sequence of runs, which ends with err unless that is nil.
func Replay(runs []insights.Test, err error) iter.Seq2[insights.Test, error] {
	return func(yield func(insights.Test, error) bool) {
		for _, run := range runs {
			if !yield(run, nil) {
				return
			}
		}
		if err != nil {
			yield(insights.Test{}, err)
		}
	}
}
