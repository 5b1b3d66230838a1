package insights

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// Period is the time in which the runs of a result lie: a length back from now
// ([Last]) or a pair of instants ([Between]). Every call refuses the zero Period
// with an [*OptionsError].
//
// The service does not say whether the ends belong to the period, or which time
// of a run decides. The SDK sends the period as it was given and filters
// nothing.
type Period struct {
	last       time.Duration
	start, end time.Time // UTC, whole seconds
	problem    string    // what Between was given and could not keep
}

// Last is the period of length d up to the moment when the service handles the
// request. It is sent as time_range, in the largest unit that gives a whole
// number: 168h as 7d, 90m as 90m. A fraction of a second is rounded up, like the
// end of [Between]. If d is not positive, the call that uses the period reports
// it.
func Last(d time.Duration) Period {
	if d <= 0 { // zero is told apart from the zero Period
		return Period{problem: fmt.Sprintf("the length %s is not positive", d)}
	}
	return Period{last: wholeSeconds(d)}
}

// wholeSeconds rounds up. The longest duration has no whole second above it.
func wholeSeconds(d time.Duration) time.Duration {
	whole := d.Truncate(time.Second)
	if whole == d || whole > math.MaxInt64-time.Second {
		return whole
	}
	return whole + time.Second
}

// Between is the period from start to end. It is sent as start and end, in UTC
// and whole seconds: start is rounded down and end is rounded up. If a time is
// zero or start is not before end, the call that uses the period reports it.
func Between(start, end time.Time) Period {
	// Without the monotonic reading: the wall clock is what is sent.
	start, end = start.UTC().Round(0), end.UTC().Round(0)
	if problem := checkEnds(start, end); problem != "" {
		return Period{problem: problem}
	}
	return Period{start: start.Truncate(time.Second), end: roundUp(end)}
}

func checkEnds(start, end time.Time) string {
	switch {
	case start.Truncate(time.Second).IsZero():
		return "the start is the zero time"
	case end.IsZero():
		return "the end is the zero time"
	case !start.Before(end):
		return fmt.Sprintf("the start %s is not before the end %s", start.Format(time.RFC3339Nano), end.Format(time.RFC3339Nano))
	case start.Year() < 1 || roundUp(end).Year() > 9999:
		return "the years are outside 1 to 9999"
	}
	return ""
}

func roundUp(t time.Time) time.Time {
	return t.Add(time.Second - 1).Truncate(time.Second)
}

// ParsePeriod reads the two forms that [Period.String] writes: a whole number
// and a unit (7d, 12h, 90m, 30s), or two RFC 3339 times with a slash between
// them (2021-05-01T12:00:00Z/2021-05-02T12:00:00Z). Anything else is an error
// that matches [ErrInvalidOptions].
func ParsePeriod(s string) (Period, error) {
	p := parsePeriod(s)
	if problem := p.check(); problem != "" {
		return Period{}, invalid("Period", fmt.Sprintf("%q: %s", s, problem))
	}
	return p, nil
}

func parsePeriod(s string) Period {
	start, end, isPair := strings.Cut(s, "/")
	if !isPair {
		d, problem := parseLength(s)
		if problem != "" {
			return Period{problem: problem}
		}
		return Last(d)
	}
	from, err := time.Parse(time.RFC3339, start)
	if err != nil {
		return Period{problem: "the start is not an RFC 3339 time, such as 2021-05-01T12:00:00Z"}
	}
	to, err := time.Parse(time.RFC3339, end)
	if err != nil {
		return Period{problem: "the end is not an RFC 3339 time, such as 2021-05-02T12:00:00Z"}
	}
	return Between(from, to)
}

// String returns the form that [ParsePeriod] reads. The zero Period is the empty
// string. For a period that a call would refuse, the text says why.
func (p Period) String() string {
	switch {
	case p == Period{}:
		return ""
	case p.check() != "":
		return "invalid period: " + p.check()
	case p.last != 0:
		return formatLength(p.last)
	}
	return formatTime(p.start) + "/" + formatTime(p.end)
}

// MarshalText returns the text of [Period.String], or an error if a call would
// refuse the period. The zero Period is the empty text.
func (p Period) MarshalText() ([]byte, error) {
	if problem := p.check(); problem != "" && p != (Period{}) {
		return nil, invalid("Period", problem)
	}
	return []byte(p.String()), nil
}

// UnmarshalText accepts what [ParsePeriod] accepts. The empty text gives the
// zero Period.
func (p *Period) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*p = Period{}
		return nil
	}
	parsed, err := ParsePeriod(string(text))
	if err != nil {
		return err
	}
	*p = parsed
	return nil
}

// check says why the period can't be sent, or "".
func (p Period) check() string {
	switch {
	case p == Period{}:
		return "is required: use Last or Between"
	case p.problem != "":
		return p.problem
	case p.last != 0:
		return checkLength(p.last)
	}
	return ""
}

// Bounds returns the start and the end of the period in UTC and whole seconds,
// as they are sent. The period of [Last] is counted back from now. Both times
// are zero if a call would refuse the period.
func (p Period) Bounds(now time.Time) (start, end time.Time) {
	fixed := p.fixed(now)
	return fixed.start, fixed.end
}

// fixed returns the period with its ends known: Last is counted back from now.
func (p Period) fixed(now time.Time) Period {
	if p.last == 0 {
		return p
	}
	return Between(now.Add(-p.last), now)
}

func formatTime(t time.Time) string {
	return t.UTC().Format(time.RFC3339)
}

// lengthUnits are the units of time_range and interval, largest first.
var lengthUnits = []struct {
	name   string
	length time.Duration
}{
	{"d", 24 * time.Hour},
	{"h", time.Hour},
	{"m", time.Minute},
	{"s", time.Second},
}

func checkLength(d time.Duration) string {
	switch {
	case d <= 0:
		return fmt.Sprintf("the length %s is not positive", d)
	case d%time.Second != 0:
		return fmt.Sprintf("the length %s is not whole seconds", d)
	}
	return ""
}

// formatLength writes a length that checkLength accepts.
func formatLength(d time.Duration) string {
	for _, unit := range lengthUnits {
		if d%unit.length == 0 {
			return strconv.FormatInt(int64(d/unit.length), 10) + unit.name
		}
	}
	return d.String()
}

func parseLength(s string) (d time.Duration, problem string) {
	for _, unit := range lengthUnits {
		digits, isUnit := strings.CutSuffix(s, unit.name)
		if !isUnit {
			continue
		}
		n, err := strconv.ParseUint(digits, 10, 64)
		longest := uint64(math.MaxInt64 / unit.length) //nolint:gosec // a length of a unit is above zero
		switch {
		case errors.Is(err, strconv.ErrRange), err == nil && n > longest:
			return 0, fmt.Sprintf("the length is more than %d%s", longest, unit.name)
		case err == nil:
			return time.Duration(n) * unit.length, "" //nolint:gosec // n is not more than the longest
		}
	}
	return 0, "want a whole number and one of d, h, m, s, as in 7d, or START/END in RFC 3339"
}
