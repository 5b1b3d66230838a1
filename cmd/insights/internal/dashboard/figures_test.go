package dashboard

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/sauceinsights/insights"
)

func TestSecondsAreWrittenAsInReports(t *testing.T) {
	for length, want := range map[insights.Seconds]string{
		-1: "–", 0: "0.0 s", 12.34: "12.3 s", 59.97: "1m00s", 68: "1m08s", 3599.4: "59m59s", 3599.6: "1h00m", 5025: "1h24m",
	} {
		assert.Equal(t, want, seconds(length))
	}
}
