package main

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/sauceinsights/insights"
	"github.com/sauceinsights/insights/insightstest"
	filelimiter "github.com/sauceinsights/insights/limiters/file"
	redislimiter "github.com/sauceinsights/insights/limiters/redis"
)

// jobVariable makes the program one process of the fleet.
const jobVariable = "INSIGHTS_FLEET_JOB"

// job is what one process is told to do.
type job struct {
	URL         string
	Calls       int
	File, Redis string
}

// account is the name under which processes share the limit.
const account = insightstest.Username + "/us-west-1"

// work makes the calls of one process, and writes how it went as JSON.
func work(text string, stdout io.Writer) error {
	var j job
	if err := json.Unmarshal([]byte(text), &j); err != nil {
		return err
	}
	r, err := j.run(context.Background())
	if err != nil { // nothing was sent
		r = result{Calls: j.Calls, Failed: j.Calls, Errors: []string{err.Error()}}
	}
	return json.NewEncoder(stdout).Encode(r)
}

func (j job) run(ctx context.Context) (result, error) {
	var log attempts
	opts := []insights.Option{insights.WithBaseURL(j.URL), insights.WithOnAttempt(log.add)}
	limiter, err := j.limiter()
	if err != nil {
		return result{}, err
	}
	if limiter != nil {
		opts = append(opts, insights.WithLimiter(limiter))
	}
	creds := insights.Credentials{Username: insightstest.Username, AccessKey: insightstest.AccessKey}
	client, err := insights.NewClient("", creds, opts...)
	if err != nil {
		return result{}, err
	}
	r := call(ctx, client, j.Calls)
	r.add(log.result)
	return r, nil
}

// limiter is what the process shares with others: nil is nothing.
func (j job) limiter() (insights.Limiter, error) {
	switch {
	case j.File != "":
		return filelimiter.New(j.File)
	case j.Redis != "":
		rdb := redis.NewClient(&redis.Options{Addr: j.Redis, ContextTimeoutEnabled: true})
		return redislimiter.New(rdb, account)
	}
	return nil, nil
}

func call(ctx context.Context, client *insights.Client, times int) (r result) {
	for range times {
		r.Calls++
		_, err := client.Tests(ctx, insights.TestsOptions{Period: insights.Last(time.Hour), Size: 10})
		if err != nil {
			r.Failed++
			r.Errors = append(r.Errors, err.Error())
		}
	}
	return r
}

// attempts counts what a client sends.
type attempts struct {
	mu sync.Mutex
	result
}

func (a *attempts) add(_ context.Context, sent insights.Attempt) {
	a.mu.Lock()
	defer a.mu.Unlock()
	began := time.Now().Add(-sent.Duration)
	r := result{First: began, Last: began}
	if sent.StatusCode == http.StatusTooManyRequests {
		r.Refused = 1
	}
	a.result.add(r)
}
