package paging

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"runtime"
	"slices"
	"testing"

	"github.com/sauceinsights/insights/internal/fault"
)

var (
	cases     = flag.Uint64("cases", 0, "random loops to compare with the truth; by default 2,000, under the race detector 100")
	most      = flag.Int("vices", 1, "vices that a service has, at most")
	traced    = flag.Bool("trace", false, "print every exchange")
	firstCase = flag.Uint64("first-case", 0, "number of the first of them")
)

// TestLoop compares loops over random lists, of services with random habits and
// vices and with random interruptions, with what the service has: every record
// once, in order, or an error soon.
func TestLoop(t *testing.T) {
	parts := uint64(runtime.GOMAXPROCS(0))
	for part := range parts {
		t.Run(fmt.Sprintf("part %d", part+1), func(t *testing.T) {
			t.Parallel()
			for number := *firstCase + part; number < *firstCase+wantedCases(); number += parts {
				v := randomVisit(number)
				text := v.String()
				for _, problem := range v.problems() {
					t.Errorf("case %d: %s: %s", number, problem, text)
				}
			}
		})
	}
}

func wantedCases() uint64 {
	if *cases > 0 {
		return *cases
	}
	return defaultCases
}

// problems are what is wrong with a loop.
func (v visit) problems() (found []string) {
	there := slices.Clone(v.truth())
	records := len(there)
	there = slices.CompactFunc(there, func(x, y run) bool { return x.id == y.id })
	gone, arriving := slices.Clone(v.archive.vanish), len(v.arrivals)
	isQuiet := len(gone)+arriving == 0
	got, err := v.deliver()
	ids := idsOf(got)
	note := func(wrong bool, format string, args ...any) {
		if wrong {
			found = append(found, fmt.Sprintf(format, args...))
		}
	}
	unique := slices.Clone(ids)
	slices.Sort(unique)
	note(len(slices.Compact(unique)) < len(got), "twice")
	note(v.order == "asked" && !v.shuffles && (v.vices == (vices{}) || arriving == 0 && v.falseEnd == 0) && !inOrder(thoseThere(got, there), v.opts.Order), "not in order")
	if err != nil {
		mayFail := v.vices != (vices{}) || arriving > 0 && v.more != "honest" || v.order != "asked" && (v.more == "always" || arriving > 0 || records+2*arriving >= v.window)
		note(!errors.Is(err, fault.ResultWindow) && !errors.Is(err, fault.InvalidRequest) || !mayFail, "fails: %v", err)
		return found
	}
	if pages := v.pages(records); isQuiet && v.isPlain() {
		note(v.asked > 3*pages+10, "%d requests for %d pages", v.asked, pages)
	}
	if v.alone || v.order != "asked" && (v.cut > 0 || v.falseEnd > 0 || v.emptyFrom > 0) {
		return found // nothing tells a list of one page, or without an order, that ends too early from one that is as short
	}
	var want []string
	isTimelessSeen := slices.ContainsFunc(got, func(k Key) bool { return k.Created.IsZero() })
	for i, r := range there {
		if r.created.IsZero() && !isTimelessSeen {
			continue // nothing shows that there are any
		}
		if i >= v.opts.From && !slices.Contains(gone, r.id) {
			want = append(want, r.id)
		}
	}
	if arriving > 0 || len(gone) > 0 {
		note(len(missing(want, ids)) > 0, "lost %v", missing(want, ids))
		return found
	}
	note(len(got) != len(want), "delivered %d of %d", len(got), len(want))
	if v.opts.From > 0 && (v.opts.Order == NewestFirst && v.member != "created" || v.replicas > 0) {
		return found // past the result window, which of the runs of one time comes first is not told
	}
	note(len(missing(want, ids)) > 0, "lost %v", missing(want, ids))
	note(len(missing(ids, want)) > 0, "too many %v", missing(ids, want))
	return found
}

// isPlain reports whether a service leaves nothing to be found out: it needs no more
// requests than its pages, and some to learn where they end.
func (v visit) isPlain() bool {
	return v.vices == (vices{}) && v.failing == 0 && !v.killed && !v.timeless && v.twice == 0 && v.opts.LongestPeriod == 0 && v.opts.From == 0 &&
		v.order == "asked" && v.opts.Order == OldestFirst && (v.member == "created" || v.member == "started") && (v.more == "honest" || v.more == "full" || v.more == "window")
}

// pages is how many pages records take that share one with their neighbours.
func (v visit) pages(records int) int {
	size := v.opts.Size
	if size == 0 || size == growing {
		size = 1000
	}
	size = max(2, min(size, v.largestPage, v.window))
	return max(1, (records+size-2)/(size-1))
}

// thoseThere are the records that were there before the first request. One that
// arrives may be delivered when it is met, and disturbs no other.
func thoseThere(got []Key, there []run) []Key {
	return slices.DeleteFunc(slices.Clone(got), func(k Key) bool {
		return !slices.ContainsFunc(there, func(r run) bool { return r.id == k.ID })
	})
}

// truth is what the service would give of the whole period, in one page.
func (v visit) truth() []run {
	return v.list(v.opts.Start, v.opts.End, v.opts.Order)
}

func missing(want, got []string) (lost []string) {
	there := make(map[string]bool)
	for _, id := range got {
		there[id] = true
	}
	for _, id := range want {
		if !there[id] {
			lost = append(lost, id)
		}
	}
	return lost
}

// deliver delivers the records, and goes on if that ends: after a failure with
// what Rest says, after a kill with the position of what was kept.
func (v visit) deliver() (got []Key, err error) {
	s := &service{limit: 30_000, latency: v.latency, answer: func(r request) (reply, error) { return v.fetch(context.Background(), r.Request) }}
	opts := v.opts
	for range 300 {
		kill := -1
		if v.killed {
			kill = 1 + v.random.IntN(60)
		}
		part, rest, err := s.readUntil(context.Background(), opts, kill, func() { v.archive.began, v.sinceNew = true, 0 })
		got = append(got, part...)
		switch {
		case err == nil && len(part) == kill:
			if opts.After = v.kept(got); v.timeless {
				opts.From, opts.After = rest.From, rest.After
			}
			continue
		case err == nil, errors.Is(err, fault.ResultWindow):
			return got, err
		case !errors.Is(err, fault.Server):
			return got, err
		}
		opts.From = rest.From
		if opts.After, err = throughText(rest.After); err != nil {
			return got, err
		}
	}
	return got, errEndless
}

// kept is what a program can tell of the records that it kept.
func (v visit) kept(got []Key) Position {
	last := got[len(got)-1].Created
	if last.IsZero() {
		return Position{Others: idsOf(got)}
	}
	p := Position{Time: last}
	for _, k := range got {
		if k.Created.Equal(last) {
			p.IDs = append(p.IDs, k.ID)
		}
	}
	return p
}

func throughText(p Position) (Position, error) {
	back, ok := ParsePosition(p.Text())
	if !ok {
		return p, errors.New("the text of a position is none: " + p.Text())
	}
	return back, nil
}
