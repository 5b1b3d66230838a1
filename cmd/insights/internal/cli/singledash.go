package cli

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

// takesSingleDashes is the annotation of a subcommand that was a program with
// flags such as -wait. It takes them for one release.
const takesSingleDashes = "single-dash"

// longFlags writes flags of one dash with two, and says so.
func (s *shell) longFlags(root *cobra.Command, args []string) []string {
	cmd, _, err := root.Find(args)
	if err != nil || cmd.Annotations[takesSingleDashes] == "" {
		return args
	}
	rewritten := make([]string, len(args))
	for i, arg := range args {
		if arg == "--" {
			copy(rewritten[i:], args[i:])
			break
		}
		rewritten[i] = s.longFlag(cmd, arg)
	}
	return rewritten
}

func (s *shell) longFlag(cmd *cobra.Command, arg string) string {
	name, _, _ := strings.Cut(strings.TrimPrefix(arg, "-"), "=")
	isSingle := strings.HasPrefix(arg, "-") && !strings.HasPrefix(arg, "--") && len(name) > 1
	if !isSingle || cmd.Flags().Lookup(name) == nil && cmd.InheritedFlags().Lookup(name) == nil {
		return arg
	}
	s.say(fmt.Sprintf("write --%s for -%s: the next release takes it with two dashes only", name, name))
	return "-" + arg
}
