package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"

	"github.com/sauceinsights/insights"
	"github.com/sauceinsights/insights/insightstest"
)

// measureDecoding reads pages that are in memory already.
func measureDecoding(ctx context.Context, e *effort) ([]row, error) {
	var rows []row
	for _, n := range []int{10, 100, 1_000, 10_000} {
		c, err := compareDecoding(ctx, e, n)
		if err != nil {
			return nil, err
		}
		rows = append(rows, c.against(0, 2), c.against(0, 3), c.against(1, 2))
	}
	return rows, nil
}

func compareDecoding(ctx context.Context, e *effort, n int) (*comparison, error) {
	body, err := pageOf(ctx, n)
	if err != nil {
		return nil, err
	}
	client, err := newSDK("https://memory.example", insights.WithHTTPClient(&http.Client{Transport: memory(body)}))
	if err != nil {
		return nil, err
	}
	c := &comparison{what: fmt.Sprintf("page of %s runs in memory", thousands(n)), per: n, unit: "run"}
	c.sides = []side{
		{"`Client.Tests`", reads(n, func() ([]insights.Test, error) { return askSDK(ctx, client, n) })},
		{"`json.Unmarshal` into `insights.TestList`", reads(n, func() ([]insights.Test, error) {
			var got insights.TestList
			err := json.Unmarshal(body, &got)
			return got.Items, err
		})},
		{"`json.Unmarshal` into plain structs", reads(n, func() ([]item, error) {
			var got page
			err := json.Unmarshal(body, &got)
			return got.Items, err
		})},
		{"reading the bytes once (`bytes.IndexByte`)", func() error { return wantRuns(-1, bytes.IndexByte(body, 0)) }},
	}
	c.samples, err = e.slots.measure(c.sides...)
	return c, err
}

// reads is work that must give n runs.
func reads[T any](n int, ask func() ([]T, error)) func() error {
	return func() error {
		got, err := ask()
		if err != nil {
			return err
		}
		return wantRuns(n, len(got))
	}
}

// wantRuns fails where other runs were read than there are.
func wantRuns(want, got int) error {
	if got != want {
		return fmt.Errorf("got %d runs, want %d", got, want)
	}
	return nil
}

// pageOf is an answer with n runs.
func pageOf(ctx context.Context, n int) ([]byte, error) {
	srv := insightstest.NewServer(insightstest.WithLargestPage(n))
	defer srv.Close()
	srv.Add(insightstest.Generate(1, n, periodStart, periodEnd)...)
	var body []byte
	err := newPlain(srv.URL).get(ctx, 0, n, func(r io.Reader) (err error) {
		body, err = io.ReadAll(r)
		return err
	})
	return body, err
}

// memory is a transport that has the answer to every request.
type memory []byte

func (m memory) RoundTrip(req *http.Request) (*http.Response, error) {
	return &http.Response{
		StatusCode:    http.StatusOK,
		Header:        http.Header{"Content-Type": {"application/json"}},
		ContentLength: int64(len(m)),
		Body:          io.NopCloser(bytes.NewReader(m)),
		Request:       req,
	}, nil
}
