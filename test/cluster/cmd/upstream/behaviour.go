package main

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// behaviour is how an endpoint answers.
type behaviour struct {
	delay       time.Duration
	fail        float64 // the share of calls that get status
	status      int
	peak, every time.Duration // the first peak of each every answers nothing
	random      shape         // of the random peaks
	stress      stress        // what becomes of calls in one
}

// shape says when random peaks are, and for how long.
type shape struct {
	quiet       time.Duration // the mean time between two; 0: there are none
	least, most time.Duration
}

// stress is the shares of the calls in a random peak that come to nothing.
type stress struct{ drop, shed, stall float64 }

// usual is how an endpoint behaves that is told nothing.
func usual() behaviour {
	return behaviour{
		status: http.StatusServiceUnavailable,
		random: shape{least: 300 * time.Millisecond, most: 800 * time.Millisecond},
		stress: stress{drop: 0.15, shed: 0.1, stall: 0.15},
	}
}

// settings are the names of all that can be told.
func settings() []string {
	return []string{"delay", "fail", "status", "peak", "every", "quiet", "least", "most", "drop", "shed", "stall"}
}

var errUnknown = fmt.Errorf("is none of %v", settings())

// with returns b with one setting changed. An empty value leaves it.
func (b behaviour) with(name, value string) (behaviour, error) {
	if value == "" {
		return b, nil
	}
	var err error
	switch name {
	case "delay":
		b.delay, err = duration(value)
	case "fail":
		b.fail, err = share(value)
	case "status":
		b.status, err = strconv.Atoi(value)
	case "peak":
		b.peak, err = duration(value)
	case "every":
		b.every, err = duration(value)
	case "quiet":
		b.random.quiet, err = duration(value)
	case "least":
		b.random.least, err = duration(value)
	case "most":
		b.random.most, err = duration(value)
	case "drop":
		b.stress.drop, err = share(value)
	case "shed":
		b.stress.shed, err = share(value)
	case "stall":
		b.stress.stall, err = share(value)
	default:
		err = errUnknown
	}
	if err != nil {
		return b, fmt.Errorf("%s: %w", name, err)
	}
	return b, nil
}

func duration(text string) (time.Duration, error) {
	d, err := time.ParseDuration(text)
	if err == nil && d < 0 {
		err = errors.New("is below zero")
	}
	return d, err
}

func share(text string) (float64, error) {
	s, err := strconv.ParseFloat(text, 64)
	if err == nil && !(s >= 0 && s <= 1) {
		err = errors.New("is not between 0 and 1")
	}
	return s, err
}

// check says what does not go together.
func (b behaviour) check() error {
	switch {
	case b.random.least > b.random.most:
		return fmt.Errorf("least: %v is more than most, %v", b.random.least, b.random.most)
	case b.stress.drop+b.stress.shed+b.stress.stall > 1:
		return errors.New("drop, shed and stall: are more than 1 together")
	}
	return nil
}
