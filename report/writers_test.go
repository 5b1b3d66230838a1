package report_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sauceinsights/insights"
	"github.com/sauceinsights/insights/report"
)

var errFull = errors.New("no space left")

// shortWriter takes a number of bytes and then fails.
type shortWriter struct{ room int }

func (w *shortWriter) Write(p []byte) (int, error) {
	if len(p) > w.room {
		return 0, errFull
	}
	w.room -= len(p)
	return len(p), nil
}

func TestWriteErrors(t *testing.T) {
	t.Run("of the writer are reported by all", func(t *testing.T) {
		s := summarize(t, report.Options{}, week()...)
		runs := report.Replay(week(), nil)
		for name, write := range map[string]func(io.Writer) error{
			"text":     func(w io.Writer) error { return report.WriteText(w, s, report.WriteOptions{}) },
			"markdown": func(w io.Writer) error { return report.WriteMarkdown(w, s, report.WriteOptions{}) },
			"json":     func(w io.Writer) error { return report.WriteJSON(w, s, report.WriteOptions{}) },
			"junit":    func(w io.Writer) error { return report.WriteJUnit(w, runs, report.JUnitOptions{}) },
			"csv":      func(w io.Writer) error { _, err := report.WriteCSV(w, runs, report.CSVOptions{}); return err },
			"ndjson":   func(w io.Writer) error { _, err := report.WriteNDJSON(w, runs); return err },
		} {
			t.Run(name, func(t *testing.T) {
				assert.ErrorIs(t, write(&shortWriter{0}), errFull)
				assert.ErrorIs(t, write(&shortWriter{300}), errFull)
			})
		}
	})
}

func TestWriteOptionsGate(t *testing.T) {
	t.Run("is refused if it makes no sense", func(t *testing.T) {
		s := summarize(t, report.Options{}, week()...)
		opts := report.WriteOptions{Gate: &report.Gate{MinPassRate: 95}}
		for _, write := range []func(io.Writer, *report.Summary, report.WriteOptions) error{report.WriteText, report.WriteMarkdown, report.WriteJSON} {
			assert.ErrorIs(t, write(io.Discard, s, opts), insights.ErrInvalidOptions)
		}
		assert.Error(t, report.WriteText(io.Discard, nil, report.WriteOptions{}))
		assert.Error(t, report.WriteMarkdown(io.Discard, nil, report.WriteOptions{}))
	})
}

func TestWriteJSON(t *testing.T) {
	t.Run("reads back without loss", func(t *testing.T) {
		want := summarize(t, report.Options{PerPlatform: true, Since: map[string]time.Time{"test 01": monday.Add(time.Hour)}}, randomRuns(2, 300)...)
		var out bytes.Buffer
		require.NoError(t, report.WriteJSON(&out, want, report.WriteOptions{}))
		var got struct{ Summary *report.Summary }
		require.NoError(t, json.Unmarshal(out.Bytes(), &got))
		assert.Equal(t, want, got.Summary)
	})
	t.Run("has a null pass rate without a decided run", func(t *testing.T) {
		text, err := json.Marshal(report.Counts{Runs: 1, Complete: 1})
		require.NoError(t, err)
		assert.Contains(t, string(text), `"pass_rate":null`)
		text, err = json.Marshal(report.Counts{Runs: 2, Passed: 1, Failed: 1})
		require.NoError(t, err)
		assert.Contains(t, string(text), `"decided":2,"pass_rate":0.5`)
	})
}

func TestWriteMarkdownMaxBytes(t *testing.T) {
	t.Run("cuts between lines and says so", func(t *testing.T) {
		s := summarize(t, report.Options{}, week()...)
		var whole bytes.Buffer
		require.NoError(t, report.WriteMarkdown(&whole, s, report.WriteOptions{MaxBytes: -1}))
		for limit := 1; limit <= whole.Len()+100; limit += 7 {
			var out bytes.Buffer
			require.NoError(t, report.WriteMarkdown(&out, s, report.WriteOptions{MaxBytes: limit}))
			require.LessOrEqual(t, out.Len(), limit)
			text, isCut := strings.CutSuffix(out.String(), fmt.Sprintf("\n_Cut at %s bytes._\n", thousands(limit)))
			require.True(t, strings.HasPrefix(whole.String(), text))
			require.True(t, text == "" || strings.HasSuffix(text, "|\n") || strings.HasSuffix(text, "\n"))
			require.Equal(t, isCut, text != whole.String() && out.Len() > 0, limit)
			require.False(t, strings.HasSuffix(text, "--:|\n"), "a table's head without a row")
		}
	})
	t.Run("cuts nothing that fits with the notice", func(t *testing.T) {
		s := summarize(t, report.Options{}, week()...)
		var whole, out bytes.Buffer
		require.NoError(t, report.WriteMarkdown(&whole, s, report.WriteOptions{}))
		room := whole.Len() + len("\n_Cut at 9,999 bytes._\n")
		require.NoError(t, report.WriteMarkdown(&out, s, report.WriteOptions{MaxBytes: room}))
		assert.Equal(t, whole.String(), out.String())
		out.Reset()
		require.NoError(t, report.WriteMarkdown(&out, s, report.WriteOptions{MaxBytes: room - 1}))
		assert.Contains(t, out.String(), "_Cut at")
	})
	t.Run("fits a job summary by default", func(t *testing.T) {
		var runs []insights.Test
		for i := range 1_100 {
			runs = append(runs, run(fmt.Sprintf("%05d %s", i, strings.Repeat("𝄞", 100)), insights.StatusFailed, 0))
			runs[i].Error = strings.Repeat("𝄞", 200)
		}
		var out bytes.Buffer
		require.NoError(t, report.WriteMarkdown(&out, summarize(t, report.Options{}, runs...), report.WriteOptions{Top: -1}))
		assert.LessOrEqual(t, out.Len(), 1<<20)
		assert.Greater(t, out.Len(), 1<<20-1000)
		assert.True(t, strings.HasSuffix(out.String(), "|\n\n_Cut at 1,048,576 bytes._\n"))
	})
}

func thousands(n int) string {
	if n < 1000 {
		return fmt.Sprint(n)
	}
	return fmt.Sprintf("%d,%03d", n/1000, n%1000)
}

// nowhere returns the run without its platform.
func nowhere(r insights.Test) insights.Test {
	r.OS, r.Browser = "", ""
	return r
}

func TestWriteMarkdown(t *testing.T) {
	t.Run("takes nothing in a name for markup", func(t *testing.T) {
		for name, want := range map[string]string{
			"a|b":                    "`a\\|b`",
			"a\nb\tc":                "`a b c`",
			"<script>&amp;*_@team":   "`<script>&amp;*_@team`",
			"a`b":                    "``a`b``",
			"`a":                     "`` `a ``",
			"a`":                     "`` a` ``",
			"`a``b`":                 "``` `a``b` ```",
			`a\|b`:                   "`a\\ \\|b`",
			"\x1b[31mred\u202e\x07":  "`red\uFFFD\uFFFD`",
			strings.Repeat("x", 100): "`" + strings.Repeat("x", 53) + "…" + strings.Repeat("x", 26) + "`",
			"":                       "`(no name)`",
		} {
			var out bytes.Buffer
			require.NoError(t, report.WriteMarkdown(&out, summarize(t, report.Options{}, nowhere(run(name, insights.StatusFailed, 0))), report.WriteOptions{}))
			assert.Contains(t, out.String(), "\n| "+want+" | 1 of 1 |", name)
		}
	})
	t.Run("pings nobody", func(t *testing.T) {
		runs := history("@acme/tests", "PFPF")
		for i := range runs {
			runs[i].Build = []string{"@acme/web", "@acme/shop"}[i%2]
			runs[i].OS, runs[i].Browser, runs[i].Error = []string{"@os", "@other"}[i%2], []string{"@chrome", "@safari"}[i%2], "ask @ann"
		}
		s, err := report.Summarize(report.Replay(runs, errors.New("ask @support")), report.Options{PerPlatform: true})
		require.Error(t, err)
		comparison, err := report.Compare(summarize(t, report.Options{PerPlatform: true}), s, report.CompareOptions{})
		require.NoError(t, err)
		for _, gate := range []*report.Gate{nil, {MinPassRate: 1, PerBuild: true}} {
			var out bytes.Buffer
			require.NoError(t, report.WriteMarkdown(&out, s, report.WriteOptions{Title: "Build @acme/web", Gate: gate, Comparison: comparison}))
			for _, found := range pings.FindAllString(out.String(), -1) {
				assert.True(t, strings.HasPrefix(found, "`"), "%s in\n%s", found, out.String())
			}
			assert.Contains(t, out.String(), "@acme/web")
		}
	})
	t.Run("links the job of a failure", func(t *testing.T) {
		for address, want := range map[string]string{
			"https://saucelabs.com/rest/v1.1/acme/jobs/0a1": "| [`login`](https://saucelabs.com/rest/v1.1/acme/jobs/0a1) | 1 of 1 |",
			"https://example.com/a)|b":                      "| [`login`](https://example.com/a%29%7Cb) | 1 of 1 |",
			"javascript:alert(1)":                           "| `login` | 1 of 1 |",
			"https://user:secret@example.com/":              "| `login` | 1 of 1 |",
			"":                                              "| `login` | 1 of 1 |",
		} {
			r := nowhere(run("login", insights.StatusFailed, 0))
			r.DetailsURL = address
			var out bytes.Buffer
			require.NoError(t, report.WriteMarkdown(&out, summarize(t, report.Options{}, r), report.WriteOptions{}))
			assert.Contains(t, out.String(), want)
			assert.NotContains(t, out.String(), "secret")
		}
	})
	t.Run("quotes a title only if it could be markup, a link or a name", func(t *testing.T) {
		for title, want := range map[string]string{
			"Nightly":                      "Nightly",
			"Build nightly-118":            "Build nightly-118",
			"Test report (generated runs)": "Test report (generated runs)",
			"web_shop 1.4+2, Größe":        `web\_shop 1.4+2, Größe`,
			"a_b <c> *d*\n`e`":             "`` a_b <c> *d* `e` ``",
			"Build @acme/web":              "`Build @acme/web`",
			"https://evil.example":         "`https://evil.example`",
			"see WWW.evil.example":         "`see WWW.evil.example`",
			"ann@example.com":              "`ann@example.com`",
			"fixes #7":                     "`fixes #7`",
			"fixes acme/web#7":             "`fixes acme/web#7`",
			"[a](b)":                       "`[a](b)`",
			"![a](b)":                      "`![a](b)`",
			"<img src=x>":                  "`<img src=x>`",
			"&lt;":                         "`&lt;`",
			"a | b":                        "`a \\| b`",
			":boom: \\":                    "`:boom: \\`",
			"$x$":                          "`$x$`",
			"---":                          "`---`",
		} {
			var out bytes.Buffer
			require.NoError(t, report.WriteMarkdown(&out, summarize(t, report.Options{}), report.WriteOptions{Title: title}))
			assert.Equal(t, "## "+want+": no runs\n", out.String())
		}
	})
}

// pings finds what GitHub takes for a mention outside of code.
var pings = regexp.MustCompile("`[^`]*`|@\\w")

func TestWriteText(t *testing.T) {
	t.Run("cannot redraw a terminal", func(t *testing.T) {
		r := run("\x1b[2Jlogin\r\n", insights.StatusFailed, 0)
		r.Error, r.Build = "\x07beep\u009b31m", "b\x1b]0;x"
		other := run("search", insights.StatusPassed, time.Minute)
		other.Build = "b2"
		var out bytes.Buffer
		require.NoError(t, report.WriteText(&out, summarize(t, report.Options{}, r, other), report.WriteOptions{Gate: &report.Gate{MaxFailed: new(0), PerBuild: true}}))
		assert.NotContains(t, strings.ReplaceAll(out.String(), "\n", ""), "\x1b")
		for _, char := range out.String() {
			assert.True(t, char == '\n' || char >= ' ' && (char < 0x7f || char > 0x9f), "%q", char)
		}
	})
}

func TestWriteOptionsTop(t *testing.T) {
	t.Run("is shown, and how many follow", func(t *testing.T) {
		var runs []insights.Test
		for i := range 12 {
			runs = append(runs, run(fmt.Sprintf("test %02d", i), insights.StatusFailed, 0))
		}
		s := summarize(t, report.Options{}, runs...)
		for top, want := range map[int]string{0: "and 2 more", 5: "and 7 more", 11: "and 1 more"} {
			var out bytes.Buffer
			require.NoError(t, report.WriteText(&out, s, report.WriteOptions{Top: top}))
			assert.Contains(t, out.String(), want)
		}
		var out bytes.Buffer
		require.NoError(t, report.WriteText(&out, s, report.WriteOptions{Top: -1}))
		assert.NotContains(t, out.String(), "more")
	})
}

// nasty are texts that break careless CSV.
var nasty = []string{
	"plain", "", "a,b", `say "hi"`, "two\nlines", "two\r\nlines", "one\rline", " blanks ", "ünïcode ✓", `"`, "a\tb",
}

func TestWriteCSV(t *testing.T) {
	t.Run("reads back as it was", func(t *testing.T) {
		var runs []insights.Test
		for i, text := range nasty {
			r := run(text, insights.StatusFailed, time.Duration(i)*time.Hour+time.Millisecond)
			r.Error = text
			runs = append(runs, r)
		}
		var out bytes.Buffer
		n, err := report.WriteCSV(&out, report.Replay(runs, nil), report.CSVOptions{})
		require.NoError(t, err)
		assert.Equal(t, len(runs), n)

		records, err := csv.NewReader(&out).ReadAll()
		require.NoError(t, err)
		require.Len(t, records, len(runs)+1)
		for i, text := range nasty {
			// encoding/csv reads CRLF within quotes as LF.
			assert.Equal(t, strings.ReplaceAll(text, "\r\n", "\n"), records[i+1][1])
			assert.Equal(t, runs[i].CreationTime.Format(time.RFC3339Nano), records[i+1][7])
			assert.Equal(t, "30", records[i+1][10])
		}
	})
	t.Run("keeps line breaks in values", func(t *testing.T) {
		r := run("a\nb\r\nc", insights.StatusPassed, 0)
		var out bytes.Buffer
		_, err := report.WriteCSV(&out, report.Replay([]insights.Test{r}, nil), report.CSVOptions{NoHeader: true})
		require.NoError(t, err)
		assert.Contains(t, out.String(), "\"a\nb\r\nc\"")
		assert.True(t, strings.HasSuffix(out.String(), "\r\n"))
	})
	t.Run("has no formulas", func(t *testing.T) {
		for _, first := range []string{"=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"} {
			r := insights.Test{
				ID: first + "1", Name: first + "1", Build: first + "1", Owner: first + "1", Ancestor: first + "1", Status: insights.Status(first + "1"),
				Error: first + "1", OS: first + "1", OSNormalized: first + "1", Browser: first + "1", BrowserNormalized: first + "1", DetailsURL: first + "1",
				Duration: -1,
			}
			var out bytes.Buffer
			_, err := report.WriteCSV(&out, report.Replay([]insights.Test{r}, nil), report.CSVOptions{NoHeader: true})
			require.NoError(t, err)
			record, err := csv.NewReader(&out).Read()
			require.NoError(t, err)
			require.Len(t, record, 16)
			for i, value := range record {
				switch i {
				case 7, 8, 9:
					assert.Empty(t, value)
				case 10:
					assert.Equal(t, "-1", value, "a number is no formula")
				default:
					assert.Equal(t, "'"+first+"1", value)
				}
			}
		}
	})
	t.Run("goes on in a file that has a header", func(t *testing.T) {
		runs := week()
		var whole, parts bytes.Buffer
		_, err := report.WriteCSV(&whole, report.Replay(runs, nil), report.CSVOptions{})
		require.NoError(t, err)
		n, err := report.WriteCSV(&parts, report.Replay(runs[:10], errCutOff), report.CSVOptions{})
		require.Equal(t, errCutOff, err)
		require.Equal(t, 10, n)
		_, err = report.WriteCSV(&parts, report.Replay(runs[10:], nil), report.CSVOptions{NoHeader: true})
		require.NoError(t, err)
		assert.Equal(t, whole.String(), parts.String())
	})
}

func TestCSVOptionsColumns(t *testing.T) {
	runs := []insights.Test{{ID: "a", Name: "=Log in", Status: insights.StatusPassed}, {ID: "b", Name: "Check out", Duration: 1.5}}
	t.Run("are those that are wanted, in this order", func(t *testing.T) {
		var out strings.Builder
		n, err := report.WriteCSV(&out, report.Replay(runs, nil), report.CSVOptions{Columns: []string{"name", "id", "duration"}})
		require.NoError(t, err)
		assert.Equal(t, 2, n)
		assert.Equal(t, "name,id,duration\r\n'=Log in,a,0\r\nCheck out,b,1.5\r\n", out.String())
	})
	t.Run("that are unknown are refused before anything is written", func(t *testing.T) {
		var out strings.Builder
		_, err := report.WriteCSV(&out, report.Replay(runs, nil), report.CSVOptions{Columns: []string{"id", "colour"}})
		require.ErrorContains(t, err, `no column "colour"; there are id, name, build`)
		assert.Empty(t, out.String())
	})
	t.Run("are all of CSVColumns if none is named", func(t *testing.T) {
		var all, named strings.Builder
		_, err := report.WriteCSV(&all, report.Replay(runs, nil), report.CSVOptions{})
		require.NoError(t, err)
		_, err = report.WriteCSV(&named, report.Replay(runs, nil), report.CSVOptions{Columns: report.CSVColumns()})
		require.NoError(t, err)
		assert.Equal(t, all.String(), named.String())
	})
}

func TestWriteNDJSON(t *testing.T) {
	t.Run("reads back as it was", func(t *testing.T) {
		runs := randomRuns(4, 100)
		runs[0].Error = "<&>\n\u2028"
		var out bytes.Buffer
		n, err := report.WriteNDJSON(&out, report.Replay(runs, errCutOff))
		require.Equal(t, errCutOff, err)
		assert.Equal(t, len(runs), n)
		lines := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
		require.Len(t, lines, len(runs))
		for i, line := range lines {
			var got insights.Test
			require.NoError(t, json.Unmarshal([]byte(line), &got))
			assert.Equal(t, runs[i], got)
		}
	})
}

func TestCollectAndReplay(t *testing.T) {
	t.Run("are inverse", func(t *testing.T) {
		for _, end := range []error{nil, errCutOff} {
			runs, err := report.Collect(report.Replay(week(), end))
			assert.Equal(t, end, err)
			assert.Equal(t, week(), runs)
		}
		for range report.Replay(week(), errCutOff) {
			break // must not go on after the loop has ended
		}
	})
}
