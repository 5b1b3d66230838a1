package conformance_test

import (
	stdjson "encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sauceinsights/insights"
	"github.com/sauceinsights/insights/insightstest"
)

// liar is a service that gives its runs oldest first, and not as it should.
type liar struct {
	runs    []insights.Test
	asked   atomic.Int32
	hasMore any // nil: as it is
	refuses int // a record beyond it is refused; 0: none
	largest int // page; 0: as asked
}

func (l *liar) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	l.asked.Add(1)
	w.Header().Set("Content-Type", "application/json")
	query := request.URL.Query()
	from, _ := strconv.Atoi(query.Get("from"))
	size, _ := strconv.Atoi(query.Get("size"))
	if l.refuses > 0 && from+size > l.refuses {
		w.WriteHeader(http.StatusBadRequest)
		_, _ = fmt.Fprintf(w, `{"message":"from + size must be %d at most"}`, l.refuses)
		return
	}
	if l.largest > 0 {
		size = min(size, l.largest)
	}
	list := l.within(query.Get("start"), query.Get("end"))
	page := list[min(from, len(list)):min(from+size, len(list))]
	answer := map[string]any{"items": page, "has_more": from+size < len(list)}
	if l.hasMore != nil {
		answer["has_more"] = l.hasMore
	}
	if l.refuses > 0 && from+size == l.refuses {
		answer["has_more"] = false // nothing more to be had, whatever there is
	}
	_ = stdjson.NewEncoder(w).Encode(answer)
}

func (l *liar) within(start, end string) []insights.Test {
	return slices.DeleteFunc(slices.Clone(l.runs), func(run insights.Test) bool {
		at := run.CreationTime.Format(time.RFC3339)
		return at < start || at > end
	})
}

func (l *liar) collect(t *testing.T, window int) ([]insights.Test, error) {
	server := httptest.NewServer(l)
	defer server.Close()
	c := askingOnce(t, server, insights.WithResultWindow(window), insights.WithConcurrency(1))
	return collect(t.Context(), c, insights.TestsOptions{Period: insights.Between(dawn, dusk), Size: 10})
}

// askingOnce is a client that neither waits nor tries again.
func askingOnce(t *testing.T, server *httptest.Server, opts ...insights.Option) *insights.Client {
	t.Helper()
	first := []insights.Option{
		insights.WithBaseURL(server.URL), insights.WithHTTPClient(server.Client()), insights.WithoutRateLimit(),
		insights.WithRetry(insights.RetryPolicy{MaxAttempts: 1}),
	}
	c, err := insights.NewClient("", insights.Credentials{Username: "a-user", AccessKey: "a-key-of-tests"}, append(first, opts...)...)
	require.NoError(t, err)
	return c
}

// secondly are runs of one second after the other.
func secondly(n int) []insights.Test {
	runs := make([]insights.Test, n)
	for i := range runs {
		runs[i] = insights.Test{ID: fmt.Sprint("run ", i), CreationTime: dawn.Add(time.Duration(i) * time.Second)}
	}
	return runs
}

func TestAFullPageIsNotTakenForTheLastUnlessTheServiceTellsThem(t *testing.T) {
	for name, hasMore := range map[string]any{"false": false, "null": stdjson.RawMessage("null"), "another kind": "no"} {
		service := &liar{runs: secondly(45), hasMore: hasMore}
		got, err := service.collect(t, 10_000)
		require.NoError(t, err)
		assert.Equal(t, idsOf(service.runs), idsOf(got), name)
	}
	service := &liar{runs: secondly(28), refuses: 28} // three pages that share a record each
	got, err := service.collect(t, 10_000)
	require.NoError(t, err, "a service that tells is believed: a fourth page would be refused")
	assert.Len(t, got, 28)
}

func TestRunsWithoutAnIDAreToldApart(t *testing.T) {
	service := &liar{runs: secondly(45)}
	for i := range service.runs {
		service.runs[i].ID, service.runs[i].Name = "", fmt.Sprint("name ", i)
		service.runs[i].CreationTime = dawn.Add(time.Duration(i/3) * time.Second)
	}
	for _, window := range []int{20, 10_000} {
		got, err := service.collect(t, window)
		require.NoError(t, err)
		assert.Equal(t, service.runs, got)
	}
}

func TestAllTestsPastARefusedRecord(t *testing.T) {
	t.Run("goes on with another part of the period", func(t *testing.T) {
		service := &liar{runs: secondly(45), refuses: 30}
		got, err := service.collect(t, 100)
		require.NoError(t, err)
		assert.Equal(t, idsOf(service.runs), idsOf(got))
	})
	t.Run("says what was refused if there is no way on", func(t *testing.T) {
		service := &liar{runs: secondly(45), refuses: 30}
		for i := range service.runs {
			service.runs[i].CreationTime = dawn
		}
		got, err := service.collect(t, 100)
		assert.ErrorIs(t, err, insights.ErrResultWindow)
		assert.ErrorIs(t, err, insights.ErrInvalidRequest)
		assert.ErrorContains(t, err, "from + size must be 30 at most")
		assert.ErrorContains(t, err, "WithResultWindow")
		assert.Equal(t, 1, strings.Count(err.Error(), "insights:"))
		failed, _ := errors.AsType[*insights.IterationError](err)
		require.NotNil(t, failed)
		assert.Equal(t, len(got), failed.Delivered)
	})
}

func TestErrResultWindow(t *testing.T) {
	t.Run("a refusal of the first record is no matter of the window", func(t *testing.T) {
		service := &liar{refuses: 5}
		_, err := service.collect(t, 100)
		assert.ErrorIs(t, err, insights.ErrInvalidRequest)
		assert.NotErrorIs(t, err, insights.ErrResultWindow)
	})
}

func TestWithResultWindow(t *testing.T) {
	// Of a crowded second a service gives as much as it can, and says that it was
	// all.
	t.Run("the end of the result window is not the end", func(t *testing.T) {
		for window := 45; window < 55; window++ { // all that a last page can have
			service := &liar{runs: secondly(80), refuses: window}
			for i := range service.runs {
				service.runs[i].CreationTime = dawn
			}
			got, err := service.collect(t, window)
			assert.ErrorIs(t, err, insights.ErrResultWindow)
			assert.Len(t, got, window)
		}
	})

	t.Run("a loop that delivers nothing leaves all its options", func(t *testing.T) {
		service := &liar{refuses: 5}
		server := httptest.NewServer(service)
		defer server.Close()
		c := askingOnce(t, server)
		opts := insights.TestsOptions{Period: insights.Between(dawn, dusk), Size: 10, From: 3, Order: insights.OldestFirst}
		_, err := collect(t.Context(), c, opts)
		failed, _ := errors.AsType[*insights.IterationError](err)
		require.NotNil(t, failed)
		assert.Equal(t, opts, failed.Rest)
	})

	t.Run("smaller pages than asked for cost no further requests", func(t *testing.T) {
		service := &liar{runs: secondly(200), largest: 5}
		got, err := service.collect(t, 10_000)
		require.NoError(t, err)
		assert.Len(t, got, 200)
		assert.LessOrEqual(t, int(service.asked.Load()), 200/4+5)
	})

	// Windows in which hardly a page fits.
	t.Run("the smallest result windows", func(t *testing.T) {
		for _, window := range []int{2, 3, 4, 11} {
			service := &liar{runs: secondly(40), refuses: window}
			got, err := service.collect(t, window)
			if window < 3 {
				assert.ErrorIs(t, err, insights.ErrResultWindow, "%d: no more than the overlap", window)
				continue
			}
			require.NoError(t, err, "window of %d", window)
			assert.Equal(t, idsOf(service.runs), idsOf(got), "window of %d", window)
		}
	})
}

// Newest first, with runs that end long after they were created, and a service
// that goes by the end: each moved window hides some that are under way.
func TestRunsUnderWayAreDeliveredInTheirTurn(t *testing.T) {
	service := insightstest.NewServer(insightstest.WithMembership(insightstest.ByEnd), insightstest.WithResultWindow(60))
	defer service.Close()
	runs := secondly(150)
	for i := range runs {
		runs[i].StartTime = runs[i].CreationTime
		runs[i].EndTime = runs[i].CreationTime.Add(time.Duration(i*37%40) * time.Second)
	}
	service.Add(runs...)
	got, err := collect(t.Context(), service.Client(insights.WithResultWindow(60)), insights.TestsOptions{
		Period: insights.Between(dawn, dusk), Order: insights.NewestFirst, Size: 20,
	})
	require.NoError(t, err)
	slices.Reverse(runs)
	assert.Equal(t, idsOf(runs), idsOf(got))
}
