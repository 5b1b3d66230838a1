package filelimiter_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	filelimiter "github.com/sauceinsights/insights/limiters/file"
)

// Every process that names the same file shares its limits. The client takes the
// limiter as insights.WithLimiter(limiter).
func ExampleNew() {
	dir, err := os.MkdirTemp("", "limit")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	limiter, err := filelimiter.New(filepath.Join(dir, "mia-us-west-1.limit"))
	if err != nil {
		log.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	fmt.Println(limiter.Wait(ctx)) // one request may be sent
	// Output: <nil>
}

// Two requests an hour, which may go out at once. A third would come too late for
// the deadline, so Wait does not begin to wait.
func ExampleWithHourlyLimit() {
	dir, err := os.MkdirTemp("", "limit")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	limiter, err := filelimiter.New(filepath.Join(dir, "mia-us-west-1.limit"), filelimiter.WithRateLimit(8, 2), filelimiter.WithHourlyLimit(2))
	if err != nil {
		log.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	for range 3 {
		fmt.Println(errors.Is(limiter.Wait(ctx), context.DeadlineExceeded))
	}
	// Output:
	// false
	// false
	// true
}

// A process that must not send anything without the shared limit.
func ExampleWithFailClosed() {
	dir, err := os.MkdirTemp("", "limit")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, "mia-us-west-1.limit")
	limiter, err := filelimiter.New(file, filelimiter.WithFailClosed(), filelimiter.WithLogger(slog.New(slog.DiscardHandler)))
	if err != nil {
		log.Fatal(err)
	}
	if err := os.WriteFile(file, []byte("something else"), 0o600); err != nil {
		log.Fatal(err)
	}
	fmt.Println(errors.Is(limiter.Wait(context.Background()), filelimiter.ErrUnavailable))
	// Output: true
}
