package redislimiter_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"log/slog"
	"time"

	"github.com/redis/go-redis/v9"

	redislimiter "github.com/sauceinsights/insights/limiters/redis"
)

// Every process that gives the same name shares its limits. The client takes the
// limiter as insights.WithLimiter(limiter).
func ExampleNew() {
	rdb := redis.NewClient(&redis.Options{Addr: "redis.example:6379", ContextTimeoutEnabled: true})
	defer rdb.Close()
	_, err := redislimiter.New(rdb, "mia/us-west-1", redislimiter.WithRateLimit(8, 1), redislimiter.WithHourlyLimit(3_000))
	fmt.Println(err) // the server is not asked yet
	_, err = redislimiter.New(rdb, "mia us-west-1")
	fmt.Println(err != nil) // the name is a part of keys: no blanks
	// Output:
	// <nil>
	// true
}

// If no Redis can be reached, requests go out under the client's own limits.
// WithFailClosed is for a process that must not send anything then.
func ExampleWithFailClosed() {
	rdb := redis.NewClient(&redis.Options{Addr: "127.0.0.1:1", ContextTimeoutEnabled: true, MaxRetries: -1})
	defer rdb.Close()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()

	quiet := redislimiter.WithLogger(slog.New(slog.DiscardHandler))
	open, err := redislimiter.New(rdb, "mia/us-west-1", quiet)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(open.Wait(ctx))
	closed, err := redislimiter.New(rdb, "mia/us-west-1", quiet, redislimiter.WithFailClosed())
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(errors.Is(closed.Wait(ctx), redislimiter.ErrUnavailable))
	// Output:
	// <nil>
	// true
}
