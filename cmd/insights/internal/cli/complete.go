package cli

import (
	"github.com/spf13/cobra"
)

// complete gives the shell the values of a flag.
func complete(cmd *cobra.Command, flag string, values ...string) {
	if err := cmd.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp)); err != nil {
		panic(err) // no flag has this name
	}
}

// periods are those that a shell offers.
var periods = []string{"1h", "12h", "1d", "7d", "14d", "29d"}
