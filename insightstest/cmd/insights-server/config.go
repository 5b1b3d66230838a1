package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
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
	c := new(config)
	fs := flag.NewFlagSet("insights-server", flag.ContinueOnError)
	fs.SetOutput(io.Discard) // a mistake is one line, which main prints
	c.define(fs)
	err := fs.Parse(args)
	if errors.Is(err, flag.ErrHelp) {
		fs.SetOutput(stderr)
		fs.Usage()
	}
	if err == nil {
		err = c.check(fs.Args())
	}
	return c, err
}

func (c *config) define(fs *flag.FlagSet) {
	fs.StringVar(&c.addr, "addr", "127.0.0.1:8080", "`address` to listen on; port 0 takes a free one")
	fs.BoolVar(&c.public, "public", false, "allow an address that other machines reach")
	fs.StringVar(&c.tls, "tls", "", "serve HTTPS with a new certificate, and write it to this `file` for clients to trust")
	fs.IntVar(&c.runs, "runs", 10_000, "`number` of runs to generate")
	fs.Uint64Var(&c.seed, "seed", 1, "`number` that the generated runs follow from")
	fs.DurationVar(&c.last, "last", 30*24*time.Hour, "how far back generated runs go")
	fs.Var(&c.end, "end", "`time` at which generated runs end and the server's clock begins; default now. With -seed it gives the same runs on any day")
	fs.StringVar(&c.data, "data", "", "`file` with runs to serve instead of generated ones: one as JSON per line, an answer of /tests, or a list; gzipped or not; - is standard input")
	fs.BoolVar(&c.shift, "shift", false, "move the times of -data by whole days, so that the newest run is of today")
	fs.StringVar(&c.username, "user", insightstest.Username, "user `name` that is let in")
	fs.StringVar(&c.key, "key", insightstest.AccessKey, "access `key` that is let in")
	fs.StringVar(&c.variant, "variant", "default", "`names` of the service to be, with commas between: "+strings.Join(variantNames(), ", "))
	fs.DurationVar(&c.latency, "latency", 0, "how long to wait before each answer")
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
	case c.data != "" && !c.end.IsZero():
		return errors.New("-end is for generated runs, not for -data")
	}
	return nil
}

func variantNames() []string {
	var names []string
	for _, v := range append(insightstest.Variants(), insightstest.Departures()...) {
		names = append(names, v.Name)
	}
	return names
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
