package teardown

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"strconv"
	"time"
)

// settings are what the environment says.
type settings struct {
	build      string
	began, to  time.Time // when the tests of this package ran
	sessions   int       // of this package; 0: not known
	budget     time.Duration
	file       string // for the report; empty: none
	jobSummary string // a file of the CI service; empty: none
}

// clockSkew is how much the clocks of this machine and the service may differ.
const clockSkew = 5 * time.Second

// settings also reports whether there is to be a report at all.
func (h *Hook) settings(now time.Time) (s settings, wanted bool, err error) {
	wish := cmp.Or(os.Getenv("INSIGHTS_TEARDOWN"), "0")
	if wanted, err = strconv.ParseBool(wish); err != nil {
		return s, true, fmt.Errorf("INSIGHTS_TEARDOWN is %q, and not 1 or 0", wish)
	}
	s = settings{
		build:      os.Getenv("INSIGHTS_BUILD"),
		began:      h.began,
		to:         now,
		sessions:   int(h.sessions.Load()),
		file:       os.Getenv("INSIGHTS_TEARDOWN_FILE"),
		jobSummary: os.Getenv("GITHUB_STEP_SUMMARY"),
	}
	budget := cmp.Or(os.Getenv("INSIGHTS_TEARDOWN_BUDGET"), "5s")
	s.budget, err = time.ParseDuration(budget)
	switch {
	case err != nil || s.budget <= 0:
		err = fmt.Errorf("INSIGHTS_TEARDOWN_BUDGET is %q, and not a length of time, such as 5s", budget)
	case s.build == "":
		err = errors.New("INSIGHTS_BUILD is not set: it names the build of the tests")
	}
	return s, wanted, err
}
