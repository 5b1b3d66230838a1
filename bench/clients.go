package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/go-resty/resty/v2"

	"github.com/sauceinsights/insights"
	"github.com/sauceinsights/insights/bench/generated"
	"github.com/sauceinsights/insights/insightstest"
)

// All clients ask for the runs of this period, oldest first.
var (
	periodStart = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	periodEnd   = periodStart.AddDate(0, 6, 0)
	period      = insights.Between(periodStart, periodEnd)
	startText   = periodStart.Format(time.RFC3339)
	endText     = periodEnd.Format(time.RFC3339)
)

// page is an answer of /tests as a user would declare it for encoding/json:
// everything that an insights.TestList holds, in plain types.
type page struct {
	Meta struct {
		Status int `json:"status"`
	} `json:"meta"`
	Items   []item `json:"items"`
	HasMore bool   `json:"has_more"`
}

type item struct {
	ID                string    `json:"id"`
	Owner             string    `json:"owner"`
	Ancestor          string    `json:"ancestor"`
	Name              string    `json:"name"`
	Build             string    `json:"build"`
	CreationTime      time.Time `json:"creation_time"`
	StartTime         time.Time `json:"start_time"`
	EndTime           time.Time `json:"end_time"`
	Duration          float64   `json:"duration"`
	Status            string    `json:"status"`
	Error             string    `json:"error"`
	OS                string    `json:"os"`
	OSNormalized      string    `json:"os_normalized"`
	Browser           string    `json:"browser"`
	BrowserNormalized string    `json:"browser_normalized"`
	DetailsURL        string    `json:"details_url"`
}

// newSDK is a client of the SDK without rate limits.
func newSDK(url string, opts ...insights.Option) (*insights.Client, error) {
	creds := insights.Credentials{Username: insightstest.Username, AccessKey: insightstest.AccessKey}
	opts = append([]insights.Option{insights.WithBaseURL(url), insights.WithoutRateLimit()}, opts...)
	return insights.NewClient("", creds, opts...)
}

func oldestFirst(size int) insights.TestsOptions {
	return insights.TestsOptions{Period: period, Order: insights.OldestFirst, Size: size}
}

// askSDK asks for the first n runs.
func askSDK(ctx context.Context, c *insights.Client, n int) ([]insights.Test, error) {
	list, err := c.Tests(ctx, oldestFirst(n))
	if err != nil {
		return nil, err
	}
	return list.Items, nil
}

// plain is a client of net/http alone.
type plain struct {
	url  string
	http *http.Client
}

func newPlain(url string) *plain {
	return &plain{url: url, http: &http.Client{Transport: newTransport()}}
}

// newTransport keeps as many connections as any loop has requests in flight.
func newTransport() *http.Transport {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.MaxIdleConnsPerHost = 64
	return t
}

// address is a request for a page, as text.
func (p *plain) address(from, size int) string {
	return fmt.Sprintf("%s%s?start=%s&end=%s&desc=false&from=%d&size=%d", p.url, insightstest.PathTests, startText, endText, from, size)
}

// get asks for a page.
func (p *plain) get(ctx context.Context, from, size int, read func(io.Reader) error) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, p.address(from, size), http.NoBody)
	if err != nil {
		return err
	}
	req.SetBasicAuth(insightstest.Username, insightstest.AccessKey)
	resp, err := p.http.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("status %d", resp.StatusCode)
	}
	return read(resp.Body)
}

// discard throws a page away.
func (p *plain) discard(ctx context.Context, from, size int) error {
	return p.get(ctx, from, size, func(body io.Reader) error {
		_, err := io.Copy(io.Discard, body)
		return err
	})
}

// decode reads a page with encoding/json.
func (p *plain) decode(ctx context.Context, from, size int) (*page, error) {
	into := new(page)
	return into, p.get(ctx, from, size, func(body io.Reader) error {
		return json.NewDecoder(body).Decode(into)
	})
}

// ask asks for the first n runs.
func (p *plain) ask(ctx context.Context, n int) ([]item, error) {
	got, err := p.decode(ctx, 0, n)
	return got.Items, err
}

func newResty(url string) *resty.Client {
	c := resty.New().SetTransport(newTransport()).SetBaseURL(url).SetBasicAuth(insightstest.Username, insightstest.AccessKey)
	return c.SetDisableWarn(true) // that this is not https
}

// askResty asks for the first n runs.
func askResty(ctx context.Context, c *resty.Client, n int) ([]item, error) {
	query := map[string]string{"start": startText, "end": endText, "desc": "false", "from": "0", "size": strconv.Itoa(n)}
	var got page
	resp, err := c.R().SetContext(ctx).SetQueryParams(query).SetResult(&got).Get(insightstest.PathTests)
	if err == nil && resp.IsError() {
		err = fmt.Errorf("status %d", resp.StatusCode())
	}
	return got.Items, err
}

func newGenerated(url string) (*generated.ClientWithResponses, error) {
	authorize := func(_ context.Context, req *http.Request) error {
		req.SetBasicAuth(insightstest.Username, insightstest.AccessKey)
		return nil
	}
	hc := &http.Client{Transport: newTransport()}
	return generated.NewClientWithResponses(url, generated.WithHTTPClient(hc), generated.WithRequestEditorFn(authorize))
}

// askGenerated asks for the first n runs.
func askGenerated(ctx context.Context, c *generated.ClientWithResponses, n int) ([]generated.ListedTest, error) {
	resp, err := c.ListTestsWithResponse(ctx, &generated.ListTestsParams{
		Start: &startText, End: &endText, Desc: new(false), From: new(0), Size: &n,
	})
	if err != nil {
		return nil, err
	}
	if resp.JSON200 == nil {
		return nil, fmt.Errorf("status %d", resp.StatusCode())
	}
	return resp.JSON200.Items, nil
}
