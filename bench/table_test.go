package main

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestTableText(t *testing.T) {
	assert.Equal(t, "0.05", number(0.05))
	assert.Equal(t, "9.99", number(9.994))
	assert.Equal(t, "10.0", number(9.996))
	assert.Equal(t, "99.9", number(99.94))
	assert.Equal(t, "100", number(99.96))
	assert.Equal(t, "1,234,568", number(1234567.8))
	assert.Equal(t, "1,002,003", thousands(1_002_003))
	assert.Equal(t, "999 ns", duration(999))
	assert.Equal(t, "1.50 ms", duration(1500*time.Microsecond))
	assert.Equal(t, "0 ns", duration(0))
	assert.Equal(t, "2.50 × as fast (2.00–4.00)", spread{0.4, 0.25, 0.5}.String())
	assert.Equal(t, "1.10 × the time (0.90–1.20)", spread{1.1, 0.9, 1.2}.String())
	assert.Equal(t, "1.10 × the time", spread{1.1, 1.1, 1.1}.String())
}

func TestRowOfAComparison(t *testing.T) {
	c := &comparison{
		what:    "page",
		sides:   []side{{name: "SDK"}, {name: "other"}},
		samples: [][]sample{{{time.Millisecond, 100}}, {{4 * time.Millisecond, 930}}},
		per:     100,
		unit:    "run",
	}
	assert.Equal(t, row{"page: SDK", "1.00 ms", "other", "4.00 ms", "4.00 × as fast", "1.00 / 9.30 a run"}, c.against(0, 1))
	assert.Equal(t, row{"page: SDK", "1.00 ms", "limit", "500 µs", "2.00 × the time", ""}, againstLimit(c, 500*time.Microsecond, "limit"))
}
