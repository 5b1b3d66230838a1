package dashboard

import (
	"fmt"
	"html/template"
	"net/url"
	"reflect"
	"strings"
	"time"

	"github.com/dustin/go-humanize"

	"github.com/sauceinsights/insights"
	"github.com/sauceinsights/insights/report"
)

// functions are those of the templates.
var functions = template.FuncMap{
	"rate": rate, "comma": func(n int) string { return humanize.Comma(int64(n)) }, "when": when, "day": func(t time.Time) string { return t.UTC().Format("Mon 2 Jan") },
	"span": span, "seconds": seconds, "took": took, "mark": mark, "strip": strip, "cut": cut, "link": link, "bar": bar, "chart": chart, "change": change, "first": first,
	"state": state, "safe": safe, "cell": func(c Coverage, os, browser string) report.Counts { return c.Counts[[2]string{os, browser}] }, "orNone": orNone,
}

// rate is the pass rate, or that there is none.
func rate(c report.Counts) string {
	if r, ok := c.PassRate(); ok {
		return fmt.Sprintf("%.1f%%", 100*r)
	}
	return "no rate"
}

func when(t time.Time) string {
	if t.IsZero() {
		return "–"
	}
	return t.UTC().Format("2006-01-02 15:04")
}

// span is a period in words.
func span(from, to time.Time) string {
	return from.UTC().Format("2 Jan 2006 15:04") + " – " + to.UTC().Format("2 Jan 2006 15:04") + " UTC"
}

func seconds(s insights.Seconds) string {
	switch d := s.Duration(); {
	case s < 0:
		return "–"
	case d < time.Minute-50*time.Millisecond:
		return fmt.Sprintf("%.1f s", float64(s))
	case d < time.Hour-500*time.Millisecond:
		d = d.Round(time.Second)
		return fmt.Sprintf("%dm%02ds", d/time.Minute, d%time.Minute/time.Second)
	default:
		d = d.Round(time.Minute)
		return fmt.Sprintf("%dh%02dm", d/time.Hour, d%time.Hour/time.Minute)
	}
}

// took is the run time of a run.
func took(run insights.Test) string {
	d, ok := runTime(run)
	if !ok {
		return "–"
	}
	return seconds(d)
}

// mark is a status as a sign, so that no colour is needed.
func mark(s insights.Status) string {
	switch {
	case s == insights.StatusPassed:
		return "✓"
	case s == insights.StatusFailed:
		return "✗"
	case s.IsError():
		return "!"
	case s == insights.StatusComplete:
		return "○"
	}
	return "…"
}

// state is a status as the name of a class.
func state(s insights.Status) string {
	switch {
	case s == insights.StatusPassed:
		return "passed"
	case s == insights.StatusFailed:
		return "failed"
	case s.IsError():
		return "errored"
	}
	return "other"
}

func strip(statuses []insights.Status) string {
	var text strings.Builder
	for _, s := range statuses {
		text.WriteString(mark(s))
	}
	return text.String()
}

// cut shortens a text, which may be as long as a page.
func cut(n int, text string) string {
	runes := []rune(strings.Join(strings.Fields(text), " "))
	if len(runes) <= n {
		return string(runes)
	}
	return string(runes[:n-1]) + "…"
}

func orNone(text string) string {
	if text == "" {
		return "(none)"
	}
	return text
}

// safe is an address that a link may lead to; empty: none.
func safe(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil {
		return ""
	}
	return u.String()
}

// change is the pass rate against that of the period before.
func change(b *Board) string {
	if b.Change == nil {
		return "no runs in the period before"
	}
	now, isNow := b.Now.Counts.PassRate()
	before, wasBefore := b.Before.Counts.PassRate()
	if !isNow || !wasBefore {
		return "no rate to compare with"
	}
	said := fmt.Sprintf("%+.1f points against the period before", 100*(now-before))
	if !b.Change.Significant {
		said += ", which chance explains too"
	}
	return said
}

// first returns the first of a list.
func first(n int, list any) any {
	v := reflect.ValueOf(list)
	return v.Slice(0, min(n, v.Len())).Interface()
}

// bar is the runs of a build by status, as wide as the share of each.
func bar(c report.Counts) template.HTML {
	const width = 200
	var svg strings.Builder
	fmt.Fprintf(&svg, `<svg class="bar" viewBox="0 0 %d 12" width="%d" height="12" role="img" aria-label="%d passed, %d failed, %d errored, %d others of %d runs">`, width, width, c.Passed, c.Failed, c.Errored, c.Complete+c.Other, c.Runs)
	x := 0.0
	for _, part := range []struct {
		class string
		n     int
	}{{"passed", c.Passed}, {"failed", c.Failed}, {"errored", c.Errored}, {"other", c.Complete + c.Other}} {
		if part.n == 0 || c.Runs == 0 {
			continue
		}
		w := float64(width) * float64(part.n) / float64(c.Runs)
		fmt.Fprintf(&svg, `<rect class="%s" x="%.1f" y="0" width="%.1f" height="12"/>`, part.class, x, w)
		x += w
	}
	svg.WriteString("</svg>")
	return template.HTML(svg.String()) //nolint:gosec // numbers and names of our own classes
}

// chart is the runs of each day, those that did not pass on top. Its labels are HTML
// beside it, so that they are legible on a phone.
func chart(days []Day) template.HTML {
	const height, step, width = 120.0, 24.0, 16.0
	most := 1
	for _, d := range days {
		most = max(most, d.Counts.Runs)
	}
	var svg strings.Builder
	fmt.Fprintf(&svg, `<svg class="chart" viewBox="0 0 %.0f %.0f" preserveAspectRatio="none" role="img" aria-label="runs a day, and how many passed: the table below has the figures">`, max(step*float64(len(days)), step), height)
	for i, d := range days {
		x, y := step*float64(i)+(step-width)/2, height
		for _, part := range []struct {
			class string
			n     int
		}{{"passed", d.Counts.Passed}, {"other", d.Counts.Complete + d.Counts.Other}, {"errored", d.Counts.Errored}, {"failed", d.Counts.Failed}} {
			h := (height - 4) * float64(part.n) / float64(most)
			y -= h
			if part.n > 0 {
				fmt.Fprintf(&svg, `<rect class="%s" x="%.1f" y="%.1f" width="%.0f" height="%.1f"/>`, part.class, x, y, width, h)
			}
		}
	}
	svg.WriteString("</svg>")
	return template.HTML(svg.String()) //nolint:gosec // numbers and names of our own classes
}

// link is an address of the dashboard with parameters, the filter's among them.
func link(b *Board, path string, pairs ...string) string {
	values := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		values.Set(pairs[i], pairs[i+1])
	}
	for name, value := range map[string]string{"os": b.Filter.OS, "browser": b.Filter.Browser, "owner": b.Filter.Owner} {
		if value != "" {
			values.Set(name, value)
		}
	}
	values.Set("period", PeriodName(b.To.Sub(b.From)))
	return path + "?" + values.Encode()
}

// PeriodName is the length of a period as the address has it: 7d.
func PeriodName(d time.Duration) string {
	return fmt.Sprintf("%dd", int(d.Round(24*time.Hour)/(24*time.Hour)))
}
