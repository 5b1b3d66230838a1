package insights

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/sauceinsights/insights/internal/redact"
	"github.com/stretchr/testify/assert"
)

func TestAPIErrorText(t *testing.T) {
	t.Run("says what to do", func(t *testing.T) {
		for _, test := range []struct {
			status  int
			path    string
			headers []string
			want    string
		}{
			{401, testsPath, nil, "401 Unauthorized: denied; check the user name and the access key, and the region: a key is valid in one region only, and this client asked insights.test"},
			{403, testsPath, nil, "403 Forbidden: denied; the account may not see this: check scope and owner"},
			{404, errorTrendsPath, nil, "404 Not Found: denied; the service may no longer offer error trends: newer documentation does not list them"},
			{404, testsPath, nil, "404 Not Found: denied; check that insights.test serves the Insights API"},
			{407, testsPath, nil, "407 Proxy Authentication Required: denied; a proxy on the way asks for credentials: give its URL with them to the transport of WithHTTPClient"},
			{429, testsPath, nil, "429 Too Many Requests: denied; the documented limits are 10 requests a second and 3,500 an hour for an account: let everything share one Client, or lower WithRateLimit"},
			{302, testsPath, []string{"Location", "https://sso.example/login?token=x"}, "302 Found: denied; redirects are followed to the same scheme, host and port only, and not more than 10 times; this one leads to https://sso.example"},
			{304, testsPath, nil, "304 Not Modified: denied"},
			{308, testsPath, nil, "308 Permanent Redirect: denied; redirects are followed to the same scheme, host and port only, and not more than 10 times; this one leads nowhere"},
			{400, testsPath, nil, "400 Bad Request: denied"},
			{500, testsPath, nil, "500 Internal Server Error: denied"},
			{599, testsPath, nil, "599: denied"},
			{418, testsPath, []string{"X-Request-Id", "r-17"}, "418 I'm a teapot: denied [request r-17]"},
		} {
			for _, call := range theCalls {
				if call.path != test.path {
					continue
				}
				transport, _ := inTurn(replying(test.status, "denied", test.headers...))
				_, err := call.do(t.Context(), clientOver(t, transport, WithRetry(RetryPolicy{MaxAttempts: 1})))
				assert.EqualError(t, err, "insights: GET "+test.path+": "+test.want)
			}
		}
	})
	t.Run("says after how many attempts", func(t *testing.T) {
		transport, _ := inTurn(503, 503, replying(503, `{"message":"maintenance"}`, "X-Request-Id", "r-3"))
		err := ask(t.Context(), clientOver(t, transport, WithRetry(RetryPolicy{MaxAttempts: 3, BaseWait: 1})))
		assert.EqualError(t, err, "insights: GET /v1/analytics/tests: 503 Service Unavailable: maintenance (after 3 attempts) [request r-3]")
	})
	t.Run("is one short printable line", func(t *testing.T) {
		long := strings.Repeat("long ", 100_000)
		hostile := "a\nb\r\tc\x1b[31md\x00\u202e\u200b\x7f\u0085\u2028e "
		transport, _ := inTurn(replying(302, hostile+long, "X-Request-Id", hostile+long, "Location", "https://"+strings.Repeat("h", 100_000)+"/"))
		err := ask(t.Context(), clientOver(t, transport))
		assert.NotContains(t, err.Error(), "\n")
		checkLine(t, err)
		assert.Contains(t, err.Error(), "a b c d e long")
	})
}

func checkLine(t *testing.T, err error) {
	t.Helper()
	assert.False(t, strings.ContainsFunc(err.Error(), isUnfit), "%q", err.Error())
	assert.Less(t, utf8.RuneCountInString(err.Error()), 4*redact.MaxLine)
}

func isUnfit(r rune) bool { return !unicode.IsPrint(r) }
