package insights

import (
	"fmt"
	"slices"
	"strings"
)

// Region is a Sauce Labs data center. Credentials belong to one region: every
// other region rejects them.
//
// Region implements [encoding.TextMarshaler] and [encoding.TextUnmarshaler], so
// it works with [flag.TextVar] and in configuration files.
type Region string

// The regions for which the API reference documents the Insights calls.
// For any other host, use [WithBaseURL].
const (
	USWest1    Region = "us-west-1"    // https://api.us-west-1.saucelabs.com
	EUCentral1 Region = "eu-central-1" // https://api.eu-central-1.saucelabs.com
)

var knownRegions = []Region{USWest1, EUCentral1}

// ParseRegion returns the region of that name, as the constants spell it. An
// unknown name is an error that lists the known ones and matches
// [ErrInvalidOptions]. There is no default.
func ParseRegion(name string) (Region, error) {
	if r := Region(name); slices.Contains(knownRegions, r) {
		return r, nil
	}
	return "", invalid("Region", unknownRegion(name))
}

func unknownRegion(name string) string {
	names := make([]string, len(knownRegions))
	for i, r := range knownRegions {
		names[i] = string(r)
	}
	return fmt.Sprintf("%q is not known: use %s, or WithBaseURL for another host", name, strings.Join(names, " or "))
}

// BaseURL returns the address of the region's API, without a trailing slash.
// It is empty for the empty Region.
func (r Region) BaseURL() string {
	if r == "" {
		return ""
	}
	return "https://" + r.host()
}

func (r Region) host() string {
	return "api." + string(r) + ".saucelabs.com"
}

// MarshalText returns the region's name. It never fails.
func (r Region) MarshalText() ([]byte, error) {
	return []byte(r), nil
}

// UnmarshalText accepts what [ParseRegion] accepts. The empty text gives the
// empty Region.
func (r *Region) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*r = ""
		return nil
	}
	parsed, err := ParseRegion(string(text))
	if err != nil {
		return err
	}
	*r = parsed
	return nil
}
