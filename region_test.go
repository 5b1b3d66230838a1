package insights

import (
	"encoding/json"
	"flag"
	"io"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestParseRegion(t *testing.T) {
	t.Run("finds a region by its name", func(t *testing.T) {
		for name, want := range map[string]Region{"us-west-1": USWest1, "eu-central-1": EUCentral1} {
			got, err := ParseRegion(name)
			require.NoError(t, err)
			assert.Equal(t, want, got)
		}
	})
	t.Run("lists the known ones for an unknown name", func(t *testing.T) {
		for _, name := range []string{"", "us", "US-WEST-1", "us-west-1 ", "us-west-1.evil.example/"} {
			t.Run(name, func(t *testing.T) {
				got, err := ParseRegion(name)
				require.ErrorIs(t, err, ErrInvalidOptions)
				assert.Equal(t, []string{"Region"}, problemFields(t, err))
				assert.ErrorContains(t, err, "us-west-1 or eu-central-1")
				assert.Empty(t, got, "never a silent default")
			})
		}
	})
}

func TestRegion(t *testing.T) {
	t.Run("has its address", func(t *testing.T) {
		assert.Equal(t, "https://api.us-west-1.saucelabs.com", USWest1.BaseURL())
		assert.Equal(t, "https://api.eu-central-1.saucelabs.com", EUCentral1.BaseURL())
		assert.Empty(t, Region("").BaseURL())
	})
	t.Run("is a flag", func(t *testing.T) {
		parse := func(args ...string) (Region, error) {
			flags := flag.NewFlagSet("test", flag.ContinueOnError)
			flags.SetOutput(io.Discard)
			var region Region
			flags.TextVar(&region, "region", USWest1, "")
			return region, flags.Parse(args)
		}

		region, err := parse()
		require.NoError(t, err)
		assert.Equal(t, USWest1, region, "the flag's default")

		_, err = parse("-region", "mars")
		assert.ErrorContains(t, err, "us-west-1 or eu-central-1")
	})
	t.Run("goes through a configuration file", func(t *testing.T) {
		type file struct{ Region Region }

		for _, region := range []Region{USWest1, EUCentral1, ""} {
			text, err := json.Marshal(file{region})
			require.NoError(t, err)
			assert.JSONEq(t, `{"Region":"`+string(region)+`"}`, string(text))

			got := file{"overwritten"}
			require.NoError(t, json.Unmarshal(text, &got))
			assert.Equal(t, region, got.Region)
		}

		kept := file{EUCentral1}
		require.ErrorIs(t, json.Unmarshal([]byte(`{"Region":"mars"}`), &kept), ErrInvalidOptions)
		assert.Equal(t, EUCentral1, kept.Region, "a failed read changes nothing")
	})
}
