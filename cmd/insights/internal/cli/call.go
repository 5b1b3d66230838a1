package cli

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/sauceinsights/insights"
	"github.com/sauceinsights/insights/cmd/insights/internal/output"
)

// caller is what the subcommands of the five calls have beside their options.
type caller struct {
	shell   *shell
	format  output.Format
	timeout time.Duration
}

func (s *shell) caller(cmd *cobra.Command) *caller {
	c := &caller{shell: s, format: output.NDJSON}
	if s.IsTerminal {
		c.format = output.Table
	}
	cmd.Args = cobra.NoArgs
	cmd.Flags().VarP(oneOf(&c.format, output.Formats...), "output", "o", "the `format`: "+list(output.Formats)+"; by default a table on a terminal, and NDJSON elsewhere")
	cmd.Flags().DurationVar(&c.timeout, "timeout", 5*time.Minute, "most `time` for everything")
	complete(cmd, "output", texts(output.Formats)...)
	return c
}

// ask calls the service with a client, and says if that is a fake one, in a table
// too.
func (c *caller) ask(ctx context.Context, call func(context.Context, *insights.Client) error) error {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	account, err := c.shell.connect()
	if err != nil {
		return err
	}
	defer account.Close()
	if err := call(ctx, account.Client); err != nil || !account.IsDemo || c.format != output.Table {
		return err
	}
	_, err = fmt.Fprintln(c.shell.Stdout, "\n(generated runs of a fake service)")
	return err
}
