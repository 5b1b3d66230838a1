package wire

import (
	"strings"
	"testing"

	"github.com/sauceinsights/insights/internal/fault"
	"github.com/stretchr/testify/assert"
)

func TestTooManyElements(t *testing.T) {
	const limit = 300
	record := `{"a":[],` + strings.Repeat(`"m":1,`, 50) + `"z":0}`
	for name, test := range map[string]struct {
		body string
		want bool
	}{
		"at the limit":             {`[` + strings.Repeat(`0,`, limit-1) + `0]`, false},
		"beyond it":                {`[` + strings.Repeat(`0,`, limit) + `0]`, true},
		"at it, with commas":       {`[` + strings.Repeat(`0,`, limit-1) + `",,"]`, false},
		"objects":                  {`{"items":[` + strings.Repeat(`{},`, limit) + `{}]}`, true},
		"in lists of lists":        {`[` + strings.Repeat(`[0,0],`, limit/2) + `0]`, true},
		"records are no elements":  {`[` + strings.Repeat(record+`,`, limit/2) + `0]`, false},
		"nor of a hundred members": {`[` + strings.Repeat(members(100)+`,`, limit-1) + `0]`, false},
		"but their further ones":   {`[` + strings.Repeat(members(101)+`,`, limit/2) + `0]`, true},
		"a map's members are":      {`{` + strings.Repeat(`"m":1,`, limit+200) + `"z":0}`, true},
		"of small maps too":        {`{"a":{` + strings.Repeat(`"b":{"m":1,"n":1},`, limit/2+1) + `"z":0}}`, true},
		"of maps in a list":        {`[` + strings.Repeat(`{"a":{"m":1,"n":1}},`, limit/2+1) + `0]`, true},
		"which count apart":        {`[` + strings.Repeat(`{"a":{"m":1,"n":1}},`, limit/2) + strings.Repeat(`0,`, limit/2-1) + `0]`, false},
		"at it, in maps":           {`{"a":{` + strings.Repeat(`"b":{"m":1,"n":",,"},`, limit/3) + `"z":[]}}`, false},
		"commas in text are not":   {`["` + strings.Repeat(`,`, 5*limit) + `"]`, false},
		"damaged":                  {`{"a"` + strings.Repeat(`,`, 5*limit), false},
	} {
		assert.Equal(t, test.want, TooManyElements([]byte(test.body), limit), name)
	}
}

func TestMaxElements(t *testing.T) {
	for n, want := range map[int]bool{100_000: false, 100_001: true} {
		assert.Equal(t, want, TooManyElements([]byte(`[`+strings.Repeat(`0,`, n-1)+`0]`), MaxElements), n)
		assert.Equal(t, want, IsNoText([]byte(strings.Repeat("\xff", n)), MaxDamaged), n)
	}
	assert.EqualError(t, ErrTooManyElements, "the answer is too large: more than 100000 elements")
	assert.ErrorIs(t, ErrTooManyElements, fault.ResponseTooLarge)
}

// members is an object of n members.
func members(n int) string {
	return `{` + strings.Repeat(`"m":1,`, n-1) + `"z":0}`
}

func TestIsNoText(t *testing.T) {
	const limit = 10
	for name, test := range map[string]struct {
		body string
		want bool
	}{
		"ASCII":              {strings.Repeat("a", 5*limit), false},
		"letters":            {strings.Repeat("ä東\uFFFD", limit), false},
		"damaged":            {strings.Repeat("a\xff", limit) + "ä", false},
		"damaged throughout": {strings.Repeat("ä\xff", limit+1), true},
		"cut off letters":    {strings.Repeat("\xe6\x9d", limit), true},
	} {
		assert.Equal(t, test.want, IsNoText([]byte(test.body), limit), name)
	}
}
