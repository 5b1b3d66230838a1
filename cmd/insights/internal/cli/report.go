package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/sauceinsights/insights"
	"github.com/sauceinsights/insights/cmd/insights/internal/dashboard"
	"github.com/sauceinsights/insights/cmd/insights/internal/web"
)

func (s *shell) reportCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "report",
		Short: "Writes the dashboard as one HTML file",
		Long: `Writes the first page of insights serve as one file, which needs no other: to be
kept with a build, or sent to somebody.`,
		Example: `  insights report -o report.html --period 7d --store insights.db`,
		Args:    cobra.NoArgs,
	}
	var location, file, period string
	var timeout time.Duration
	storeFlag(cmd, &location)
	cmd.Flags().VarP((*filter)(&file), "output", "o", "the `file` to write; - is standard output")
	period = "7d"
	cmd.Flags().Var(oneOf(&period, dashboard.Periods...), "period", "the `length` of the period: 1d, 7d, 14d or 30d")
	cmd.Flags().DurationVar(&timeout, "timeout", 10*time.Minute, "most `time` for everything")
	complete(cmd, "period", dashboard.Periods...)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if file == "" {
			return usage(errors.New("--output: the file to write is missing"))
		}
		ctx, cancel := context.WithTimeout(cmd.Context(), timeout)
		defer cancel()
		source, _, closeSource, err := s.sourceOf(ctx, location)
		if err != nil {
			return err
		}
		defer closeSource()
		return s.report(ctx, source, period, file)
	}
	return cmd
}

func (s *shell) report(ctx context.Context, source web.Source, period, file string) error {
	board, err := web.BoardOf(ctx, source, period, s.account.IsDemo, s.Now())
	if err != nil {
		return err
	}
	var page bytes.Buffer
	if err := dashboard.WriteFile(&page, board); err != nil {
		return err
	}
	if file == "-" {
		_, err = s.Stdout.Write(page.Bytes())
		return err
	}
	if err := os.WriteFile(file, page.Bytes(), 0o600); err != nil {
		return err
	}
	_, err = fmt.Fprintf(s.Stdout, "%s: %d runs of %s\n", file, board.Now.Counts.Runs, insights.Between(board.From, board.To))
	if failed := slices.Sorted(maps.Keys(board.Failed)); len(failed) > 0 {
		s.say(fmt.Sprintf("panels that could not be filled: %q", failed))
	}
	return err
}
