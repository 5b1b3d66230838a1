package cli

import (
	"context"
	"iter"

	"github.com/spf13/cobra"

	"github.com/sauceinsights/insights"
	"github.com/sauceinsights/insights/cmd/insights/internal/output"
)

// testsFlags are the parameters of GET /v1/analytics/tests.
type testsFlags struct {
	selection
	opts insights.TestsOptions
	all  bool

	order string // oldest, newest or empty
}

const (
	oldest = "oldest"
	newest = "newest"
)

func (s *shell) testsCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "tests",
		Short: "Lists runs of tests",
		Long: `Lists runs of tests: a page of them, or with --all every one of the period, in
order and once.`,
		Example: `  insights tests --period 1d --status failed
  insights tests --all --build web-7 -o csv > web-7.csv`,
	}
	var f testsFlags
	f.bind(cmd)
	c := s.caller(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		return c.ask(cmd.Context(), func(ctx context.Context, client *insights.Client) error {
			sheet, err := f.sheet(ctx, client)
			if err != nil {
				return err
			}
			return output.Write(s.Stdout, c.format, sheet)
		})
	}
	return cmd
}

func (f *testsFlags) bind(cmd *cobra.Command) {
	f.selection.bind(cmd)
	flags := cmd.Flags()
	flags.Var((*filter)(&f.opts.Build), "build", "runs of the build of this `name` only")
	flags.BoolVar(&f.opts.MissingBuild, "missing-build", false, "runs without a build only")
	flags.Var((*filter)(&f.opts.Query), "query", "runs of the test of this `name` only")
	flags.Var((*filter)(&f.opts.Error), "error", "runs with this error `message` only")
	flags.Var(oneOf(&f.order, oldest, newest), "order", "which `run` comes first: oldest or newest; by default as the service decides, with --all the oldest")
	flags.IntVar(&f.opts.From, "from", 0, "leave out the first `runs`")
	flags.IntVar(&f.opts.Size, "size", 0, "most `runs` of a page; by default as the service decides, with --all as many as it gives")
	flags.BoolVar(&f.all, "all", false, "every run of the period, not only a page")
	complete(cmd, "order", oldest, newest)
}

func (f *testsFlags) options() insights.TestsOptions {
	opts := f.opts
	opts.Period, opts.Scope, opts.Owner, opts.Status = f.period, f.scope, f.owners, f.status
	switch f.order {
	case oldest:
		opts.Order = insights.OldestFirst
	case newest:
		opts.Order = insights.NewestFirst
	}
	return opts
}

func (f *testsFlags) sheet(ctx context.Context, client *insights.Client) (output.Sheet[insights.Test], error) {
	sheet := output.Sheet[insights.Test]{Columns: runColumns, Empty: "No runs."}
	opts := f.options()
	if err := opts.Validate(); err != nil {
		return sheet, err
	}
	if f.all {
		sheet.Rows = client.AllTests(ctx, opts)
		return sheet, nil
	}
	page, err := client.Tests(ctx, opts)
	if err != nil {
		return sheet, err
	}
	sheet.Rows, sheet.Whole = rows(page.Items), page
	return sheet, nil
}

// rows are those of an answer that is there.
func rows[T any](items []T) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for _, item := range items {
			if !yield(item, nil) {
				return
			}
		}
	}
}
