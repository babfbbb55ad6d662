package demo

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// maxInFlight bounds the calls in flight. It is far above what a run needs: it
// is there so that a daemon that hangs does not eat the machine. A call beyond
// it is not sent and counts as failed.
const maxInFlight = 16384

// patience is how many deadlines a client waits for an answer: longer than
// one, to tell an answer that is late from one that never comes.
const patience = 2

// load is an open-loop load: calls are sent at the instants of a Poisson
// process and never wait for the answers of earlier ones, as the calls of many
// independent clients do not.
type load struct {
	url      string                  // where the daemon listens
	where    func(number int) string // where the one of a call listens, if there are several; nil: url
	host     string                  // the Host header, which chooses the policy
	seed     uint64
	rate     float64 // calls a second
	warmUp   time.Duration
	duration time.Duration // after the warm-up
	deadline time.Duration
}

// arrivals returns the instants of all calls, counted from the start of the
// warm-up, and the number of those that belong to it. They depend on the seed
// and the rate, not on the strategy.
func (l load) arrivals() (instants []time.Duration, warm int) {
	random := rand.New(rand.NewPCG(l.seed, arrivalStream))
	at := time.Duration(0)
	for {
		at += time.Duration(random.ExpFloat64() / l.rate * float64(time.Second))
		if at >= l.warmUp+l.duration {
			return instants, warm
		}
		if at < l.warmUp {
			warm++
		}
		instants = append(instants, at)
	}
}

// run sends a call at each instant after start and returns a sample of each,
// in the order of the instants, when the last has ended.
func (l load) run(ctx context.Context, start time.Time, instants []time.Duration) ([]sample, error) {
	pacer, err := newPacer()
	if err != nil {
		return nil, err
	}
	defer func() { _ = pacer.close() }()
	transport := &http.Transport{MaxIdleConnsPerHost: maxInFlight, DisableCompression: true}
	defer transport.CloseIdleConnections()

	samples := make([]sample, len(instants))
	slots := make(chan struct{}, maxInFlight)
	var calls sync.WaitGroup
	defer calls.Wait()
	for i, at := range instants {
		if err := pacer.until(ctx, start.Add(at)); err != nil {
			return nil, err
		}
		samples[i].at = at
		select {
		case slots <- struct{}{}:
		default:
			samples[i].end = unsent
			continue
		}
		calls.Go(func() {
			defer func() { <-slots }()
			samples[i].lag = time.Since(start.Add(at))
			samples[i].end = l.call(ctx, transport, start.Add(at), i)
			samples[i].elapsed = time.Since(start.Add(at))
		})
	}
	calls.Wait()
	return samples, ctx.Err()
}

// call sends one call, reads its answer to the end, and judges it. Its time
// counts from the instant at which it was due.
func (l load) call(ctx context.Context, transport *http.Transport, due time.Time, number int) end {
	ctx, cancel := context.WithDeadline(ctx, due.Add(patience*l.deadline))
	defer cancel()
	url := l.url
	if l.where != nil {
		url = l.where(number)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return unanswered
	}
	request.Host = l.host
	request.Header.Set(callHeader, strconv.Itoa(number))
	response, err := transport.RoundTrip(request)
	if err != nil {
		return unanswered
	}
	_, err = io.Copy(io.Discard, response.Body)
	_ = response.Body.Close()
	switch {
	case err != nil:
		return unanswered
	case response.StatusCode/100 != 2:
		return failed
	case time.Since(due) > l.deadline:
		return late
	}
	return succeeded
}

// await calls until the host is answered by a policy, so that a measurement
// does not begin before the daemon has taken a file in.
func await(ctx context.Context, url, host string) error {
	transport := &http.Transport{DisableKeepAlives: true}
	for {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
		if err != nil {
			return fmt.Errorf("ask for %s: %w", host, err)
		}
		request.Host = host
		if response, err := transport.RoundTrip(request); err == nil {
			_ = response.Body.Close()
			if response.StatusCode != http.StatusNotFound {
				return nil
			}
		}
		if !wait(ctx, 20*time.Millisecond) {
			return fmt.Errorf("the daemon does not serve %s: %w", host, ctx.Err())
		}
	}
}
