package insightstest_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/sauceinsights/insights"
	"github.com/sauceinsights/insights/insightstest"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m)
}

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC) // a Monday

// start returns a server that closes with the test.
func start(t testing.TB, opts ...insightstest.Option) *insightstest.Server {
	srv := insightstest.NewServer(opts...)
	t.Cleanup(srv.Close)
	return srv
}

// plain returns a client that knows nothing of the SDK. Every request has a
// connection of its own.
func plain(t testing.TB) *http.Client {
	transport := &http.Transport{DisableCompression: true}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{
		Transport:     transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

func request(t testing.TB, srv *insightstest.Server, path string, query url.Values) *http.Request {
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, srv.URL+path+"?"+query.Encode(), http.NoBody)
	require.NoError(t, err)
	creds := srv.Credentials()
	req.SetBasicAuth(creds.Username, creds.AccessKey)
	return req
}

// ask sends one request and returns the answer with its whole body.
func ask(t testing.TB, hc *http.Client, req *http.Request) (*http.Response, string) {
	t.Helper()
	resp, err := hc.Do(req)
	require.NoError(t, err)
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return resp, string(body)
}

// get decodes the answer to a request that must succeed.
func get[T any](t testing.TB, hc *http.Client, srv *insightstest.Server, path string, query url.Values) T {
	t.Helper()
	resp, body := ask(t, hc, request(t, srv, path, query))
	require.Equal(t, http.StatusOK, resp.StatusCode, "%s?%s: %s", path, query.Encode(), body)
	require.Equal(t, "application/json", resp.Header.Get("Content-Type"))
	var answer T
	require.NoError(t, json.Unmarshal([]byte(body), &answer), body)
	return answer
}

// query makes parameters of pairs of names and values.
func query(pairs ...string) url.Values {
	v := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		v.Add(pairs[i], pairs[i+1])
	}
	return v
}

// around returns the day around noon, and further parameters.
func around(pairs ...string) url.Values {
	return query(append(pairs, "start", "2026-03-02T00:00:00Z", "end", "2026-03-03T00:00:00Z")...)
}

// numbered are n runs, a second apart, that are called 0, 1, 2, …
func numbered(n int) []insights.Test {
	runs := make([]insights.Test, n)
	for i := range runs {
		runs[i] = insights.Test{ID: strconv.Itoa(i), Name: "numbered", CreationTime: noon.Add(time.Duration(i) * time.Second)}
	}
	return runs
}
