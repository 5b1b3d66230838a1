package cli

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/sauceinsights/insights"
)

// selection are the flags that all five calls have: which runs.
type selection struct {
	period insights.Period
	scope  insights.Scope
	owners []string
	status insights.Status
}

func (sel *selection) bind(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.TextVar(&sel.period, "period", insights.Last(7*24*time.Hour), "when: `7d`, 12h or 90m back from now, or START/END, as in 2021-05-01T00:00:00Z/2021-06-01T00:00:00Z")
	flags.Var(oneOf(&sel.scope, insights.ScopeMe, insights.ScopeOrganization, insights.ScopeSingle), "scope", "`whose` runs: me, organization, or single with --owner; by default as the service decides")
	flags.Var((*names)(&sel.owners), "owner", "runs of this `user` only; several with commas between them, or given again")
	flags.Var(oneOf(&sel.status, statuses...), "status", "runs of this `status` only: "+list(statuses))
	complete(cmd, "period", periods...)
	complete(cmd, "scope", "me", "organization", "single")
	complete(cmd, "status", texts(statuses)...)
}

var statuses = []insights.Status{insights.StatusPassed, insights.StatusFailed, insights.StatusErrored, insights.StatusError, insights.StatusComplete}

// platforms are the flags that all calls but tests have.
type platforms struct{ os, browser []string }

func (p *platforms) bind(cmd *cobra.Command) {
	cmd.Flags().Var((*names)(&p.os), "os", "runs on this operating `system` only; several with commas between them, or given again")
	cmd.Flags().Var((*names)(&p.browser), "browser", "runs in this `browser` only; several with commas between them, or given again")
}

// choice is the value of a flag that is one of some.
type choice[S ~string] struct {
	field   *S
	choices []S
}

func oneOf[S ~string](field *S, choices ...S) *choice[S] { return &choice[S]{field, choices} }

func (c *choice[S]) String() string { return string(*c.field) }
func (c *choice[S]) Type() string   { return "string" }

func (c *choice[S]) Set(text string) error {
	if !slices.Contains(c.choices, S(text)) {
		return fmt.Errorf("it is none of %s", list(c.choices))
	}
	*c.field = S(text)
	return nil
}

func texts[S ~string](values []S) []string {
	all := make([]string, len(values))
	for i, value := range values {
		all[i] = string(value)
	}
	return all
}

func list[S ~string](values []S) string { return strings.Join(texts(values), ", ") }

// names is the value of a flag that may be given more than once. None may be
// empty: a variable of a script that is not set must not stand for everything.
type names []string

func (n *names) String() string { return strings.Join(*n, ",") }
func (n *names) Type() string   { return "string" }

func (n *names) Set(text string) error {
	given := strings.Split(text, ",")
	if slices.Contains(given, "") {
		return errors.New("a name is empty")
	}
	*n = append(*n, given...)
	return nil
}

// filter is the value of a flag that must not be empty.
type filter string

func (f *filter) String() string { return string(*f) }
func (f *filter) Type() string   { return "string" }

func (f *filter) Set(text string) error {
	if strings.TrimSpace(text) == "" {
		return errors.New("it is empty")
	}
	*f = filter(text)
	return nil
}
