package cli

import (
	"errors"

	"github.com/spf13/cobra"

	"github.com/sauceinsights/insights/cmd/insights/internal/gate"
)

func (s *shell) gateCommand() *cobra.Command {
	return &cobra.Command{
		Use:                "gate",
		Short:              "Judges the runs of a build, or of a period, and reports on them",
		DisableFlagParsing: true,
		RunE: func(cmd *cobra.Command, args []string) error {
			if status := gate.Run(cmd.Context(), args, s.Environ, s.Stdout, s.Stderr, s.Options...); status != done {
				return statusError{status, errors.New("")}
			}
			return nil
		},
	}
}
