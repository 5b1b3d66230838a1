package cli

import (
	"github.com/spf13/cobra"

	"github.com/sauceinsights/insights/cmd/insights/internal/export"
)

func (s *shell) exportCommand() *cobra.Command {
	return &cobra.Command{
		Use:                "export",
		Short:              "Writes all runs of a period to a file, and goes on where it stopped",
		DisableFlagParsing: true,
		RunE: func(cmd *cobra.Command, args []string) error {
			if status := export.Run(cmd.Context(), args, s.Stdout, s.Stderr, s.Options...); status != done {
				return statusError{status: status}
			}
			return nil
		},
	}
}
