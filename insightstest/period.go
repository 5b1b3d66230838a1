package insightstest

import (
	"strconv"
	"strings"
	"time"
)

// endOfTime bounds a period that a request left open, in microseconds, with
// room for sums.
const endOfTime = 1 << 61

// readPeriod reads the two forms of a period: start and end, or time_range.
func (r *reader) readPeriod(p *params) {
	start, end, length := r.values.Get("start"), r.values.Get("end"), r.values.Get("time_range")
	switch {
	case length != "" && (start != "" || end != ""):
		r.refuse("time_range", "start and end, or time_range: not both.")
	case length != "":
		r.readTimeRange(p, length)
	case start != "" && end != "":
		r.readEnds(p, start, end)
	case start == "" && end == "" && r.optionalPeriod:
		p.first, p.last = -endOfTime, endOfTime
	default:
		r.refuse("start", "start and end parameters are required.")
	}
}

// readTimeRange accepts a leading minus, as the real service was seen to do.
func (r *reader) readTimeRange(p *params, text string) {
	d, ok := parseLength(strings.TrimPrefix(text, "-"))
	if !ok {
		r.refuse("time_range", "time_range must be a whole number and one of d, h, m, s.")
	}
	now := r.now()
	r.setPeriod(p, now.Add(-d), now)
}

func (r *reader) readEnds(p *params, start, end string) {
	from, to := r.instant("start", start), r.instant("end", end)
	if r.err == nil && !from.Before(to) {
		r.refuse("start", "start must be before end.")
	}
	r.setPeriod(p, from, to)
}

func (r *reader) setPeriod(p *params, start, end time.Time) {
	if r.longestPeriod > 0 && end.Sub(start) > r.longestPeriod {
		r.refuse("start", "the period must not be longer than %s.", r.longestPeriod)
	}
	p.first, p.last = start.UnixMicro(), end.UnixMicro()
	if r.ends == ExclusiveEnds {
		p.first++
	}
	if r.ends != InclusiveEnds {
		p.last--
	}
}

// instant reads a time in RFC 3339 or in Unix seconds.
func (r *reader) instant(name, text string) time.Time {
	if seconds, err := strconv.ParseInt(text, 10, 40); err == nil && !r.noUnixTime {
		return time.Unix(seconds, 0)
	}
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		r.refuse(name, "%s must be a time as 2006-01-02T15:04:05Z.", name)
	}
	return t
}

// parseLength reads a whole number, greater than zero, and a unit.
func parseLength(text string) (time.Duration, bool) {
	if text == "" {
		return 0, false
	}
	unit, known := lengthUnits[text[len(text)-1]]
	n, err := strconv.ParseUint(text[:len(text)-1], 10, 31)
	if !known || err != nil || n == 0 || n > uint64(longestLength/unit) {
		return 0, false
	}
	return time.Duration(n) * unit, true
}

const longestLength = 1<<63 - 1

var lengthUnits = map[byte]time.Duration{
	's': time.Second,
	'm': time.Minute,
	'h': time.Hour,
	'd': 24 * time.Hour,
}
