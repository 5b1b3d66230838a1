//go:build realtime

package main

import "testing"

func TestFleetSharesTheLimitRealtime(t *testing.T) {
	t.Run("26 processes with 5 calls each through a file", func(t *testing.T) {
		assertNoneRefused(t, "26", "5")
	})
	t.Run("26 processes with 5 calls each through Redis", func(t *testing.T) {
		assertNoneRefused(t, "26", "5", "-redis", startRedis(t))
	})
	t.Run("40 processes with 3 calls each through a file", func(t *testing.T) {
		assertNoneRefused(t, "40", "3")
	})
	t.Run("40 processes with 3 calls each through Redis", func(t *testing.T) {
		assertNoneRefused(t, "40", "3", "-redis", startRedis(t))
	})
}
