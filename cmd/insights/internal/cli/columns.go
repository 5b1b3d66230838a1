package cli

import (
	"cmp"
	"strconv"
	"time"

	"github.com/sauceinsights/insights"
	"github.com/sauceinsights/insights/cmd/insights/internal/output"
)

// runColumns are those of a run. In CSV they are the ones of report.WriteCSV.
var runColumns = []output.Column[insights.Test]{
	{Head: "CREATED (UTC)", Field: "creation_time", Text: func(t insights.Test) string { return when(t.CreationTime) }, Raw: func(t insights.Test) string { return output.Time(t.CreationTime) }},
	{Head: "STATUS", Field: "status", Text: func(t insights.Test) string { return string(t.Status) }},
	{Head: "SECONDS", Field: "duration", Right: true, Text: func(t insights.Test) string { return shortSeconds(t.Duration) }, Raw: func(t insights.Test) string { return number(t.Duration) }},
	{Head: "TEST", Field: "name", Text: func(t insights.Test) string { return t.Name }},
	{Head: "BUILD", Field: "build", Text: func(t insights.Test) string { return t.Build }},
	{Head: "OS", Text: func(t insights.Test) string { return cmp.Or(t.OSNormalized, t.OS) }},
	{Head: "BROWSER", Text: func(t insights.Test) string { return cmp.Or(t.BrowserNormalized, t.Browser) }},
	{Head: "ERROR", Field: "error", Text: func(t insights.Test) string { return t.Error }},
	{Field: "id", Text: func(t insights.Test) string { return t.ID }},
	{Field: "owner", Text: func(t insights.Test) string { return t.Owner }},
	{Field: "ancestor", Text: func(t insights.Test) string { return t.Ancestor }},
	{Field: "start_time", Text: func(t insights.Test) string { return output.Time(t.StartTime) }},
	{Field: "end_time", Text: func(t insights.Test) string { return output.Time(t.EndTime) }},
	{Field: "os", Text: func(t insights.Test) string { return t.OS }},
	{Field: "os_normalized", Text: func(t insights.Test) string { return t.OSNormalized }},
	{Field: "browser", Text: func(t insights.Test) string { return t.Browser }},
	{Field: "browser_normalized", Text: func(t insights.Test) string { return t.BrowserNormalized }},
	{Field: "details_url", Text: func(t insights.Test) string { return t.DetailsURL }},
}

// when returns a time for people, in UTC; a dash if there is none.
func when(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.UTC().Format("2006-01-02 15:04:05")
}

func shortSeconds(s insights.Seconds) string { return strconv.FormatFloat(float64(s), 'f', 1, 64) }
func number(s insights.Seconds) string       { return strconv.FormatFloat(float64(s), 'f', -1, 64) }
