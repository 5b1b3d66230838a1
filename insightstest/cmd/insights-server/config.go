package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sauceinsights/insights/insightstest"
)

// config is what the flags say.
type config struct {
	addr     string
	public   bool
	tls      string
	runs     int
	seed     uint64
	last     time.Duration
	end      instant
	forMade  []string // the flags given that are for generated runs only
	data     string
	shift    bool
	username string
	key      string
	variant  string
	latency  time.Duration
	limit    bool
	log      bool
}

// instant is a flag with a time.
type instant struct{ time.Time }

func (i *instant) String() string {
	if i.IsZero() {
		return ""
	}
	return i.Format(time.RFC3339)
}

// Set implements [flag.Value].
func (i *instant) Set(text string) error {
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return errors.New("it must be a time as 2006-01-02T15:04:05Z")
	}
	i.Time = t.UTC()
	return nil
}

func parseFlags(args []string, stderr io.Writer) (*config, error) {
	c := &config{runs: 10_000, seed: 1, last: 30 * 24 * time.Hour}
	fs := flag.NewFlagSet("insights-server", flag.ContinueOnError)
	fs.SetOutput(io.Discard) // a mistake is one line, which main prints
	c.define(fs)
	err := fs.Parse(args)
	if errors.Is(err, flag.ErrHelp) {
		fs.SetOutput(stderr)
		fs.Usage()
	}
	if err == nil {
		fs.Visit(c.note)
		err = c.check(fs.Args())
	}
	return c, err
}

// note remembers a flag that was given, if it says which runs to generate.
func (c *config) note(f *flag.Flag) {
	if slices.Contains([]string{"runs", "seed", "last", "end"}, f.Name) {
		c.forMade = append(c.forMade, "-"+f.Name)
	}
}

func (c *config) define(fs *flag.FlagSet) {
	fs.StringVar(&c.addr, "addr", "127.0.0.1:8080", "`address` to listen on; port 0 takes a free one")
	fs.BoolVar(&c.public, "public", false, "allow an address that other machines reach")
	fs.StringVar(&c.tls, "tls", "", "serve HTTPS with a new certificate, and write it to this `file` for\nclients to trust")
	fs.Func("runs", "`number` of runs to generate (default 10000)", whole(&c.runs, strconv.Atoi))
	fs.Func("seed", "`number` that the generated runs follow from (default 1)", whole(&c.seed, parseSeed))
	fs.Func("last", "how far back generated runs go: a `length` such as 7d, 12h or 90m\n(default 30d)", long(&c.last))
	fs.Var(&c.end, "end", "`time` at which generated runs end and the server's clock begins;\ndefault now. With -seed it gives the same runs on any day")
	fs.StringVar(&c.data, "data", "", "`file` with runs to serve instead of generated ones: one as JSON per\nline, an answer of /tests, or a list; gzipped or not; - is standard\ninput")
	fs.BoolVar(&c.shift, "shift", false, "move the times of -data by whole days, so that the newest run is of\ntoday")
	fs.StringVar(&c.username, "user", insightstest.Username, "user `name` that is let in")
	fs.StringVar(&c.key, "key", insightstest.AccessKey, "access `key` that is let in")
	fs.StringVar(&c.variant, "variant", "default", "`names` of the service to be, with commas between:\n"+inColumns(variantNames()))
	fs.Func("latency", "how long to wait before each answer: a `length` such as 250ms or 2s\n(default 0)", long(&c.latency))
	fs.BoolVar(&c.limit, "limit", false, "answer 429 beyond 10 requests a second or 3,500 an hour")
	fs.BoolVar(&c.log, "log", false, "write a line for each request to standard error")
}

// maxRuns bounds -runs, of which a million need a gigabyte.
const maxRuns = 5_000_000

func (c *config) check(rest []string) error {
	switch {
	case len(rest) > 0:
		return fmt.Errorf("unexpected argument %q", rest[0])
	case c.runs < 0:
		return fmt.Errorf("-runs %d is negative", c.runs)
	case c.runs > maxRuns:
		return fmt.Errorf("-runs %d is more than %d, which need some gigabytes of memory", c.runs, maxRuns)
	case c.last < time.Second:
		return fmt.Errorf("-last %s is less than a second", c.last)
	case c.latency < 0:
		return fmt.Errorf("-latency %s is negative", c.latency)
	case c.username == "" || strings.Contains(c.username, ":"):
		return fmt.Errorf("-user %q can't be a user name", c.username)
	case c.key == "":
		return errors.New("-key is empty")
	case c.shift && c.data == "":
		return errors.New("-shift is for -data; generated runs end now, or at -end")
	case c.data != "" && len(c.forMade) > 0:
		return fmt.Errorf("%s is for generated runs, not for -data", c.forMade[0])
	}
	return nil
}

// whole reads a flag with a whole number.
func whole[N any](field *N, parse func(string) (N, error)) func(string) error {
	return func(text string) error {
		n, err := parse(text)
		if err != nil {
			return errors.New("want a whole number from 0 on, such as 500")
		}
		*field = n
		return nil
	}
}

func parseSeed(text string) (uint64, error) {
	return strconv.ParseUint(text, 10, 64)
}

// long reads a flag with a length of time.
func long(field *time.Duration) func(string) error {
	return func(text string) (err error) {
		*field, err = parseLength(text)
		return err
	}
}

// parseLength reads a number of days, as in 7d, and what [time.ParseDuration]
// reads.
func parseLength(text string) (time.Duration, error) {
	if days, isDays := strings.CutSuffix(text, "d"); isDays {
		if n, err := strconv.ParseUint(days, 10, 16); err == nil {
			return time.Duration(n) * 24 * time.Hour, nil
		}
	}
	d, err := time.ParseDuration(text)
	if err != nil {
		return 0, fmt.Errorf("%q is not a length of time with its unit, such as 7d, 12h or 90m", text)
	}
	return d, nil
}

func variantNames() []string {
	var names []string
	for _, v := range append(insightstest.Variants(), insightstest.Departures()...) {
		names = append(names, v.Name)
	}
	return names
}

// inColumns writes names with commas between them, for a terminal of 80 columns.
func inColumns(names []string) string {
	text, column := names[0], len(names[0])
	for _, name := range names[1:] {
		separator := ", "
		if column += len(name) + 2; column > 68 {
			separator, column = ",\n", len(name)
		}
		text += separator + name
	}
	return text
}

// options are those of the server.
func (c *config) options(clock *clock, stderr io.Writer) ([]insightstest.Option, error) {
	opts, err := insightstest.Named(c.variant)
	if err != nil {
		return nil, fmt.Errorf("-variant: %s", strings.TrimPrefix(err.Error(), "insightstest: "))
	}
	opts = append(opts,
		insightstest.InMemory(), // its port is opened once it is full
		insightstest.WithClock(clock.now),
		insightstest.WithCredentials(c.username, c.key),
		insightstest.WithLatency(c.latency),
	)
	if c.limit {
		opts = append(opts, insightstest.WithServerLimit(10, 3_500))
	}
	if c.log {
		opts = append(opts, insightstest.WithOnRequest(logTo(stderr)))
	}
	return opts, nil
}
