package demo

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// Options say what is compared and what is made of it. Defaults are the ones
// to start from.
type Options struct {
	Scenario string        // one of Scenarios
	Seed     uint64        // of the peaks, the arrivals and every call's fate
	Deadline time.Duration // of every call; 0: the scenario's
	// Duration is the time of each strategy, without its warm-up; 0: the
	// scenario's. What troubles the upstream once has its place at a share of it.
	Duration time.Duration
	Rate     float64   // calls a second; 0: the scenario's
	Output   string    // table or json
	Dir      string    // where plots and JSON are written; empty: nowhere
	Stay     bool      // leave everything running until the context is done
	Out      io.Writer // the comparison
	Err      io.Writer // progress

	// What tests shorten: the warm-up before each strategy, and the strategies
	// themselves. Zero is the whole demo.
	warmUp     time.Duration
	strategies []strategy

	scenario scenario // of that name, by complete
}

// Defaults are the options of a demo of less than 150 seconds.
func Defaults() Options {
	return Options{Scenario: Scenarios()[0], Seed: 1, Output: "table"}
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
	known := scenarios()
	i := slices.IndexFunc(known, func(s scenario) bool { return s.name == o.Scenario })
	if i < 0 {
		errs = append(errs, fmt.Errorf("scenario %q: must be one of %s", o.Scenario, strings.Join(Scenarios(), ", ")))
		i = 0
	}
	o.scenario = known[i]
	o.Deadline = cmp.Or(o.Deadline, o.scenario.deadline)
	o.Duration = cmp.Or(o.Duration, o.scenario.duration)
	o.Rate = cmp.Or(o.Rate, o.scenario.rate)
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
		o.strategies = o.scenario.strategies
	}
	return errors.Join(errs...)
}
