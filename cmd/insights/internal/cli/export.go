package cli

import (
	"errors"

	"github.com/spf13/cobra"

	"github.com/sauceinsights/insights/cmd/insights/internal/export"
)

func (s *shell) exportCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "export",
		Short: "Writes all runs of a period to a file; goes on where it stopped",
		Long: `Writes all runs of a period to a file: NDJSON or CSV, gzipped or not, by its
ending. The file is there only when it is complete. After an interrupt, an
outage or a kill the same command goes on where it stopped, with the period of
its first start.

At the end it compares the file with what the service counts, and exits with 10
if that differs.`,
		Example: `  insights export -o runs.ndjson.gz --period 29d
  insights export -o web-7.csv --build web-7`,
		Annotations: map[string]string{takesSingleDashes: "yes"},
		Args:        cobra.NoArgs,
	}
	settings := export.Bind(cmd.Flags())
	complete(cmd, "period", periods...)
	complete(cmd, "scope", "me", "organization", "single")
	complete(cmd, "status", texts(statuses)...)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if err := settings.Check(cmd.Flags()); err != nil {
			return usage(err)
		}
		err := settings.Run(cmd.Context(), s.account, export.Streams{Stdout: s.Stdout, Stderr: s.Stderr, Screen: s.screen}, s.Options...)
		switch {
		case errors.Is(err, export.ErrInterrupted):
			return statusError{interrupted, err}
		case errors.Is(err, export.ErrDiffers):
			return statusError{gateFailed, err}
		}
		return err
	}
	return cmd
}
