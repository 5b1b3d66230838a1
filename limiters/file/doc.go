// Package filelimiter shares the rate limit of an account among the processes
// of one machine, through a locked file: the packages of one go test ./...,
// parallel jobs of a runner, cron jobs beside a service.
//
//	limiter, err := filelimiter.New(filepath.Join(os.TempDir(), "insights-mia-us-west-1.limit"))
//	client, err := insights.NewClientFromEnv(insights.WithLimiter(limiter))
//
// A limit by the second and one by the hour hold together. The README says
// what is guaranteed, what is not, and what happens when something fails.
package filelimiter
