// Package redislimiter shares the rate limit of an account among processes on
// many machines, through a Redis server.
//
//	rdb := redis.NewClient(&redis.Options{Addr: "redis:6379", ContextTimeoutEnabled: true})
//	limiter, err := redislimiter.New(rdb, "mia/us-west-1")
//	client, err := insights.NewClientFromEnv(insights.WithLimiter(limiter))
//
// A limit by the second and one by the hour hold together, by the server's
// clock. The README says what is guaranteed, what is not, and what happens when
// something fails.
package redislimiter
