package export

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/sauceinsights/insights"
)

// settings are what the flags say.
type settings struct {
	file        string
	format      format
	tests       insights.TestsOptions
	selection   string // the flags that select runs, to be compared and shown
	region      insights.Region
	url         string
	concurrency int
	runs        int // of the fake service
	restart     bool
	quiet       bool
}

func parse(args []string, stdout io.Writer) (settings, error) {
	s := settings{region: insights.USWest1}
	if name := os.Getenv("SAUCE_REGION"); name != "" {
		s.region = insights.Region(name)
	}
	flags := flag.NewFlagSet("export", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	s.bindSelection(flags)
	s.bindRest(flags)
	err := flags.Parse(args)
	if errors.Is(err, flag.ErrHelp) {
		flags.SetOutput(stdout)
		_, _ = fmt.Fprintln(stdout, "Writes all test runs of a period to a file, and goes on where it stopped. Set\nSAUCE_USERNAME and SAUCE_ACCESS_KEY to ask the real service.")
		flags.PrintDefaults()
	}
	if err == nil && flags.NArg() > 0 {
		err = fmt.Errorf("unexpected argument %q; -h explains", flags.Arg(0))
	}
	if err != nil {
		return s, err
	}
	s.selection = selectionOf(flags)
	s.format, err = formatOf(s.file)
	return s, errors.Join(err, s.check())
}

// selecting are the flags that decide which runs a file has, in which order.
var selecting = []string{"period", "newest-first", "scope", "owner", "status", "build", "missing-build", "query", "error"}

func (s *settings) bindSelection(flags *flag.FlagSet) {
	o := &s.tests
	o.Order = insights.OldestFirst
	flags.TextVar(&o.Period, "period", insights.Last(7*24*time.Hour), "`7d`, 12h or 90m back from the first start, or START/END, as in\n2021-05-01T00:00:00Z/2021-06-01T00:00:00Z")
	flags.Var((*newestFirst)(&o.Order), "newest-first", "the newest run first, and not the oldest")
	flags.StringVar((*string)(&o.Scope), "scope", "", "`whose` runs: me, organization, or single with -owner; by default the\nservice's choice")
	flags.Var((*owners)(&o.Owner), "owner", "only runs of this `user`; may be given again for more")
	flags.StringVar((*string)(&o.Status), "status", "", "only runs with this `status`: passed, failed, errored or complete")
	flags.StringVar(&o.Build, "build", "", "only runs of this build, by its `name`")
	flags.BoolVar(&o.MissingBuild, "missing-build", false, "only runs without a build")
	flags.StringVar(&o.Query, "query", "", "only runs of this test, by its `name`")
	flags.StringVar(&o.Error, "error", "", "only runs with this error `message`")
}

func (s *settings) bindRest(flags *flag.FlagSet) {
	flags.StringVar(&s.file, "o", "", "the `file` to write; its ending is .ndjson, .csv, .ndjson.gz or\n.csv.gz")
	flags.BoolVar(&s.restart, "restart", false, "begin anew, and replace the file when that is complete")
	flags.BoolVar(&s.quiet, "quiet", false, "print errors only")
	flags.TextVar(&s.region, "region", s.region, "the `region` of the account: us-west-1 or eu-central-1")
	flags.StringVar(&s.url, "url", "", "ask the service at this `address` instead of the region's")
	flags.IntVar(&s.tests.Size, "page", 100, "most `runs` to ask for in a request")
	flags.IntVar(&s.concurrency, "concurrency", 4, "most `requests` under way at a time")
	flags.IntVar(&s.runs, "runs", 2000, "how many `runs` the fake service has, if it comes to that")
}

func (s *settings) check() error {
	for _, n := range []struct {
		name       string
		value, min int
	}{{"page", s.tests.Size, 1}, {"concurrency", s.concurrency, 1}, {"runs", s.runs, 0}} {
		if n.value < n.min {
			return fmt.Errorf("-%s: %d is less than %d", n.name, n.value, n.min)
		}
	}
	return s.tests.Validate()
}

// selectionOf writes the selecting flags that say something.
func selectionOf(flags *flag.FlagSet) string {
	var set []string
	for _, name := range selecting {
		switch value := flags.Lookup(name).Value.String(); value {
		case "", "false":
		case "true":
			set = append(set, "-"+name)
		default:
			set = append(set, fmt.Sprintf("-%s %q", name, value))
		}
	}
	return strings.Join(set, " ")
}

// newestFirst is an order as a switch.
type newestFirst insights.Order

func (o *newestFirst) String() string {
	return fmt.Sprint(insights.Order(*o) == insights.NewestFirst)
}

func (o *newestFirst) IsBoolFlag() bool { return true }

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

func (o *owners) Set(name string) error {
	*o = append(*o, name)
	return nil
}
