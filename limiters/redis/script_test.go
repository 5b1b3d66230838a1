//go:build unix

package redislimiter

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// epoch is when the clocks of these tests begin.
const epoch = 1_800_000_000 * time.Second

func TestLimiterScript(t *testing.T) {
	t.Parallel()
	c := startRedis(t).client(t)
	perSecond8 := limits{interval: 125 * time.Millisecond, burst: 1, perHour: 3500}

	t.Run("tokens are an interval apart", func(t *testing.T) {
		d := newDesk(t, c, "even", perSecond8)
		for i := range 5 {
			due, token := d.at(epoch, 0, forEver)
			assert.Equal(t, epoch+time.Duration(i)*125*time.Millisecond, due)
			assert.Equal(t, due.Microseconds(), token)
		}
	})

	t.Run("a burst goes out at once and is paid back", func(t *testing.T) {
		d := newDesk(t, c, "burst", limits{interval: 125 * time.Millisecond, burst: 3, perHour: 3500})
		var dues []time.Duration
		for range 5 {
			due, _ := d.at(epoch, 0, forEver)
			dues = append(dues, (due - epoch).Round(time.Millisecond))
		}
		assert.Equal(t, []time.Duration{0, 0, 0, 125 * time.Millisecond, 250 * time.Millisecond}, dues)
	})

	t.Run("the request after the hour's last one waits for an hour and a second", func(t *testing.T) {
		d := newDesk(t, c, "hour", limits{interval: time.Second, burst: 1, perHour: 3})
		for i, want := range []time.Duration{0, 1, 2, 3601, 3602, 3603, 7202} {
			due, token := d.at(epoch+max(0, want-60)*time.Second, 0, forEver)
			assert.Equal(t, epoch+want*time.Second, due, "token %d", i)
			assert.NotZero(t, token)
		}
	})

	t.Run("the default hour has 3,500 requests", func(t *testing.T) {
		d := newDesk(t, c, "defaults", perSecond8)
		now := epoch
		for range 3500 {
			due, token := d.at(now, 0, forEver)
			require.NotZero(t, token)
			now = due
		}
		assert.Equal(t, epoch+3499*125*time.Millisecond, now)
		due, token := d.at(now, 0, forEver)
		assert.Equal(t, epoch+time.Hour+time.Second, due)
		assert.Zero(t, token, "what is more than a minute away is not reserved")
		due, token = d.at(due-time.Minute, 0, forEver)
		assert.Equal(t, epoch+time.Hour+time.Second, due)
		assert.NotZero(t, token)
		used, err := c.MemoryUsage(t.Context(), d.keys[1], 0).Result()
		require.NoError(t, err)
		assert.Less(t, used, int64(512<<10))
	})

	t.Run("what does not fit is not reserved", func(t *testing.T) {
		d := newDesk(t, c, "fits", perSecond8)
		d.at(epoch, 0, forEver)
		due, token := d.at(epoch, 0, 124_999)
		assert.Equal(t, epoch+125*time.Millisecond, due)
		assert.Zero(t, token)
		due, token = d.at(epoch, 0, 125_000)
		assert.Equal(t, epoch+125*time.Millisecond, due)
		assert.NotZero(t, token)
	})

	t.Run("a token that was given back is the next one's", func(t *testing.T) {
		d := newDesk(t, c, "back", perSecond8)
		var tokens []int64
		for range 4 {
			_, token := d.at(epoch, 0, forEver)
			tokens = append(tokens, token)
		}
		d.at(epoch, tokens[2], wantsNone)
		d.at(epoch, tokens[1], wantsNone)
		for _, want := range []int64{tokens[1], tokens[2], tokens[3] + 125_000} {
			_, token := d.at(epoch, 0, forEver)
			assert.Equal(t, want, token)
		}
	})

	t.Run("a token that came up unused is no request of the hour", func(t *testing.T) {
		d := newDesk(t, c, "unused", limits{interval: time.Second, burst: 1, perHour: 1})
		_, token := d.at(epoch, 0, forEver)
		due, _ := d.at(epoch+10*time.Second, token, forEver)
		assert.Equal(t, epoch+10*time.Second, due)
	})

	t.Run("a token of a state that was lost is nobody's", func(t *testing.T) {
		d := newDesk(t, c, "lost", perSecond8)
		_, _ = d.at(epoch, 0, forEver)
		_, lost := d.at(epoch, 0, forEver)
		require.NoError(t, c.Del(t.Context(), d.keys[:3]...).Err())
		due, _ := d.at(epoch, lost, forEver)
		assert.Equal(t, epoch, due)
		due, _ = d.at(epoch, 0, forEver)
		assert.Equal(t, epoch+125*time.Millisecond, due)
		n, err := c.Exists(t.Context(), d.keys[2]).Result()
		require.NoError(t, err)
		assert.Zero(t, n)
	})

	t.Run("a server's clock that is set back makes nobody wait for it", func(t *testing.T) {
		d := newDesk(t, c, "clock", perSecond8)
		d.at(epoch, 0, forEver)
		for i := range 3 {
			back := epoch - time.Duration(i)*10*time.Minute
			due, _ := d.at(back, 0, forEver)
			assert.Equal(t, back+time.Duration(i+1)*125*time.Millisecond, due)
		}
		due, _ := d.at(epoch-20*time.Minute+time.Second, 0, forEver)
		assert.Equal(t, epoch-20*time.Minute+time.Second, due)
	})

	t.Run("keys expire when they have nothing more to say", func(t *testing.T) {
		d := newDesk(t, c, "expiry", perSecond8)
		_, token := d.at(epoch, 0, forEver)
		_, _ = d.at(epoch, 0, forEver)
		d.at(epoch, token, wantsNone)
		for _, key := range d.keys[:3] {
			left, err := c.PTTL(t.Context(), key).Result()
			require.NoError(t, err, key)
			assert.InDelta(t, float64(time.Hour+time.Second+250*time.Millisecond), float64(left), float64(300*time.Millisecond), key)
		}
	})

	t.Run("says when others have other limits", func(t *testing.T) {
		var log logBuffer
		d := newDesk(t, c, "others", perSecond8)
		d.at(epoch, 0, forEver)
		other, err := newConfig([]Option{WithRateLimit(4, 1), log.option()})
		require.NoError(t, err)
		s := newServer(c, "others", other)
		require.NoError(t, s.ask(0, forEver).err)
		require.NoError(t, s.ask(0, forEver).err)
		assert.Regexp(t, `^time=\S+ level=WARN msg="redislimiter: processes that share the limit have other limits than this one" key=insights:limit:{others}:state\n$`, log.String())
	})
}

// Whatever the callers do, what they use is within both limits.
func TestLimiterScriptHoldsBothLimits(t *testing.T) {
	t.Parallel()
	c := startRedis(t).client(t)
	for seed := range uint64(12) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			r := rand.New(rand.NewPCG(seed, 0))
			l := limits{
				interval: (time.Second / time.Duration(1+r.IntN(20))).Truncate(time.Microsecond),
				burst:    1 + r.IntN(5),
				perHour:  1 + r.IntN(200),
			}
			used := simulate(t, r, c, fmt.Sprint("random-", seed), l)
			perSecond := int(math.Ceil(float64(time.Second)/float64(l.interval))) + l.burst
			assert.LessOrEqual(t, most(used, time.Second), perSecond)
			assert.LessOrEqual(t, most(used, time.Hour), l.perHour)
			assert.NotEmpty(t, used)
		})
	}
}

// simulate returns when tokens were used, each up to its grace late, by callers
// who come, are called off, and are kept from running.
func simulate(t *testing.T, r *rand.Rand, c *redis.Client, name string, l limits) []time.Duration {
	d := newDesk(t, c, name, l)
	var waiting []int64
	var used []time.Duration
	grace := int64(l.interval * 2 / 5)
	now := epoch
	for range 600 {
		now += time.Duration(r.Int64N(int64(2 * time.Second))).Truncate(time.Microsecond)
		if r.IntN(50) == 0 {
			now += time.Duration(r.Int64N(int64(time.Hour))).Truncate(time.Microsecond)
		}
		for range r.IntN(4) {
			if _, token := d.at(now, 0, forEver); token != 0 {
				waiting = append(waiting, token)
			}
		}
		if len(waiting) > 0 && r.IntN(4) == 0 {
			i := r.IntN(len(waiting))
			d.at(now, waiting[i], wantsNone)
			waiting = slices.Delete(waiting, i, i+1)
		}
		waiting = slices.DeleteFunc(waiting, func(token int64) bool {
			due := time.Duration(token) * time.Microsecond
			if due > now {
				return false
			}
			used = append(used, due+time.Duration(r.Int64N(grace+1)))
			return true
		})
	}
	return used
}

// most is the largest number of times within any span: of those at its two ends
// one is in it.
func most(times []time.Duration, span time.Duration) int {
	times = slices.Sorted(slices.Values(times))
	count, first := 0, 0
	for i, t := range times {
		for t-times[first] >= span {
			first++
		}
		count = max(count, i-first+1)
	}
	return count
}
