package export

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/sauceinsights/insights"
)

// Settings are what an export is asked for. Make them with [Bind].
type Settings struct {
	file        string
	tests       insights.TestsOptions
	concurrency int
	demoRuns    int
	restart     bool
	quiet       bool

	format    format
	selection string // the flags that select runs, to be compared and shown
}

// selecting are the flags that decide which runs a file has, in which order.
var selecting = []string{"period", "newest-first", "scope", "owner", "status", "build", "missing-build", "query", "error"}

// Bind adds the flags of an export.
func Bind(flags *pflag.FlagSet) *Settings {
	s := &Settings{tests: insights.TestsOptions{Order: insights.OldestFirst}}
	s.bindSelection(flags)
	s.bindRest(flags)
	return s
}

func (s *Settings) bindSelection(flags *pflag.FlagSet) {
	o := &s.tests
	flags.TextVar(&o.Period, "period", insights.Last(7*24*time.Hour), "`7d`, 12h or 90m back from the first start, or START/END, as in 2021-05-01T00:00:00Z/2021-06-01T00:00:00Z")
	flags.Var((*newestFirst)(&o.Order), "newest-first", "the newest run first, and not the oldest")
	flags.Lookup("newest-first").NoOptDefVal = "true"
	flags.StringVar((*string)(&o.Scope), "scope", "", "`whose` runs: me, organization, or single with --owner; by default the service's choice")
	flags.Var((*owners)(&o.Owner), "owner", "only runs of this `user`; may be given again for more")
	flags.StringVar((*string)(&o.Status), "status", "", "only runs with this `status`: passed, failed, errored or complete")
	flags.StringVar(&o.Build, "build", "", "only runs of this build, by its `name`")
	flags.BoolVar(&o.MissingBuild, "missing-build", false, "only runs without a build")
	flags.StringVar(&o.Query, "query", "", "only runs of this test, by its `name`")
	flags.StringVar(&o.Error, "error", "", "only runs with this error `message`")
}

func (s *Settings) bindRest(flags *pflag.FlagSet) {
	flags.StringVarP(&s.file, "output", "o", "", "the `file` to write; its ending is .ndjson, .csv, .ndjson.gz or .csv.gz")
	flags.BoolVar(&s.restart, "restart", false, "begin anew, and replace the file when that is complete")
	flags.BoolVar(&s.quiet, "quiet", false, "print errors only")
	flags.IntVar(&s.tests.Size, "page", 100, "most `runs` to ask for in a request")
	flags.IntVar(&s.concurrency, "concurrency", 4, "most `requests` under way at a time")
	flags.IntVar(&s.demoRuns, "runs", 2000, "how many `runs` the fake service of --demo has")
}

// Check finds what is wrong with the settings, before anything is done.
func (s *Settings) Check(flags *pflag.FlagSet) (err error) {
	s.selection = selectionOf(flags)
	s.format, err = formatOf(s.file)
	return errors.Join(err, s.check())
}

func (s *Settings) check() error {
	for _, n := range []struct {
		name       string
		value, min int
	}{{"page", s.tests.Size, 1}, {"concurrency", s.concurrency, 1}, {"runs", s.demoRuns, 0}} {
		if n.value < n.min {
			return fmt.Errorf("--%s: %d is less than %d", n.name, n.value, n.min)
		}
	}
	return s.tests.Validate()
}

// selectionOf writes the selecting flags that say something.
func selectionOf(flags *pflag.FlagSet) string {
	var set []string
	for _, name := range selecting {
		switch value := flags.Lookup(name).Value.String(); value {
		case "", "false":
		case "true":
			set = append(set, "--"+name)
		default:
			set = append(set, fmt.Sprintf("--%s %q", name, value))
		}
	}
	return strings.Join(set, " ")
}

// newestFirst is an order as a switch.
type newestFirst insights.Order

func (o *newestFirst) String() string {
	return fmt.Sprint(insights.Order(*o) == insights.NewestFirst)
}

func (o *newestFirst) Type() string { return "bool" }

func (o *newestFirst) Set(text string) error {
	switch text {
	case "true":
		*o = newestFirst(insights.NewestFirst)
	case "false":
		*o = newestFirst(insights.OldestFirst)
	default:
		return errors.New("want true or false")
	}
	return nil
}

// owners are the values of a flag that may be given more than once.
type owners []string

func (o *owners) String() string {
	return strings.Join(slices.Sorted(slices.Values(*o)), ",")
}

func (o *owners) Type() string { return "string" }

func (o *owners) Set(name string) error {
	if name == "" {
		return errors.New("a name is empty")
	}
	*o = append(*o, name)
	return nil
}
