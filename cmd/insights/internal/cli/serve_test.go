package cli

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sauceinsights/insights/insightstest"
)

// lines is what a process writes while a test reads it.
type lines struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// serving runs insights serve until the test ends, and returns its address.
func serving(t *testing.T, d *desk, args ...string) (address string, stop func() int) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	var out, errs lines
	ended := make(chan int, 1)
	go func() {
		ended <- Run(ctx, Process{Args: append([]string{"serve", "--listen", "127.0.0.1:0"}, args...), Environ: d.environ(), Stdout: &out, Stderr: &errs, Now: time.Now})
	}()
	found := regexp.MustCompile(`https?://[^ ]+`)
	require.Eventually(t, func() bool { return found.MatchString(out.String()) }, 10*time.Second, 5*time.Millisecond, "%s", &errs)
	return found.FindString(out.String()), func() int { cancel(); return <-ended }
}

func fetch(t *testing.T, address string) (int, string) {
	t.Helper()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Get(address)
	require.NoError(t, err)
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return resp.StatusCode, string(body)
}

func TestServe(t *testing.T) {
	newData := func(t *testing.T) *desk {
		return newDesk(t, insightstest.Generate(1, 600, time.Now().AddDate(0, 0, -10), time.Now().Add(-time.Hour))...)
	}
	t.Run("shows what the API lists, and stops cleanly", func(t *testing.T) {
		d := newData(t)
		address, stop := serving(t, d)
		require.Eventually(t, func() bool { _, body := fetch(t, address); return strings.Contains(body, "Pass rate and volume") }, 20*time.Second, 50*time.Millisecond)
		status, _ := fetch(t, address+"/healthz")
		assert.Equal(t, 200, status)
		status, _ = fetch(t, address+"/metrics")
		assert.Equal(t, 404, status, "which are of a store")
		assert.Equal(t, done, stop())
	})
	t.Run("shows a store, and its metrics", func(t *testing.T) {
		d := newData(t)
		file := filepath.Join(t.TempDir(), "x.db")
		require.Equal(t, done, d.run(t, "sync", "--store", file).status)
		address, stop := serving(t, d, "--store", file)
		defer stop()
		require.Eventually(t, func() bool { _, body := fetch(t, address); return strings.Contains(body, "Pass rate and volume") }, 20*time.Second, 50*time.Millisecond)
		_, body := fetch(t, address+"/metrics")
		assert.Contains(t, body, "insights_runs_total{")
		assert.Contains(t, body, `insights_sync_polls_total{result="done"} 1`)
		assert.Contains(t, body, `insights_api_requests_total{code="200",path="/v1/analytics/tests"}`)
		key := d.env["SAUCE_ACCESS_KEY"]
		for _, path := range []string{"/", "/metrics", "/readyz"} {
			_, body := fetch(t, address+path)
			assert.NotContains(t, body, key)
		}
	})
	t.Run("makes no store where there is none", func(t *testing.T) {
		d := newDesk(t)
		file := filepath.Join(t.TempDir(), "mistyped.db")
		out := d.run(t, "serve", "--store", file)
		assert.Equal(t, couldNot, out.status)
		assert.Contains(t, out.stderr, "mistyped.db: there is no store: insights sync makes it")
		assert.NoFileExists(t, file)
	})
	t.Run("is not shown to everybody", func(t *testing.T) {
		d := newData(t)
		short := filepath.Join(t.TempDir(), "password")
		require.NoError(t, os.WriteFile(short, []byte("short\n"), 0o600))
		for args, says := range map[string]string{
			"--listen 0.0.0.0:0":                    "can be reached from other machines: that needs --password-file, --tls-cert and --tls-key, or --behind-proxy",
			"--listen :0":                           "can be reached from other machines",
			"--listen [::]:0":                       "can be reached from other machines",
			"--listen 8087":                         "want HOST:PORT",
			"--password-file " + short:              "fewer than 12 characters",
			"--password-file " + short + ".missing": "no such file",
			"--tls-cert x":                          "need each other",
			"--listen 192.168.1.1:0 --tls-cert x --tls-key x": "can be reached from other machines",
		} {
			out := d.run(t, append([]string{"serve"}, strings.Fields(args)...)...)
			assert.Equal(t, misused, out.status, args)
			assert.Contains(t, out.stderr, says, args)
		}
		assert.Empty(t, d.Requests())
	})
}

// certificate makes one for loopback, and the pool that trusts it.
func certificate(t *testing.T, folder string) (cert, key string, pool *x509.CertPool) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	require.NoError(t, err)
	keyBytes, err := x509.MarshalPKCS8PrivateKey(private)
	require.NoError(t, err)
	cert, key = filepath.Join(folder, "cert.pem"), filepath.Join(folder, "key.pem")
	require.NoError(t, os.WriteFile(cert, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600))
	require.NoError(t, os.WriteFile(key, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyBytes}), 0o600))
	pool = x509.NewCertPool()
	pool.AppendCertsFromPEM(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
	return cert, key, pool
}

func TestServeToOthers(t *testing.T) {
	d := newDesk(t, insightstest.Generate(1, 50, time.Now().AddDate(0, 0, -3), time.Now().Add(-time.Hour))...)
	folder := t.TempDir()
	cert, key, pool := certificate(t, folder)
	password := filepath.Join(folder, "password")
	require.NoError(t, os.WriteFile(password, []byte("correct horse battery\n"), 0o600))
	address, stop := serving(t, d, "--listen", "0.0.0.0:0", "--password-file", password, "--tls-cert", cert, "--tls-key", key)
	defer stop()
	_, port, err := net.SplitHostPort(strings.TrimPrefix(address, "https://"))
	require.NoError(t, err)
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true, TLSClientConfig: &tls.Config{RootCAs: pool}}}
	for given, want := range map[string]int{"": 401, "wrong": 401, "correct horse battery": 200} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://127.0.0.1:"+port+"/", nil)
		require.NoError(t, err)
		r.SetBasicAuth("anybody", given)
		resp, err := client.Do(r)
		require.NoError(t, err)
		assert.Equal(t, want, resp.StatusCode)
		assert.NoError(t, resp.Body.Close())
	}
}

func TestReport(t *testing.T) {
	d := newDesk(t, insightstest.Generate(1, 600, time.Now().AddDate(0, 0, -10), time.Now().Add(-time.Hour))...)
	file := filepath.Join(t.TempDir(), "report.html")
	out := d.run(t, "report", "-o", file, "--period", "14d")
	require.Equal(t, done, out.status, out.stderr)
	assert.Contains(t, out.stdout, file+": 600 runs of ")
	page, err := os.ReadFile(file)
	require.NoError(t, err)
	assert.Contains(t, string(page), "Pass rate and volume")
	assert.NotContains(t, string(page), d.env["SAUCE_ACCESS_KEY"])
	t.Run("to standard output", func(t *testing.T) {
		out := d.run(t, "report", "-o", "-")
		assert.Equal(t, done, out.status)
		assert.True(t, strings.HasSuffix(out.stdout, "</html>\n"))
	})
	t.Run("is not written if the runs could not be read", func(t *testing.T) {
		d.Fail(insightstest.Outage(-1).On(insightstest.PathTests))
		other := filepath.Join(t.TempDir(), "report.html")
		out := d.run(t, "report", "-o", other)
		assert.Equal(t, couldNot, out.status)
		assert.NoFileExists(t, other)
		d.Recover()
	})
	t.Run("says which panels could not be filled", func(t *testing.T) {
		d.Fail(insightstest.Outage(-1).On(insightstest.PathErrorTrends))
		out := d.run(t, "report", "-o", file)
		assert.Equal(t, done, out.status)
		assert.Contains(t, out.stderr, `panels that could not be filled: ["errors"]`)
	})
	assert.Equal(t, misused, d.run(t, "report").status)
}
