package cli

import (
	"errors"

	"github.com/spf13/cobra"

	"github.com/sauceinsights/insights/cmd/insights/internal/gate"
)

func (s *shell) gateCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "gate",
		Short: "Judges the runs of a build, or of a period, and reports on them",
		Long: `Judges the runs of a build, or of a period, and reports on them.

Exit status: 0 the gate was passed, 10 it failed, 1 it could not tell (service
down, no data or a part of it only, runs that have not ended), 2 a mistake in
the flags. --on-unknown makes 0 or 10 of what it could not tell.

A Markdown report is appended to the file that GITHUB_STEP_SUMMARY names.`,
		Example: `  insights gate --build web-7 --wait 5m --expect 120 --max-failed-tests 0
  insights gate --last 7d --min-pass-rate 95% -o report.md -o sauce.xml`,
		Annotations: map[string]string{takesSingleDashes: "yes"},
		Args:        cobra.NoArgs,
	}
	settings := gate.Bind(cmd.Flags(), s.env["GITHUB_STEP_SUMMARY"])
	complete(cmd, "last", periods...)
	complete(cmd, "baseline", periods...)
	complete(cmd, "scope", "me", "organization", "single")
	complete(cmd, "complete-as", "ignored", "passed", "failed")
	complete(cmd, "on-unknown", "pass", "fail")
	complete(cmd, "format", "text", "markdown", "junit", "json")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if err := settings.Check(); err != nil {
			return usage(err)
		}
		if err := s.account.Check(); err != nil {
			return err
		}
		err := settings.Run(cmd.Context(), s.account, s.Stdout, s.Stderr, s.Options...)
		if errors.Is(err, gate.ErrFailed) {
			return statusError{gateFailed, err}
		}
		return err
	}
	return cmd
}
