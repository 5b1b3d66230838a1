package store_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sauceinsights/insights"
	"github.com/sauceinsights/insights/cmd/insights/internal/store"
	"github.com/sauceinsights/insights/cmd/insights/internal/syncer"
	"github.com/sauceinsights/insights/insightstest"
	"github.com/sauceinsights/insights/report"
)

// asProcess makes the test binary a process that syncs: service and store.
const asProcess = "STORE_TEST_AS_PROCESS"

const statusLocked = 3

func init() {
	if job := os.Getenv(asProcess); job != "" {
		os.Exit(syncOnce(job))
	}
}

func syncOnce(job string) (status int) {
	service, name, _ := strings.Cut(job, " ")
	err := poll(context.Background(), service, name)
	switch {
	case errors.Is(err, store.ErrLocked):
		fmt.Println(err)
		return statusLocked
	case err != nil:
		fmt.Println(err)
		return 1
	}
	return 0
}

func poll(ctx context.Context, service, name string) error {
	s, err := store.Open(ctx, name)
	if err != nil {
		return err
	}
	unlock, err := s.Lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	c, err := insights.NewClient("", insights.Credentials{Username: insightstest.Username, AccessKey: insightstest.AccessKey}, insights.WithBaseURL(service), insights.WithoutRateLimit())
	if err != nil {
		return err
	}
	_, err = syncer.Syncer{Client: c, Store: s, Source: "mia", Options: syncer.Options{Since: 30 * 24 * time.Hour, Now: time.Now}}.Poll(ctx)
	return err
}

// TestSyncsOfPostgreSQL kills processes while the database lives on: what they had
// begun is undone, and their lock is free again.
func TestSyncsOfPostgreSQL(t *testing.T) {
	name := store.NewDatabase(t)
	srv := insightstest.New(t)
	start := func() *exec.Cmd {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), asProcess+"="+srv.URL+" "+name)
		return cmd
	}
	now := time.Now()
	runs := insightstest.Generate(1, 20_000, now.AddDate(0, 0, -20), now.Add(-time.Hour))
	srv.Add(runs...)
	t.Run("that are killed at any moment lose nothing", func(t *testing.T) {
		kills, isDone := 0, false
		for deadline := time.Now().Add(time.Minute); !isDone && time.Now().Before(deadline); {
			cmd := start()
			require.NoError(t, cmd.Start())
			kill := time.AfterFunc(time.Duration(20+rand.IntN(200+20*kills))*time.Millisecond, func() { _ = cmd.Process.Kill() })
			err := cmd.Wait()
			kill.Stop()
			isDone = err == nil
			switch cmd.ProcessState.ExitCode() {
			case -1:
				kills++
			case 0, statusLocked: // the database has yet to notice that the one before is gone
			default:
				t.Fatal("it could not sync: ", cmd.ProcessState)
			}
		}
		t.Logf("%d kills", kills)
		assert.Positive(t, kills)
		require.True(t, isDone)
		s, err := store.Open(t.Context(), name)
		require.NoError(t, err)
		defer func() { assert.NoError(t, s.Close()) }()
		kept, err := report.Collect(s.Runs(t.Context(), store.Selection{}))
		require.NoError(t, err)
		assert.ElementsMatch(t, runs, kept)
	})
	t.Run("do not run at once", func(t *testing.T) {
		s, err := store.Open(t.Context(), name)
		require.NoError(t, err)
		defer func() { assert.NoError(t, s.Close()) }()
		unlock, err := s.Lock(t.Context())
		require.NoError(t, err)
		cmd := start()
		out, _ := cmd.CombinedOutput()
		assert.Equal(t, statusLocked, cmd.ProcessState.ExitCode(), "%s", out)
		assert.Contains(t, string(out), "another process syncs this store")
		unlock()
		out, err = start().CombinedOutput()
		assert.NoError(t, err, "%s", out)
	})
}
