package cli

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// helpWidth is that of a terminal which nobody has made wider.
const helpWidth = 80

// writeUsage writes how a subcommand is used, with the variable of each flag. Cobra
// puts the long description in front of it.
func writeUsage(cmd *cobra.Command) error {
	var text strings.Builder
	if cmd.HasAvailableSubCommands() {
		fmt.Fprintf(&text, "Usage:\n  %s subcommand [flags]\n", cmd.CommandPath())
	} else {
		fmt.Fprintf(&text, "Usage:\n  %s\n", cmd.UseLine())
	}
	if cmd.HasExample() {
		fmt.Fprintf(&text, "\nExamples:\n%s\n", cmd.Example)
	}
	writeSubcommands(&text, cmd)
	writeFlags(&text, "Flags", cmd, cmd.LocalFlags())
	writeFlags(&text, "Flags of all subcommands", cmd, cmd.InheritedFlags())
	_, err := io.WriteString(cmd.OutOrStderr(), text.String())
	return err
}

func writeSubcommands(text *strings.Builder, cmd *cobra.Command) {
	if !cmd.HasAvailableSubCommands() {
		return
	}
	text.WriteString("\nSubcommands:\n")
	for _, sub := range cmd.Commands() {
		if sub.IsAvailableCommand() || sub.Name() == "help" {
			fmt.Fprintf(text, "  %-11s %s\n", sub.Name(), sub.Short)
		}
	}
}

func writeFlags(text *strings.Builder, title string, cmd *cobra.Command, flags *pflag.FlagSet) {
	if !flags.HasAvailableFlags() {
		return
	}
	shown := pflag.NewFlagSet("", pflag.ContinueOnError)
	flags.VisitAll(func(f *pflag.Flag) {
		explained := *f
		if variables := variablesOf(cmd, f); len(variables) > 0 {
			explained.Usage += " [" + strings.Join(variables, ", ") + "]"
		}
		shown.AddFlag(&explained)
	})
	fmt.Fprintf(text, "\n%s:\n%s", title, shown.FlagUsagesWrapped(helpWidth))
}

// variablesOf returns the variables that stand for a flag, the first that counts
// first.
func variablesOf(cmd *cobra.Command, f *pflag.Flag) []string {
	shared := f.Annotations[sharedVariable]
	switch {
	case f.Name == "help" || f.Name == "version":
		return nil
	case !cmd.HasParent():
		return shared
	}
	return append([]string{variablePrefix(cmd) + spelled(f.Name)}, shared...)
}
