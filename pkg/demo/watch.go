package demo

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"
)

// watchInterval is how often a plan is looked at: as often as one is made.
const watchInterval = 100 * time.Millisecond

// planned is the plan that was in force at one instant.
type planned struct {
	at time.Duration // counted as in samples
	plan
}

// plan is a plan as the daemon's /config_dump tells it, as far as the demo looks
// at it. Durations are in Go's syntax.
type plan struct {
	FanOut     int     `json:"fanOut"`
	Hedges     int     `json:"hedges"`     // the attempts of the fan-out that come due by stagger
	HedgeShare float64 `json:"hedgeShare"` // of the calls, in which the first of these is sent when due
	Stagger    string  `json:"stagger"`    // the first gap
	State      string  `json:"state"`
	Rule       string  `json:"rule"`
	Reason     string  `json:"reason"`
	Figures    struct {
		Independence float64 `json:"independence"`
	} `json:"figures"`
}

// offset is when the first hedge is due; ok is false when there is none.
func (p plan) offset() (_ time.Duration, ok bool) {
	if p.Hedges == 0 {
		return 0, false
	}
	d, err := time.ParseDuration(p.Stagger)
	return d, err == nil
}

// watcher looks at one policy's plan until it is stopped.
type watcher struct {
	url    string // of the daemon's /config_dump
	policy string // its identity
	start  time.Time

	transport *http.Transport
	stop      context.CancelFunc
	ended     chan struct{}
	seen      []planned
	err       error // the last look that failed
}

// watch starts to look at a strategy's plan, counted from start.
func (f *front) watch(ctx context.Context, s strategy, start time.Time) *watcher {
	return startWatcher(ctx, "http://"+f.daemon.AdminAddr().String()+"/config_dump", "default/"+s.policy(), start)
}

func startWatcher(ctx context.Context, url, policy string, start time.Time) *watcher {
	ctx, stop := context.WithCancel(ctx)
	w := &watcher{url: url, policy: policy, start: start, transport: &http.Transport{}, stop: stop, ended: make(chan struct{})}
	go w.run(ctx)
	return w
}

func (w *watcher) run(ctx context.Context) {
	defer close(w.ended)
	ticker := time.NewTicker(watchInterval)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		at := time.Since(w.start)
		found, err := w.look(ctx)
		switch {
		case err == nil:
			w.seen = append(w.seen, planned{at: at, plan: found})
		case ctx.Err() == nil:
			w.err = err
		}
	}
}

// look asks for the plan in force.
func (w *watcher) look(ctx context.Context) (plan, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, w.url, http.NoBody)
	if err != nil {
		return plan{}, err
	}
	response, err := w.transport.RoundTrip(request)
	if err != nil {
		return plan{}, err
	}
	defer func() { _ = response.Body.Close() }()
	var dump struct {
		Policies []struct {
			Policy string `json:"policy"`
			Plan   plan   `json:"plan"`
		} `json:"policies"`
	}
	if err := json.NewDecoder(response.Body).Decode(&dump); err != nil {
		return plan{}, fmt.Errorf("read %s: %w", w.url, err)
	}
	for _, p := range dump.Policies {
		if p.Policy == w.policy {
			return p.Plan, nil
		}
	}
	return plan{}, errors.New("there is no plan of " + w.policy)
}

// end stops looking and returns what was seen from the instant on, counted from
// it. A look that failed is told only when none succeeded.
func (w *watcher) end(from time.Duration) ([]planned, error) {
	w.stop()
	<-w.ended
	w.transport.CloseIdleConnections()
	if len(w.seen) == 0 && w.err != nil {
		return nil, fmt.Errorf("look at the plan: %w", w.err)
	}
	var plans []planned
	for _, p := range w.seen {
		if p.at >= from {
			p.at -= from
			plans = append(plans, p)
		}
	}
	return plans, nil
}
