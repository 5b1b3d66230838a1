package insights

import (
	"encoding/json"
	"flag"
	"io"
	"math"
	"testing"
	"time"

	jsonv2 "github.com/go-json-experiment/json"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const day = 24 * time.Hour

var (
	noon     = time.Date(2021, time.May, 1, 12, 0, 0, 0, time.UTC)
	nextNoon = noon.Add(day)
	noonPair = "2021-05-01T12:00:00Z/2021-05-02T12:00:00Z"
)

func TestBetween(t *testing.T) {
	t.Run("is sent as UTC in whole seconds", func(t *testing.T) {
		east := time.FixedZone("", 5*60*60+30*60)
		tests := map[string]struct {
			start, end time.Time
			want       string
		}{
			"whole seconds stay":            {noon, nextNoon, noonPair},
			"zones become UTC":              {noon.In(east), nextNoon.In(time.FixedZone("", -11*60*60)), noonPair},
			"start rounds down, end up":     {noon.Add(time.Second - 1), nextNoon.Add(-time.Second + 1), noonPair},
			"a part of a second is a whole": {noon.Add(200), noon.Add(300), "2021-05-01T12:00:00Z/2021-05-01T12:00:01Z"},
			"before 1970":                   {noon.AddDate(-100, 0, 0).Add(1), noon.AddDate(-100, 0, 0).Add(2), "1921-05-01T12:00:00Z/1921-05-01T12:00:01Z"},
			"the end of time":               {noon, time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC), "2021-05-01T12:00:00Z/9999-12-31T23:59:59Z"},
		}
		for name, test := range tests {
			t.Run(name, func(t *testing.T) {
				p := Between(test.start, test.end)
				assert.Equal(t, test.want, p.String())
				requirePeriodRoundTrip(t, p)
			})
		}
	})
}

func TestPeriod(t *testing.T) {
	t.Run("is refused by a call where it makes no sense", func(t *testing.T) {
		tests := map[string]struct {
			period Period
			reason string
		}{
			"none":                   {Period{}, "is required"},
			"zero length":            {Last(0), "the length 0s is not positive"},
			"negative length":        {Last(-day), "the length -24h0m0s is not positive"},
			"most negative length":   {Last(math.MinInt64), "is not positive"},
			"zero start":             {Between(time.Time{}, noon), "the start is the zero time"},
			"start rounds to zero":   {Between(time.Time{}.Add(1), noon), "the start is the zero time"},
			"zero end":               {Between(noon, time.Time{}), "the end is the zero time"},
			"both zero":              {Between(time.Time{}, time.Time{}), "the start is the zero time"},
			"start at the end":       {Between(noon, noon), "is not before the end"},
			"start after the end":    {Between(nextNoon, noon), "the start 2021-05-02T12:00:00Z is not before the end 2021-05-01T12:00:00Z"},
			"within the same second": {Between(noon.Add(3), noon.Add(2)), "the start 2021-05-01T12:00:00.000000003Z is not before the end 2021-05-01T12:00:00.000000002Z"},
			"before the year 1":      {Between(time.Date(-1, 1, 1, 0, 0, 0, 0, time.UTC), noon), "outside 1 to 9999"},
			"after the year 9999":    {Between(noon, time.Date(9999, 12, 31, 23, 59, 59, 1, time.UTC)), "outside 1 to 9999"},
		}
		for name, test := range tests {
			t.Run(name, func(t *testing.T) {
				err := BuildsTestsOptions{Period: test.period}.Validate()
				require.ErrorIs(t, err, ErrInvalidOptions)
				assert.Equal(t, []string{"Period"}, problemFields(t, err))
				assert.ErrorContains(t, err, test.reason)
			})
		}
	})
	t.Run("is not written where a call would refuse it", func(t *testing.T) {
		for _, p := range []Period{Last(0), Last(-1), Between(nextNoon, noon)} {
			_, err := p.MarshalText()
			require.ErrorIs(t, err, ErrInvalidOptions)
			assert.Regexp(t, "^invalid period: the ", p.String())

			_, err = ParsePeriod(p.String())
			assert.Error(t, err)
		}
	})
	t.Run("is the empty text where it is zero", func(t *testing.T) {
		assert.Empty(t, Period{}.String())

		text, err := Period{}.MarshalText()
		require.NoError(t, err)
		assert.Empty(t, text)

		p := Last(day)
		require.NoError(t, p.UnmarshalText(nil))
		assert.Equal(t, Period{}, p)
	})
	t.Run("is comparable", func(t *testing.T) {
		now := time.Now() // with a monotonic reading
		assert.True(t, Between(now, now.Add(day)) == Between(now.Round(0), now.Add(day).Local().Round(0)))
		assert.True(t, Last(168*time.Hour) == Last(7*day))
		assert.False(t, Last(day) == Between(noon, nextNoon))
		assert.False(t, Last(0) == Period{})
	})
	t.Run("has its ends known once it is fixed", func(t *testing.T) {
		now := nextNoon.Add(time.Millisecond)
		assert.Equal(t, Between(noon, now), Last(day).fixed(now), "no run of the last day is outside")
		assert.Equal(t, Between(noon, nextNoon), Between(noon, nextNoon).fixed(now.Add(day)))
	})
	t.Run("is a flag", func(t *testing.T) {
		flags := flag.NewFlagSet("test", flag.ContinueOnError)
		flags.SetOutput(io.Discard)
		var period Period
		flags.TextVar(&period, "last", Last(7*day), "")

		require.NoError(t, flags.Parse(nil))
		assert.Equal(t, Last(7*day), period, "the flag's default")
		assert.Equal(t, "7d", flags.Lookup("last").DefValue)

		require.NoError(t, flags.Parse([]string{"-last", "12h"}))
		assert.Equal(t, Last(12*time.Hour), period)

		require.ErrorContains(t, flags.Parse([]string{"-last", "soon"}), "want a whole number")
		assert.Equal(t, Last(12*time.Hour), period, "a failed read changes nothing")
	})
	t.Run("goes through JSON", func(t *testing.T) {
		type file struct{ Period Period }
		encoders := map[string]struct {
			marshal   func(any) ([]byte, error)
			unmarshal func([]byte, any) error
		}{
			"encoding/json": {json.Marshal, json.Unmarshal},
			"json/v2": {
				func(v any) ([]byte, error) { return jsonv2.Marshal(v) },
				func(b []byte, v any) error { return jsonv2.Unmarshal(b, v) },
			},
		}
		texts := map[string]Period{"": {}, "7d": Last(7 * day), noonPair: Between(noon, nextNoon)}
		for name, encoder := range encoders {
			t.Run(name, func(t *testing.T) {
				for text, period := range texts {
					encoded, err := encoder.marshal(file{period})
					require.NoError(t, err)
					require.JSONEq(t, `{"Period":"`+text+`"}`, string(encoded))

					decoded := file{Last(time.Hour)}
					require.NoError(t, encoder.unmarshal(encoded, &decoded))
					assert.Equal(t, period, decoded.Period)
				}
				require.ErrorIs(t, encoder.unmarshal([]byte(`{"Period":"soon"}`), new(file)), ErrInvalidOptions)
				_, err := encoder.marshal(file{Last(-day)})
				assert.ErrorIs(t, err, ErrInvalidOptions)
			})
		}
	})
}

func TestParsePeriod(t *testing.T) {
	t.Run("says what is wrong", func(t *testing.T) {
		tests := map[string]string{
			"":                         "want a whole number",
			"7":                        "want a whole number",
			"d":                        "want a whole number",
			"7w":                       "want a whole number",
			"7D":                       "want a whole number",
			"7 d":                      "want a whole number",
			" 7d":                      "want a whole number",
			"1.5h":                     "want a whole number",
			"-7d":                      "want a whole number",
			"+7d":                      "want a whole number",
			"1h30m":                    "want a whole number",
			"0d":                       "the length 0s is not positive",
			"106752d":                  "the length is more than 106751d",
			"9223372037s":              "the length is more than 9223372036s",
			"99999999999999999999999h": "the length is more than 2562047h",
			"2021-05-01T12:00:00Z":     "want a whole number",
			"/":                        "the start is not an RFC 3339 time",
			"/" + noonPair[21:]:        "the start is not an RFC 3339 time",
			"2021-05-01T12:00:00/2021-05-02T12:00:00Z":    "the start is not an RFC 3339 time",
			"2021-05-01T12:00:00Z/":                       "the end is not an RFC 3339 time",
			"2021-05-01T12:00:00Z/tomorrow":               "the end is not an RFC 3339 time",
			noonPair + "/2021-05-03T12:00:00Z":            "the end is not an RFC 3339 time",
			"2021-05-02T12:00:00Z/2021-05-01T12:00:00Z":   "is not before the end",
			"0001-01-01T00:00:00.5Z/" + noonPair[21:]:     "the start is the zero time",
			"2021-05-01T12:00:00Z/9999-12-31T23:59:59.5Z": "outside 1 to 9999",
		}
		for text, reason := range tests {
			t.Run(text, func(t *testing.T) {
				got, err := ParsePeriod(text)
				require.ErrorIs(t, err, ErrInvalidOptions)
				assert.ErrorContains(t, err, reason)
				assert.Equal(t, Period{}, got, "a value or an error, never both")
			})
		}
	})
	tests := map[string]Period{
		"7d":      Last(7 * day),
		"168h":    Last(7 * day),
		"007d":    Last(7 * day),
		"90m":     Last(90 * time.Minute),
		"30s":     Last(30 * time.Second),
		"106751d": Last(106_751 * day),
		noonPair:  Between(noon, nextNoon),
		"2021-05-01T14:00:00+02:00/2021-05-02T12:00:00Z":   Between(noon, nextNoon),
		"2021-05-01T12:00:00.7Z/2021-05-02T11:59:59.0001Z": Between(noon, nextNoon),
	}
	for text, want := range tests {
		t.Run(text, func(t *testing.T) {
			got, err := ParsePeriod(text)
			require.NoError(t, err)
			assert.True(t, got == want, "%s == %s", got, want)
		})
	}
}

// requirePeriodRoundTrip checks that a period which a call accepts comes back
// from its text.
func requirePeriodRoundTrip(t *testing.T, p Period) {
	t.Helper()
	parsed, err := ParsePeriod(p.String())
	require.NoError(t, err)
	require.True(t, parsed == p, "%q", p)

	text, err := p.MarshalText()
	require.NoError(t, err)
	require.Equal(t, p.String(), string(text))

	var read Period
	require.NoError(t, read.UnmarshalText(text))
	require.True(t, read == p, "%q", p)
}

func FuzzPeriod(f *testing.F) {
	for _, seed := range []string{
		"", "7d", "0d", "90m", "106751d", "106752d", "18446744073709551616s", "-1h", noonPair,
		"0001-01-01T00:00:00.5Z/2021-05-02T12:00:00Z", "0000-01-01T00:00:00Z/2021-05-02T12:00:00Z",
		"2021-05-01T23:59:60Z/2021-05-02T12:00:00Z", "2021-05-01T12:00:00+23:59/9999-12-31T23:59:59.9Z",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		p, err := ParsePeriod(s)
		if err != nil {
			require.ErrorIs(t, err, ErrInvalidOptions)
			require.True(t, p == Period{})
			return
		}
		require.NoError(t, BuildsTestsOptions{Period: p}.Validate())
		requirePeriodRoundTrip(t, p)
	})
}

func TestLast(t *testing.T) {
	t.Run("is sent in the largest whole unit", func(t *testing.T) {
		tests := map[time.Duration]string{
			time.Second:                 "1s",
			59 * time.Second:            "59s",
			time.Minute:                 "1m",
			90 * time.Second:            "90s",
			90 * time.Minute:            "90m",
			time.Hour:                   "1h",
			23 * time.Hour:              "23h",
			day:                         "1d",
			25 * time.Hour:              "25h",
			168 * time.Hour:             "7d",
			day + time.Second:           "86401s",
			365 * day:                   "365d",
			106_751 * day:               "106751d",
			9_223_372_036 * time.Second: "9223372036s",
		}
		for length, want := range tests {
			t.Run(want, func(t *testing.T) {
				assert.Equal(t, want, Last(length).String())
				requirePeriodRoundTrip(t, Last(length))
			})
		}
	})
	t.Run("rounds up to whole seconds, as Between does", func(t *testing.T) {
		for length, want := range map[time.Duration]string{
			1:                           "1s",
			time.Millisecond:            "1s",
			1500 * time.Millisecond:     "2s",
			time.Hour - time.Nanosecond: "1h",
			time.Hour + time.Nanosecond: "3601s",
			math.MaxInt64:               "9223372036s", // there is no whole second above it
		} {
			require.NoError(t, TestsOptions{Period: Last(length)}.Validate(), length)
			assert.Equal(t, want, Last(length).String(), length)
		}
	})
}

func TestPeriodBounds(t *testing.T) {
	now := noon.Add(time.Millisecond)
	for name, test := range map[string]struct {
		period     Period
		start, end time.Time
	}{
		"Last counts back from now, to whole seconds":     {Last(time.Hour), noon.Add(-time.Hour), noon.Add(time.Second)},
		"Between is as it is sent, whatever now is":       {Between(noon.Add(time.Millisecond), nextNoon.Add(1)), noon, nextNoon.Add(time.Second)},
		"a period that a call refuses has the zero times": {Last(-1), time.Time{}, time.Time{}},
		"so has the zero Period":                          {Period{}, time.Time{}, time.Time{}},
	} {
		t.Run(name, func(t *testing.T) {
			start, end := test.period.Bounds(now)
			assert.Equal(t, test.start, start)
			assert.Equal(t, test.end, end)
		})
	}
}
