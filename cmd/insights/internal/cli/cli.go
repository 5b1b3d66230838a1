// Package cli is the command line of insights: its subcommands, their flags, the
// variables that stand for them, and the exit status.
package cli

import (
	"context"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/sauceinsights/insights"
	"github.com/sauceinsights/insights/cmd/insights/internal/account"
	"github.com/sauceinsights/insights/cmd/insights/internal/keyless"
)

// Process is what the command is given by the system, or by a test.
type Process struct {
	Args           []string // without the name of the program
	Environ        []string // as of [os.Environ]
	Stdout, Stderr io.Writer
	IsTerminal     bool             // Stdout is one
	Now            func() time.Time // for periods
	Options        []insights.Option
}

// Run runs a subcommand and returns the exit status: 0, 1 if it could not do
// what was asked for, 2 if that can't be asked for, 10 if a gate failed, 130
// after an interrupt.
func Run(ctx context.Context, p Process) int {
	env := readEnvironment(p.Environ)
	screen := p.Stderr
	p.Stderr = keyless.Writer(p.Stderr, env["SAUCE_ACCESS_KEY"])
	s := &shell{Process: p, env: env, screen: screen, account: account.Settings{
		Region:      insights.USWest1,
		Credentials: insights.Credentials{Username: env["SAUCE_USERNAME"], AccessKey: env["SAUCE_ACCESS_KEY"]},
		Version:     version(),
	}}
	root := s.root()
	root.SetArgs(s.longFlags(root, p.Args))
	root.SetOut(p.Stdout)
	root.SetErr(p.Stderr)
	return s.conclude(ctx, root.ExecuteContext(ctx))
}

// shell is what the subcommands share.
type shell struct {
	Process
	env     environment
	screen  io.Writer // Stderr for a progress bar, which knows no key and must see that this is a terminal
	account account.Settings
}

func (s *shell) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "insights",
		Short: "Asks the Sauce Labs Insights API",
		Long: `Asks the Sauce Labs Insights API: what ran, how it went, and whether that is
good enough.

SAUCE_USERNAME and SAUCE_ACCESS_KEY are the account to ask for; --demo asks a
fake service in this process instead. Every flag of a subcommand can be set by a
variable: INSIGHTS_GATE_MIN_DECIDED stands for --min-decided of insights gate.

Exit status: 0; 1 it could not be done, or told; 2 it can't be asked for; 10 a
gate failed; 130 interrupted.`,
		SilenceErrors:     true,
		SilenceUsage:      true,
		PersistentPreRunE: s.fill,
		Args:              cobra.NoArgs,
		RunE:              func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usage(err) })
	root.SetUsageFunc(writeUsage)
	root.Version = version()
	s.accountFlags(root)
	root.AddCommand(
		s.testsCommand(), s.metricsCommand(), s.trendsCommand(), s.buildsCommand(), s.errorsCommand(),
		s.gateCommand(), s.exportCommand(), s.syncCommand(), s.serveCommand(), s.reportCommand(), s.doctorCommand(), s.versionCommand(),
	)
	return root
}

// accountFlags are those of all subcommands that ask the service.
func (s *shell) accountFlags(root *cobra.Command) {
	flags := root.PersistentFlags()
	flags.TextVar(&s.account.Region, "region", s.account.Region, "the `region` of the account: us-west-1 or eu-central-1")
	flags.StringVar(&s.account.URL, "url", "", "ask the service at this `address` instead of the region's")
	flags.BoolVar(&s.account.IsDemo, "demo", false, "ask a fake service in this process; no account is needed")
	stands(flags, "region", "SAUCE_REGION")
	stands(flags, "url", "INSIGHTS_URL")
	stands(flags, "demo", "INSIGHTS_DEMO")
	complete(root, "region", string(insights.USWest1), string(insights.EUCentral1))
}
