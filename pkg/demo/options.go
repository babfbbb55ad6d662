package demo

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"time"
)

// Options say what is compared and what is made of it. Defaults are the ones
// to start from.
type Options struct {
	Seed     uint64        // of the peaks, the arrivals and every call's fate
	Deadline time.Duration // of every call
	Duration time.Duration // of each strategy, without its warm-up
	Rate     float64       // calls a second
	Output   string        // table or json
	Dir      string        // where plots and JSON are written; empty: nowhere
	Stay     bool          // leave everything running until the context is done
	Out      io.Writer     // the comparison
	Err      io.Writer     // progress

	// What tests shorten: the warm-up before each strategy, and the strategies
	// themselves. Zero is the whole demo.
	warmUp     time.Duration
	strategies []strategy
}

// Defaults are the options of a demo of less than 150 seconds.
func Defaults() Options {
	return Options{
		Seed:     1,
		Deadline: 250 * time.Millisecond,
		Duration: 15 * time.Second,
		Rate:     600,
		Output:   "table",
	}
}

// The bounds of the options: a deadline in which three attempts of the
// replicas' latency fit, and loads that the replicas and a laptop can carry.
const (
	leastDeadline = 50 * time.Millisecond
	mostDeadline  = 10 * time.Second
	leastDuration = 100 * time.Millisecond
	mostRate      = 20_000
)

// complete reports every option that is out of bounds, and fills in what is
// left to it.
func (o *Options) complete() error {
	var errs []error
	if o.Deadline < leastDeadline || o.Deadline > mostDeadline {
		errs = append(errs, fmt.Errorf("deadline %v: must be between %v and %v", o.Deadline, leastDeadline, mostDeadline))
	}
	if o.Duration < leastDuration {
		errs = append(errs, fmt.Errorf("duration %v: must be at least %v", o.Duration, leastDuration))
	}
	if !(o.Rate > 0 && o.Rate <= mostRate) {
		errs = append(errs, fmt.Errorf("rate %g: must be above 0 and at most %d calls a second", o.Rate, mostRate))
	}
	if o.Output != "table" && o.Output != "json" {
		errs = append(errs, fmt.Errorf("output %q: must be table or json", o.Output))
	}
	o.warmUp = cmp.Or(o.warmUp, 2*time.Second)
	if o.strategies == nil {
		o.strategies = strategies()
	}
	return errors.Join(errs...)
}
