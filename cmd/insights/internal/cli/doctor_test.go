package cli

import (
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sauceinsights/insights"
	"github.com/sauceinsights/insights/insightstest"
)

func TestDoctor(t *testing.T) {
	answer := func(headers ...string) insightstest.Fault {
		f := insightstest.Reply(-1, http.StatusOK, `{"meta":{"status":200},"items":[],"has_more":false}`)
		f.Header = http.Header{}
		for i := 0; i < len(headers); i += 2 {
			f.Header.Set(headers[i], headers[i+1])
		}
		return f
	}
	for name, c := range map[string]struct {
		change  func(*desk)
		matter  string
		verdict verdict
		says    string
	}{
		"takes the credentials":             {nil, "credentials", fine, "those of " + insightstest.Username},
		"misses the key":                    {func(d *desk) { delete(d.env, "SAUCE_ACCESS_KEY") }, "credentials", problem, "SAUCE_USERNAME or SAUCE_ACCESS_KEY is not set"},
		"sends nothing without a key":       {func(d *desk) { delete(d.env, "SAUCE_ACCESS_KEY") }, "connection", unknowable, "nothing was sent"},
		"names the address":                 {nil, "address", fine, "--url: http://127.0.0.1:"},
		"finds no proxy for loopback":       {func(d *desk) { d.env["HTTP_PROXY"] = "http://proxy.example.com:3128" }, "proxy", fine, "none for this address"},
		"says that a proxy is none":         {func(d *desk) { d.env["INSIGHTS_URL"], d.env["HTTPS_PROXY"] = "https://x.invalid", "http://[" }, "proxy", problem, "is no address"},
		"has an answer":                     {nil, "connection", fine, "an answer within"},
		"has none":                          {func(d *desk) { d.Close() }, "connection", problem, "connection refused"},
		"can't tell of a key without one":   {func(d *desk) { d.Close() }, "key", unknowable, "there was no answer"},
		"finds the key good":                {nil, "key", fine, "the service takes it"},
		"finds the key bad":                 {func(d *desk) { d.env["SAUCE_ACCESS_KEY"] = "another-key-of-tests" }, "key", problem, "rejects it (401)"},
		"finds the account without a right": {func(d *desk) { d.Fail(insightstest.Reply(-1, 403, `{"message":"no"}`)) }, "key", problem, "(403)"},
		"can't tell while it is down":       {func(d *desk) { d.Fail(insightstest.Outage(-1)) }, "key", unknowable, "503"},
		"finds the clock right":             {nil, "clock", fine, "within 5s of the service's"},
		"finds the clock ahead":             {func(d *desk) { d.now = d.now.Add(10 * time.Minute) }, "clock", problem, "ahead of the service's"},
		"finds the clock behind":            {func(d *desk) { d.now = d.now.Add(-10 * time.Minute) }, "clock", problem, "behind the service's"},
		"can't tell without a date":         {func(d *desk) { d.Fail(answer("Date", "yesterday")) }, "clock", unknowable, "tells no time"},
		"knows no limit":                    {nil, "rate limit", fine, "does not say how much is left"},
		"tells what is left": {func(d *desk) {
			d.Fail(answer("X-Ratelimit-Limit", "3500", "X-Ratelimit-Remaining", "17", "X-Ratelimit-Reset", "60"))
		}, "rate limit", fine, "17 of 3500 requests left"},
		"tells that nothing is left": {func(d *desk) {
			d.Fail(answer("X-Ratelimit-Limit", "3500", "X-Ratelimit-Remaining", "0", "X-Ratelimit-Reset", "60"))
		}, "rate limit", problem, "none of 3500 requests left until"},
		"tells of the newest run": {nil, "newest run", fine, "1h0m0s ago: Login"},
		"finds none":              {func(d *desk) { d.Fail(answer()) }, "newest run", unknowable, "none in the last 30 days"},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t)
			d.now = d.now.Truncate(time.Second)
			d.Add(insights.Test{Name: "Login", CreationTime: d.now.Add(-time.Hour)})
			if c.change != nil {
				c.change(d)
			}
			out := d.run(t, "doctor", "-o", "json")
			var findings []finding
			require.NoError(t, json.Unmarshal([]byte(out.stdout), &findings), out.stderr)
			found := finding{}
			troubled := false
			for _, f := range findings {
				troubled = troubled || f.Verdict != fine
				if f.Matter == c.matter {
					found = f
				}
				if f.Verdict == problem {
					assert.NotEmpty(t, f.Do, "what to do about it")
				}
			}
			assert.Equal(t, c.verdict, found.Verdict, found.Says)
			assert.Contains(t, found.Says, c.says)
			assert.Equal(t, troubled, out.status == couldNot)
		})
	}
	t.Run("has a line for each matter", func(t *testing.T) {
		d := newDesk(t, insights.Test{Name: "Login", CreationTime: time.Now().Add(-time.Hour)})
		out := d.run(t, "doctor")
		assert.Equal(t, done, out.status, out.stdout)
		assert.Regexp(t, `(?s)^ok +version .*\nok +credentials .*\nok +address .*\nok +proxy .*\nok +connection .*\nok +key .*\nok +clock .*\nok +rate limit .*\nok +newest run .*\n$`, out.stdout)
		assert.Len(t, d.Requests(), 1)
	})
	t.Run("shows no password of an address, and obeys no name of a test", func(t *testing.T) {
		d := newDesk(t)
		d.env["INSIGHTS_URL"] = "https://mia:quartz-jumble@insights.invalid/quartz-jumble?k=quartz-jumble"
		out := d.run(t, "doctor")
		assert.Contains(t, out.stdout, "--url: https://insights.invalid\n")
		assert.NotContains(t, out.stdout+out.stderr, "quartz")
		d = newDesk(t, insights.Test{Name: "\x1b[31mred\x1b[0m\nline", CreationTime: time.Now().Add(-time.Hour)})
		assert.Contains(t, d.run(t, "doctor").stdout, ": red line\n")
	})
	t.Run("shows no password of a proxy", func(t *testing.T) {
		d := newDesk(t)
		d.env["INSIGHTS_URL"], d.env["HTTPS_PROXY"] = "https://insights.invalid", "http://mia:quartz-jumble@127.0.0.1:1"
		out := d.run(t, "doctor")
		assert.Contains(t, out.stdout, "http://127.0.0.1:1")
		assert.NotContains(t, out.stdout+out.stderr, "quartz")
	})
}
