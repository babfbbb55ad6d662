package main

import (
	"fmt"
	"strconv"
	"time"
)

// behaviour is how an endpoint answers.
type behaviour struct {
	delay       time.Duration
	fail        float64 // the share of calls that get status
	status      int
	peak, every time.Duration // the first peak of each every answers nothing
}

// parse returns b with what is wanted changed. What is empty stays.
func parse(b behaviour, wanted map[string]string) (behaviour, error) {
	for name, value := range wanted {
		if value == "" {
			continue
		}
		var err error
		switch name {
		case "delay":
			b.delay, err = time.ParseDuration(value)
		case "fail":
			b.fail, err = strconv.ParseFloat(value, 64)
		case "status":
			b.status, err = strconv.Atoi(value)
		case "peak":
			b.peak, err = time.ParseDuration(value)
		case "every":
			b.every, err = time.ParseDuration(value)
		default:
			err = errUnknown
		}
		if err != nil {
			return b, fmt.Errorf("%s: %w", name, err)
		}
	}
	return b, nil
}

// wait is how long a call that arrives now waits for its answer.
func (b behaviour) wait(now time.Time) time.Duration {
	wait := b.delay
	if b.peak > 0 && b.every > 0 {
		if into := now.Sub(now.Truncate(b.every)); into < b.peak {
			wait += b.peak - into
		}
	}
	return wait
}

func (b behaviour) String() string {
	return fmt.Sprintf("delay=%v fail=%v status=%d peak=%v every=%v", b.delay, b.fail, b.status, b.peak, b.every)
}
