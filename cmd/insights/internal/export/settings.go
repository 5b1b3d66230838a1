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
	ofStdout    string // the format there
	sinceLast   string // a file that remembers where the last export ended
	columns     []string
	bom         bool
	tests       insights.TestsOptions
	concurrency int
	demoRuns    int
	restart     bool
	quiet       bool

	format    format
	selection string // the flags that select runs, to be compared and shown
	filter    string // the same without the period
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
	flags.StringVarP(&s.file, "output", "o", "", "the `file` to write; its ending is .ndjson, .csv, .ndjson.gz or .csv.gz; - is standard output")
	flags.Var((*stdoutFormat)(&s.ofStdout), "format", "the `format` on standard output: ndjson (the default) or csv")
	flags.StringSliceVar(&s.columns, "columns", nil, "the `columns` of CSV, or members of NDJSON, wanted, in this order, with commas between them; by default all")
	flags.BoolVar(&s.bom, "bom", false, "begin CSV with a byte order mark, by which Excel knows UTF-8")
	flags.StringVar(&s.sinceLast, "since-last", "", "only what came since the last export that this `file` remembers; it is made by the first, which has --period, and written when an export is complete. Runs of the last 30 minutes are left to the next, as the service may list them late")
	flags.BoolVar(&s.restart, "restart", false, "begin anew, and replace the file when that is complete")
	flags.BoolVar(&s.quiet, "quiet", false, "print errors only")
	flags.IntVar(&s.tests.Size, "page", 0, "most `runs` to ask for in a request; by default as many as the service gives")
	flags.IntVar(&s.concurrency, "concurrency", 4, "most `requests` under way at a time")
	flags.IntVar(&s.demoRuns, "runs", 2000, "how many `runs` the fake service of --demo has")
}

// Check finds what is wrong with the settings, before anything is done.
func (s *Settings) Check(flags *pflag.FlagSet) (err error) {
	s.selection = selectionOf(flags, selecting)
	s.filter = selectionOf(flags, selecting[1:])
	if s.format, err = formatOf(s.file, s.ofStdout); err != nil {
		return err
	}
	s.format.bom, s.format.columns = s.bom, s.columns
	if err := s.format.check(); err != nil {
		return err
	}
	return s.check()
}

func (s *Settings) check() error {
	if s.sinceLast != "" && s.tests.Order == insights.NewestFirst {
		return errors.New("--since-last goes on behind the newest run, which --newest-first has first")
	}
	for _, n := range []struct {
		name       string
		value, min int
	}{{"page", s.tests.Size, 0}, {"concurrency", s.concurrency, 1}, {"runs", s.demoRuns, 0}} {
		if n.value < n.min {
			return fmt.Errorf("--%s: %d is less than %d", n.name, n.value, n.min)
		}
	}
	return s.tests.Validate()
}

// selectionOf writes the selecting flags that say something.
func selectionOf(flags *pflag.FlagSet, names []string) string {
	var set []string
	for _, name := range names {
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

// stdoutFormat is ndjson or csv.
type stdoutFormat string

func (f *stdoutFormat) String() string { return string(*f) }
func (f *stdoutFormat) Type() string   { return "string" }

func (f *stdoutFormat) Set(text string) error {
	if text != "ndjson" && text != "csv" {
		return errors.New("it is neither ndjson nor csv")
	}
	*f = stdoutFormat(text)
	return nil
}
