package cli

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// environment is the variables that are set, also to nothing.
type environment map[string]string

func readEnvironment(list []string) environment {
	env := make(environment, len(list))
	for _, entry := range list {
		name, value, _ := strings.Cut(entry, "=")
		env[name] = value
	}
	return env
}

// sharedVariable is the annotation of a flag that has a variable for all
// subcommands too.
const sharedVariable = "variable"

// stands gives the flag a variable for all subcommands.
func stands(flags *pflag.FlagSet, flag, variable string) {
	if err := flags.SetAnnotation(flag, sharedVariable, []string{variable}); err != nil {
		panic(err) // no flag has this name
	}
}

// variablePrefix begins the variables of a subcommand.
func variablePrefix(cmd *cobra.Command) string {
	return "INSIGHTS_" + spelled(cmd.Name()) + "_"
}

func spelled(name string) string {
	return strings.ToUpper(strings.ReplaceAll(name, "-", "_"))
}

// fill sets the flags that were not given from their variables. A variable of
// the subcommand that stands for no flag is a mistake, as it would be silently
// no rule; and so is one that is set to nothing, as it would be silently no
// filter.
func (s *shell) fill(cmd *cobra.Command, _ []string) error {
	known := map[string]bool{}
	var mistakes []error
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		variables := variablesOf(cmd, f)
		for _, name := range variables {
			known[name] = true
		}
		if !f.Changed {
			mistakes = append(mistakes, s.fillFlag(f, variables))
		}
	})
	prefix := variablePrefix(cmd)
	for _, name := range slices.Sorted(maps.Keys(s.env)) {
		if strings.HasPrefix(name, prefix) && !known[name] {
			mistakes = append(mistakes, fmt.Errorf("the environment variable %s stands for no flag; --help lists the flags", name))
		}
	}
	if err := errors.Join(mistakes...); err != nil {
		return usage(err)
	}
	return nil
}

// fillFlag takes the first variable that is set.
func (s *shell) fillFlag(f *pflag.Flag, variables []string) error {
	for _, name := range variables {
		value, isSet := s.env[name]
		if !isSet || value == "" && name == "SAUCE_REGION" { // which other tools set to nothing
			continue
		}
		if value == "" {
			return fmt.Errorf("the environment variable %s is empty; unset it, or set it to what --%s may be", name, f.Name)
		}
		if err := f.Value.Set(value); err != nil {
			return fmt.Errorf("invalid value %q of the environment variable %s: %w", value, name, err)
		}
		f.Changed = true
		return nil
	}
	return nil
}
