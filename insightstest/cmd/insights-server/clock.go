package main

import (
	"sync"
	"time"
)

// clock is the server's, which can be set, moved and stopped. Safe for
// concurrent use.
type clock struct {
	mu     sync.Mutex
	begun  time.Duration // ahead of the machine's at the start
	ahead  time.Duration // of the machine's, while it runs
	frozen time.Time     // zero: it runs
}

// newClock begins at a time; zero: now.
func newClock(at time.Time) *clock {
	c := new(clock)
	if !at.IsZero() {
		c.begun = time.Until(at)
	}
	c.ahead = c.begun
	return c
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.read()
}

func (c *clock) read() time.Time {
	if !c.frozen.IsZero() {
		return c.frozen
	}
	return time.Now().Add(c.ahead).Round(0).UTC()
}

// set makes it t, and stops it or lets it run.
func (c *clock) set(t time.Time, freeze bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.put(t, freeze)
}

func (c *clock) put(t time.Time, freeze bool) {
	c.ahead, c.frozen = time.Until(t), time.Time{}
	if freeze {
		c.frozen = t.UTC()
	}
}

// advance moves it; a stopped clock stays stopped.
func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.put(c.read().Add(d), !c.frozen.IsZero())
}

// reset makes it what it would be had nobody touched it.
func (c *clock) reset() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ahead, c.frozen = c.begun, time.Time{}
}

func (c *clock) isFrozen() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return !c.frozen.IsZero()
}
