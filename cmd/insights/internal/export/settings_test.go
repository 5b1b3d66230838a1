package export

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sauceinsights/insights"
)

func TestSettingsCheck(t *testing.T) {
	t.Run("mistakes are said before anything is done", func(t *testing.T) {
		t.Parallel()
		for name, args := range map[string][]string{
			"no file":             {"-o", ""},
			"an unknown ending":   {"-o", "x.xlsx"},
			"gzip of nothing":     {"-o", "x.gz"},
			"an unknown flag":     {"--nope"},
			"a surplus argument":  {"surplus"},
			"no period":           {"--period", "soon"},
			"a turned period":     {"--period", "2021-05-02T00:00:00Z/2021-05-01T00:00:00Z"},
			"less than no page":   {"--page", "-1"},
			"no request":          {"--concurrency", "0"},
			"less than no runs":   {"--runs", "-1"},
			"single without user": {"--scope", "single"},
			"a region of Mars":    {"--region", "mars"},
			"a bad address":       {"--url", "ftp://127.0.0.1"},
			"an unknown column":   {"--columns", "id,colour"},
			"a mark in NDJSON":    {"--bom"},
			"a format of a file":  {"--format", "csv"},
			"an unknown format":   {"-o", "-", "--format", "xlsx"},
			"since the newest":    {"--since-last", "mark.json", "--newest-first"},
			"half an order":       {"--newest-first=maybe"},
		} {
			t.Run(name, func(t *testing.T) {
				file := in(t, "week.ndjson")
				status, stdout, stderr := start(t, append([]string{"-o", file}, args...))
				assert.Equal(t, failed, status)
				assert.Empty(t, stdout)
				assert.Equal(t, 1, strings.Count(stderr, "\n"), stderr)
				assert.Empty(t, names(t, file))
			})
		}
	})

	t.Run("flags select runs", func(t *testing.T) {
		t.Parallel()
		s, _, err := parse([]string{
			"-o", "x.csv", "--period", week, "--newest-first", "--scope", "single", "--owner", "mia", "--owner", "ben",
			"--status", "failed", "--build", "b 1", "--missing-build", "--query", "Checkout", "--error", "no \"total\"", "--page", "50",
		})
		require.NoError(t, err)
		assert.Equal(t, insights.TestsOptions{
			Period: insights.Between(weekStart, weekEnd), Order: insights.NewestFirst, Scope: insights.ScopeSingle, Owner: []string{"mia", "ben"},
			Status: insights.StatusFailed, Build: "b 1", MissingBuild: true, Query: "Checkout", Error: "no \"total\"", Size: 50,
		}, s.tests)
		assert.Equal(t, `--period "`+week+`" --newest-first --scope "single" --owner "ben,mia" --status "failed" --build "b 1" --missing-build --query "Checkout" --error "no \"total\""`, s.selection)
	})
}
