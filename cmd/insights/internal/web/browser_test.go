package web

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/audits"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sauceinsights/insights"
	"github.com/sauceinsights/insights/cmd/insights/internal/dashboard"
)

// tab is one of a real browser, which counts what the policy of a page stopped.
type tab struct {
	context.Context

	mu      sync.Mutex
	stopped []string
}

// newTab starts Chromium. Without it the test is skipped, in CI it fails.
func newTab(t *testing.T) *tab {
	t.Helper()
	program := chromium()
	if program == "" && os.Getenv("CI") == "" {
		t.Skip("no chromium here (Debian's package chromium)")
	}
	require.NotEmpty(t, program, "no chromium")
	opts := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(program), chromedp.NoSandbox)
	allocator, stop := chromedp.NewExecAllocator(context.Background(), opts...)
	t.Cleanup(stop)
	ctx, end := chromedp.NewContext(allocator)
	t.Cleanup(end)
	ctx, cancel := context.WithTimeout(ctx, 90*time.Second)
	t.Cleanup(cancel)
	b := &tab{Context: ctx}
	chromedp.ListenTarget(ctx, func(event any) {
		if issue, ok := event.(*audits.EventIssueAdded); ok && issue.Issue.Details.ContentSecurityPolicyIssueDetails != nil {
			b.mu.Lock()
			defer b.mu.Unlock()
			b.stopped = append(b.stopped, issue.Issue.Details.ContentSecurityPolicyIssueDetails.ViolatedDirective)
		}
	})
	b.run(t, audits.Enable())
	return b
}

// chromium is the browser, under one of its names.
func chromium() string {
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if program, err := exec.LookPath(name); err == nil {
			return program
		}
	}
	return ""
}

func (b *tab) run(t *testing.T, actions ...chromedp.Action) {
	t.Helper()
	require.NoError(t, chromedp.Run(b, actions...))
}

// text is what a reader sees.
func (b *tab) text(t *testing.T) (text string) {
	t.Helper()
	b.run(t, chromedp.Evaluate("document.body.innerText", &text))
	return text
}

// open waits until the runs are there.
func (b *tab) open(t *testing.T, address string) {
	t.Helper()
	b.run(t, chromedp.Navigate(address))
	require.Eventually(t, func() bool { return !strings.Contains(b.text(t), "Reading the runs") }, 20*time.Second, 100*time.Millisecond)
}

// arrive waits for a page that a click leads to.
func (b *tab) arrive(t *testing.T, path, parameter string) {
	t.Helper()
	var address string
	require.Eventually(t, func() bool {
		b.run(t, chromedp.Location(&address))
		return strings.Contains(address, path) && strings.Contains(address, parameter)
	}, 20*time.Second, 50*time.Millisecond, "%s", &address)
	b.run(t, chromedp.WaitReady("main", chromedp.ByQuery))
}

func TestDashboardInABrowser(t *testing.T) {
	b := newTab(t)
	source := newFake(1500)
	source.runs = append(source.runs, insights.Test{ID: "evil", Name: "<img src=x onerror=document.title='evil'>", Build: "<script>document.title='evil'</script>", Status: "failed", Error: "<svg onload=document.title='evil'>", CreationTime: time.Now().Add(-time.Hour)})
	srv := serve(t, Options{Source: source})

	t.Run("has a filter, and leads to a test and back", func(t *testing.T) {
		b.open(t, srv.URL)
		assert.Contains(t, b.text(t), "1,501")
		b.run(t, chromedp.SetValue(`select[name=os]`, "Windows", chromedp.ByQuery), chromedp.Click("form button", chromedp.ByQuery))
		b.arrive(t, "/?", "os=Windows")
		assert.NotContains(t, b.text(t), "1,501")
		b.run(t, chromedp.Click(`a[href^="/test?"]`, chromedp.ByQuery))
		b.arrive(t, "/test?", "os=Windows")
		assert.Contains(t, b.text(t), "metrics are away")
		b.run(t, chromedp.Click("nav a", chromedp.ByQuery))
		b.arrive(t, "/?", "os=Windows")
	})
	t.Run("runs nothing that came from the service", func(t *testing.T) {
		b.open(t, srv.URL+"/build?name=%3Cscript%3Edocument.title%3D%27evil%27%3C%2Fscript%3E")
		var title string
		b.run(t, chromedp.Title(&title))
		assert.NotEqual(t, "evil", title)
		assert.Contains(t, b.text(t), "<img src=x onerror")
	})
	t.Run("fits a phone, in the dark too", func(t *testing.T) {
		for _, scheme := range []string{"light", "dark"} {
			b.run(t, emulation.SetDeviceMetricsOverride(390, 844, 2, true), emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}))
			b.open(t, srv.URL)
			var wide bool
			var back string
			b.run(t, chromedp.Evaluate("document.documentElement.scrollWidth > 390", &wide), chromedp.Evaluate("getComputedStyle(document.body).backgroundColor", &back))
			assert.False(t, wide, "nothing but tables scrolls sideways")
			assert.Equal(t, map[string]string{"light": "rgb(255, 255, 255)", "dark": "rgb(13, 17, 23)"}[scheme], back)
		}
		b.run(t, emulation.ClearDeviceMetricsOverride())
	})
	t.Run("needs no script", func(t *testing.T) {
		b.run(t, emulation.SetScriptExecutionDisabled(true))
		b.run(t, chromedp.Navigate(srv.URL), chromedp.WaitVisible("#days", chromedp.ByID))
		b.run(t, emulation.SetScriptExecutionDisabled(false))
	})
	t.Run("prints", func(t *testing.T) {
		b.open(t, srv.URL)
		var pdf []byte
		b.run(t, chromedp.ActionFunc(func(ctx context.Context) (err error) {
			pdf, _, err = page.PrintToPDF().Do(ctx)
			return err
		}))
		assert.Greater(t, len(pdf), 10_000)
	})
	t.Run("says why a panel has nothing", func(t *testing.T) {
		broken := serve(t, Options{Source: &failing{newFake(50)}})
		b.open(t, broken.URL)
		assert.Contains(t, b.text(t), "This panel could not be filled: 404 Not Found")
	})
	t.Run("is accessible, by axe-core", func(t *testing.T) {
		axe := axeCore(t)
		for _, path := range []string{"/", "/?period=30d", "/?os=nobody", "/test?name=nobody", "/build?name=" + source.runs[0].Build} {
			for _, scheme := range []string{"light", "dark"} {
				b.run(t, page.SetBypassCSP(true), emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}))
				b.open(t, srv.URL+path)
				b.run(t, chromedp.Evaluate("document.querySelectorAll('details').forEach(d => d.open = true)", nil))
				var violations []string
				b.run(t, chromedp.Evaluate(axe, nil), chromedp.Evaluate(`axe.run().then(r => r.violations.map(v => v.id + ": " + v.nodes.map(n => n.html).join(" ").slice(0, 300)))`, &violations, chromedp.EvalAsValue, awaited))
				assert.Empty(t, violations, "%s %s", path, scheme)
			}
		}
		b.run(t, page.SetBypassCSP(false))
	})
	b.mu.Lock()
	defer b.mu.Unlock()
	assert.Empty(t, b.stopped, "nothing on the pages is against their policy")
}

// awaited waits for a promise.
func awaited(p *runtime.EvaluateParams) *runtime.EvaluateParams { return p.WithAwaitPromise(true) }

// failing has a panel that can't be filled.
type failing struct{ *fake }

func (failing) Fill(_ context.Context, in *dashboard.Input) {
	in.Failed, in.Errors = map[string]string{"errors": "404 Not Found"}, []dashboard.ErrorGroup{}
}

// axeCore is the checker, where npm has put it.
func axeCore(t *testing.T) string {
	t.Helper()
	for _, folder := range filepath.SplitList(os.Getenv("NODE_PATH")) {
		if content, err := os.ReadFile(filepath.Join(folder, "axe-core", "axe.min.js")); err == nil {
			return string(content)
		}
	}
	if os.Getenv("CI") != "" {
		t.Fatal("no axe-core in NODE_PATH")
	}
	t.Skip("no axe-core here: npm install axe-core, and set NODE_PATH")
	return ""
}
