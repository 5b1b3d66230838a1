package insights

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestWithClock(t *testing.T) {
	t.Run("fixes a Last period of AllTests by that clock", func(t *testing.T) {
		var asked string
		transport := inMemory(func(request *http.Request) (*http.Response, error) {
			asked = request.URL.Query().Get("start") + " " + request.URL.Query().Get("end")
			return reply(200, `{"items":[],"has_more":false}`), nil
		})
		noon := time.Date(2021, 5, 1, 12, 0, 0, 0, time.UTC)
		c := clientOver(t, transport, WithClock(func() time.Time { return noon }))
		for _, err := range c.AllTests(t.Context(), TestsOptions{Period: Last(time.Hour)}) {
			require.NoError(t, err)
		}
		assert.Equal(t, "2021-05-01T11:00:00Z 2021-05-01T12:00:00Z", asked)
	})
}

func TestWithCredentials(t *testing.T) {
	var user, key string
	transport := inMemory(func(request *http.Request) (*http.Response, error) {
		user, key, _ = request.BasicAuth()
		return reply(401, "no "+request.Header.Get("Authorization")+" "+key), nil
	})
	rotated := Credentials{Username: "another-user", AccessKey: "new-Qz7-wXv!kLm/pRt"}
	t.Run("rotates the key of a clone, and of nobody else", func(t *testing.T) {
		original := clientOver(t, transport)
		clone, err := original.Clone(WithCredentials(rotated))
		require.NoError(t, err)

		err = ask(t.Context(), clone)
		assert.Equal(t, rotated, Credentials{user, key})
		assert.ErrorIs(t, err, ErrUnauthorized)
		assert.NotContains(t, err.Error(), rotated.AccessKey[:12], "the new key is masked")
		assert.Contains(t, fmt.Sprintf("%+v", clone), "another-user")
		assert.NotContains(t, fmt.Sprintf("%#v", clone), rotated.AccessKey)

		require.Error(t, ask(t.Context(), original))
		assert.Equal(t, account, Credentials{user, key})
		again, err := clone.Clone()
		require.NoError(t, err)
		require.Error(t, ask(t.Context(), again))
		assert.Equal(t, rotated, Credentials{user, key}, "a clone of the clone keeps it")
	})
	t.Run("keeps the limits, the budget and the connections", func(t *testing.T) {
		original := clientOver(t, transport)
		clone, err := original.Clone(WithCredentials(rotated))
		require.NoError(t, err)
		assert.Equal(t, original.config.limits, clone.config.limits)
		assert.Same(t, original.config.budget, clone.config.budget)
	})
	t.Run("counts for a new client too", func(t *testing.T) {
		c := clientOver(t, transport, WithCredentials(rotated))
		require.Error(t, ask(t.Context(), c))
		assert.Equal(t, rotated, Credentials{user, key})
	})
	t.Run("refuses what NewClient refuses", func(t *testing.T) {
		_, err := newTestClient(t).Clone(WithCredentials(Credentials{Username: "a:b", AccessKey: `"quoted"`}))
		assert.ErrorIs(t, err, ErrInvalidOptions)
		assert.NotContains(t, err.Error(), "quoted\"")
	})
}
