package export

import (
	"fmt"
	"io"
	"sync/atomic"
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"

	"github.com/sauceinsights/insights"
)

// progress is a bar on a terminal. How many runs there are nobody knows before
// the end, so it shows how much of the period is done.
type progress struct {
	container   *mpb.Progress
	bar         *mpb.Bar
	first, last time.Time // the ends of the period
	order       insights.Order
	saved       atomic.Pointer[state]
}

// newProgress draws on w if that is a terminal, and otherwise nothing.
func newProgress(w io.Writer, period insights.Period, order insights.Order, opts ...mpb.ContainerOption) *progress {
	start, end := period.Bounds(time.Time{}) // it has ends: no time is needed
	p := &progress{first: start, last: end, order: order}
	p.saved.Store(new(state))
	p.container = mpb.New(append(opts, mpb.WithOutput(w))...)
	p.bar = p.container.AddBar(seconds(end.Sub(start)),
		mpb.PrependDecorators(decor.Any(p.runs)),
		mpb.AppendDecorators(decor.Any(p.time), decor.Elapsed(decor.ET_STYLE_MMSS, decor.WCSyncSpace)),
	)
	return p
}

func (p *progress) runs(decor.Statistics) string {
	return fmt.Sprintf("%d runs ", p.saved.Load().Runs)
}

func (p *progress) time(decor.Statistics) string {
	if at := p.saved.Load().Reached; !at.IsZero() {
		return at.Format(" 2006-01-02 15:04")
	}
	return ""
}

// show draws what is saved.
func (p *progress) show(st state) {
	p.saved.Store(&st)
	if at := st.Reached; !at.IsZero() {
		p.bar.SetCurrent(seconds(p.done(at)))
	}
}

// done is how much of the period lies before a run.
func (p *progress) done(at time.Time) time.Duration {
	if p.order == insights.NewestFirst {
		return p.last.Sub(at)
	}
	return at.Sub(p.first)
}

func seconds(d time.Duration) int64 {
	return int64(d / time.Second)
}

// end leaves the bar on the screen: full, or where it stopped.
func (p *progress) end(isComplete bool) {
	if isComplete {
		p.bar.SetTotal(-1, true)
	} else {
		p.bar.Abort(false)
	}
	p.container.Wait()
}
