package cli

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/net/http/httpproxy"

	"github.com/sauceinsights/insights"
	"github.com/sauceinsights/insights/cmd/insights/internal/output"
)

// verdict is what the doctor says of a matter.
type verdict string

const (
	fine       verdict = "ok"
	problem    verdict = "problem"
	unknowable verdict = "could not tell"
)

// finding is a line of the doctor.
type finding struct {
	Matter  string  `json:"matter"`
	Verdict verdict `json:"verdict"`
	Says    string  `json:"says"`
	Do      string  `json:"do,omitempty"` // what to do; empty: nothing
}

// maxSkew is how far a clock may be off: all that counts in whole seconds is right
// then, but for the delay of an answer.
const maxSkew = 5 * time.Second

func (s *shell) doctorCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Finds out why calls fail: credentials, region, proxy, clock",
		Long: `Finds out why calls fail: a line each for the credentials, the address, the
proxy, the connection, the key, the clock, the rate limit and the newest run,
with what to do. It sends one request.

Exit status: 0 all is well, 1 something is not, or could not be told.`,
		Args: cobra.NoArgs,
	}
	format := "text"
	cmd.Flags().VarP(oneOf(&format, "text", "json"), "output", "o", "the `format`: text or json")
	timeout := cmd.Flags().Duration("timeout", 30*time.Second, "most `time` for everything")
	complete(cmd, "output", "text", "json")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		ctx, cancel := context.WithTimeout(cmd.Context(), *timeout)
		defer cancel()
		findings := s.examine(ctx)
		if err := s.writeFindings(findings, format); err != nil {
			return err
		}
		return troubles(findings)
	}
	return cmd
}

func troubles(findings []finding) error {
	n := 0
	for _, f := range findings {
		if f.Verdict != fine {
			n++
		}
	}
	if n == 0 {
		return nil
	}
	return fmt.Errorf("%d of %d matters are not well, or could not be told", n, len(findings))
}

func (s *shell) writeFindings(findings []finding, format string) error {
	if format == "json" {
		e := json.NewEncoder(s.Stdout)
		e.SetIndent("", "  ")
		return e.Encode(findings)
	}
	var text strings.Builder
	for _, f := range findings {
		fmt.Fprintf(&text, "%-15s %-12s %s\n", f.Verdict, f.Matter, output.OneLine(f.Says))
		if f.Do != "" {
			fmt.Fprintf(&text, "%-15s %-12s → %s\n", "", "", f.Do)
		}
	}
	_, err := s.Stdout.Write([]byte(text.String()))
	return err
}

// examine asks for one run, and looks at what came back.
func (s *shell) examine(ctx context.Context) []finding {
	findings := []finding{{"version", fine, "insights " + version(), ""}, s.examineCredentials(), s.examineAddress(), s.examineProxy()}
	for _, f := range findings {
		if f.Verdict == problem {
			return append(findings, finding{"connection", unknowable, "nothing was sent", "mend what is said above first"})
		}
	}
	service, err := s.account.Connect(s.Now(), append([]insights.Option{insights.WithRetry(insights.RetryPolicy{MaxAttempts: 1})}, s.Options...)...)
	if err != nil {
		return append(findings, finding{"connection", problem, err.Error(), "mend the flags"})
	}
	defer service.Close()
	var info insights.ResponseInfo
	page, err := service.Client.Tests(ctx, insights.TestsOptions{Period: insights.Last(30 * 24 * time.Hour), Order: insights.NewestFirst, Size: 1}, insights.CaptureResponse(&info))
	findings = append(findings, examineConnection(err, info), examineKey(err, info))
	if info.StatusCode == 0 {
		return findings
	}
	return append(findings, examineClock(info.Header, s.Now()), examineLimit(info.RateLimit), examineNewest(page, err, s.Now()))
}

func (s *shell) examineCredentials() finding {
	c := s.account.Credentials
	switch {
	case s.account.IsDemo:
		return finding{"credentials", fine, "none are needed: --demo asks a fake service in this process", ""}
	case c.Username == "" || c.AccessKey == "":
		return finding{"credentials", problem, "SAUCE_USERNAME or SAUCE_ACCESS_KEY is not set", "set both: the access key is on the page User Settings of the account"}
	}
	return finding{"credentials", fine, "those of " + c.Username, ""}
}

func (s *shell) examineAddress() finding {
	if s.account.IsDemo {
		return finding{"address", fine, "in this process", ""}
	}
	if s.account.URL != "" {
		return finding{"address", fine, "--url: " + shownAddress(s.account.URL), ""}
	}
	return finding{"address", fine, string(s.account.Region) + ": " + s.account.Region.BaseURL(), ""}
}

// shownAddress is an address without what may be a password in it.
func shownAddress(text string) string {
	address, err := url.Parse(text)
	if err != nil {
		return "no address"
	}
	return address.Scheme + "://" + address.Host
}

// examineProxy says which proxy there is for the address, without its password.
func (s *shell) examineProxy() finding {
	config := httpproxy.Config{
		HTTPProxy: s.firstOf("HTTP_PROXY", "http_proxy"), HTTPSProxy: s.firstOf("HTTPS_PROXY", "https_proxy"), NoProxy: s.firstOf("NO_PROXY", "no_proxy"),
	}
	address, err := url.Parse(cmp.Or(s.account.URL, s.account.Region.BaseURL()))
	if err != nil {
		return finding{"proxy", problem, "the address is none", "mend --url"}
	}
	proxy, err := config.ProxyFunc()(address)
	switch {
	case err != nil, proxy != nil && strings.HasSuffix(proxy.Host, ":"):
		return finding{"proxy", problem, "HTTPS_PROXY or HTTP_PROXY is no address", "set it to http://HOST:PORT, or unset it"}
	case proxy == nil:
		return finding{"proxy", fine, "none for this address", ""}
	}
	return finding{"proxy", fine, proxy.Scheme + "://" + proxy.Host, ""}
}

func (s *shell) firstOf(names ...string) string {
	for _, name := range names {
		if value := s.env[name]; value != "" {
			return value
		}
	}
	return ""
}

func examineConnection(err error, info insights.ResponseInfo) finding {
	if info.StatusCode != 0 {
		return finding{"connection", fine, fmt.Sprintf("an answer within %s", info.Elapsed.Round(time.Millisecond)), ""}
	}
	return finding{"connection", problem, oneLineOf(err), "check the address, the proxy and the certificates of this machine; docs/troubleshooting.md explains the text"}
}

func examineKey(err error, info insights.ResponseInfo) finding {
	switch {
	case errors.Is(err, insights.ErrUnauthorized):
		return finding{"key", problem, "the service rejects it (401)", "check both, and the region: a key is valid in one region only"}
	case errors.Is(err, insights.ErrForbidden):
		return finding{"key", problem, "the account may not see runs (403)", "ask an administrator of the organization"}
	case info.StatusCode == 0:
		return finding{"key", unknowable, "there was no answer", ""}
	case err != nil:
		return finding{"key", unknowable, oneLineOf(err), "try again later"}
	}
	return finding{"key", fine, "the service takes it", ""}
}

// examineClock compares the clocks. The service tells whole seconds.
func examineClock(header http.Header, now time.Time) finding {
	date, err := http.ParseTime(header.Get("Date"))
	if err != nil {
		return finding{"clock", unknowable, "the service tells no time", ""}
	}
	skew := now.Sub(date).Round(time.Second)
	switch {
	case skew > maxSkew:
		return finding{"clock", problem, fmt.Sprintf("%s ahead of the service's", skew), "set the clock of this machine, with NTP for one"}
	case skew < -maxSkew:
		return finding{"clock", problem, fmt.Sprintf("%s behind the service's", -skew), "set the clock of this machine, with NTP for one"}
	}
	return finding{"clock", fine, fmt.Sprintf("within %s of the service's", maxSkew), ""}
}

func examineLimit(limit insights.RateLimit) finding {
	switch {
	case limit == insights.RateLimit{}:
		return finding{"rate limit", fine, "the service does not say how much is left; 10 a second and 3,500 an hour are documented", ""}
	case limit.Remaining == 0 && !limit.Reset.IsZero():
		return finding{"rate limit", problem, fmt.Sprintf("none of %d requests left until %s", limit.Limit, limit.Reset.UTC().Format(time.TimeOnly)), "let everything of the account share a limit: see limiters/redis"}
	}
	return finding{"rate limit", fine, fmt.Sprintf("%d of %d requests left", limit.Remaining, limit.Limit), ""}
}

func examineNewest(page *insights.TestList, err error, now time.Time) finding {
	switch {
	case err != nil:
		return finding{"newest run", unknowable, "there is no list", ""}
	case len(page.Items) == 0:
		return finding{"newest run", unknowable, "none in the last 30 days", "only runs on virtual devices are listed; try --scope organization with insights tests"}
	case page.Items[0].CreationTime.IsZero():
		return finding{"newest run", unknowable, "it has no creation time", ""}
	}
	return finding{"newest run", fine, fmt.Sprintf("%s ago: %s", now.Sub(page.Items[0].CreationTime).Round(time.Second), page.Items[0].Name), ""}
}

func oneLineOf(err error) string {
	return strings.TrimPrefix(strings.ReplaceAll(err.Error(), "\n", "; "), "insights: ")
}
