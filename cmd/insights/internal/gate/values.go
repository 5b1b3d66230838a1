package gate

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sauceinsights/insights/report"
)

// The functions below read the value of a flag, or of its variable, into a
// field.

// text is not empty: a variable of a script that is not set must not stand for
// everything.
func text(field *string) func(string) error {
	return func(text string) error {
		if strings.TrimSpace(text) == "" {
			return errors.New("it is empty")
		}
		*field = text
		return nil
	}
}

// outputs adds files. In a variable there are commas between them.
func outputs(field *[]string) func(string) error {
	return func(text string) error {
		for name := range strings.SplitSeq(text, ",") {
			if name == "" {
				return errors.New("a name is empty")
			}
			*field = append(*field, name)
		}
		return nil
	}
}

func undecided(field **report.Limit) func(string) error {
	return func(text string) error {
		var limit report.Limit
		if err := limit.UnmarshalText([]byte(text)); err != nil {
			return errors.New("neither a number, such as 3, nor a share, such as 5%")
		}
		*field = &limit
		return nil
	}
}

func count(field *int) func(string) error {
	return func(text string) (err error) {
		*field, err = whole(text)
		return err
	}
}

// limit is a count that may also be missing.
func limit(field **int) func(string) error {
	return func(text string) error {
		n, err := whole(text)
		if err == nil {
			*field = &n
		}
		return err
	}
}

func whole(text string) (int, error) {
	n, err := strconv.ParseUint(text, 10, 31)
	if err != nil {
		return 0, errors.New("not a whole number from 0 on")
	}
	return int(n), nil
}

// share reads 0.95 and 95%, but not 95, which could be either.
func share(field *float64) func(string) error {
	return func(text string) error {
		number, isPercent := strings.CutSuffix(text, "%")
		if isPercent {
			number += "e-2" // exactly what 0.999 is, where 99.9 ÷ 100 may not be
		}
		rate, err := strconv.ParseFloat(number, 64)
		if err != nil || !(rate >= 0 && rate <= 1) {
			return errors.New("neither a share from 0 to 1, such as 0.95, nor a percentage, such as 95%")
		}
		*field = rate
		return nil
	}
}

// length reads a number of days, as in 7d, and what [time.ParseDuration] reads.
func length(field *time.Duration) func(string) error {
	return func(text string) error {
		d, err := parseLength(text)
		if err != nil || d < 0 {
			return errors.New("not a length of time, such as 7d, 12h or 90m")
		}
		*field = d
		return nil
	}
}

// lookback is a length that the service can be asked for.
func lookback(field *time.Duration) func(string) error {
	set := length(field)
	return func(text string) error {
		if err := set(text); err != nil {
			return err
		}
		if *field == 0 || *field%time.Second != 0 {
			return errors.New("not whole seconds, and at least one")
		}
		return nil
	}
}

func parseLength(text string) (time.Duration, error) {
	if days, ok := strings.CutSuffix(text, "d"); ok {
		n, err := strconv.ParseUint(days, 10, 16)
		return time.Duration(n) * 24 * time.Hour, err
	}
	return time.ParseDuration(text)
}

func names(field *[]string) func(string) error {
	return func(text string) error {
		*field = strings.Split(text, ",")
		if slices.Contains(*field, "") {
			return errors.New("a name is empty")
		}
		return nil
	}
}

func oneOf[S ~string](field *S, names ...S) func(string) error {
	return func(text string) error {
		if !slices.Contains(names, S(text)) {
			return fmt.Errorf("none of %q", names)
		}
		*field = S(text)
		return nil
	}
}
