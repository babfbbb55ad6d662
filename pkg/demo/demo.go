package demo

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// replicaCount is the size of the upstream: as many as the policies' fan-out.
const replicaCount = 3

// reloadBound is the longest that the daemon may take to serve a new policy.
const reloadBound = 5 * time.Second

// Run starts replicas and a daemon, compares the strategies, writes what it
// found, and stops everything. It returns early, with the context's error,
// when ctx is done; with Stay that is the ordinary end and no error.
func Run(ctx context.Context, o Options) (err error) {
	if err := o.complete(); err != nil {
		return err
	}
	replicas, err := newFleet(o.Seed, replicaCount)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, replicas.close()) }()
	keeper := newTrailKeeper()
	front, err := newFront(ctx, o, keeper)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, front.close()) }()

	s := &stage{Options: o, fleet: replicas, front: front}
	found, err := s.compare(ctx)
	if err != nil {
		return err
	}
	if err := s.show(found, keeper.kept()); err != nil {
		return err
	}
	if o.Stay {
		return s.stay(ctx)
	}
	return nil
}

// stage is all that the strategies are compared on.
type stage struct {
	Options
	fleet fleet
	front *front
}

// compare measures the upstream and runs every strategy.
func (s *stage) compare(ctx context.Context) (comparison, error) {
	c := comparison{seed: s.Seed, rate: s.Rate, deadline: s.Deadline, duration: s.Duration}
	first, each := 2*s.warmUp, s.warmUp+s.Duration
	total := first + time.Duration(len(s.strategies))*each
	fmt.Fprintf(s.Err, "%d strategies, each %v at %g calls a second after %v of warm-up, seed %d: about %v in all\n",
		len(s.strategies), s.Duration, s.Rate, s.warmUp, s.Seed, total.Round(time.Second))
	progress := newProgress(s.Err, total)
	defer progress.finish()

	if err := progress.step("measuring the upstream", first, func() (err error) {
		c.known, err = s.measure(ctx, first)
		return err
	}); err != nil {
		return c, err
	}
	for _, strategy := range s.strategies {
		if err := progress.step(strategy.title(), each, func() error {
			r, err := s.run(ctx, strategy, c.known)
			c.results = append(c.results, r)
			return err
		}); err != nil {
			return c, err
		}
	}
	for _, r := range s.fleet {
		c.peaks = append(c.peaks, r.peaks.within(s.warmUp, each))
	}
	c.choose()
	return c, nil
}

// measure calls the upstream without retries and returns what its answers
// take: what an engineer would look up before choosing a timeout.
func (s *stage) measure(ctx context.Context, duration time.Duration) (measured, error) {
	samples, _, err := s.send(ctx, strategy{name: "none", suffix: "-measuring"}, measured{}, s.load(0, duration))
	if err != nil {
		return measured{}, err
	}
	answered := slices.DeleteFunc(samples, func(s sample) bool { return s.end != succeeded })
	if len(answered) == 0 {
		return measured{}, errors.New("not one call to the replicas was answered")
	}
	sorted := sortedLatencies(answered, s.Deadline)
	return measured{median: percentile(sorted, 0.5), p99: percentile(sorted, 0.99)}, nil
}

// run compares one strategy.
func (s *stage) run(ctx context.Context, which strategy, known measured) (result, error) {
	samples, attempts, err := s.send(ctx, which, known, s.load(s.warmUp, s.Duration))
	return result{strategy: which, summary: summarize(samples, attempts, s.Deadline), samples: samples}, err
}

// load is the load of every strategy.
func (s *stage) load(warmUp, duration time.Duration) load {
	return load{url: s.front.url(), seed: s.Seed, rate: s.Rate, warmUp: warmUp, duration: duration, deadline: s.Deadline}
}

// send gives the daemon the strategy's policy and sends the load through it.
// It returns the samples after the load's warm-up, and how many attempts
// arrived for them.
func (s *stage) send(ctx context.Context, which strategy, known measured, l load) ([]sample, int, error) {
	document, err := which.document(s.fleet.addresses(), s.Deadline, known)
	if err != nil {
		return nil, 0, err
	}
	if err := s.front.serve(ctx, which, document); err != nil {
		return nil, 0, err
	}
	l.host = which.host()
	instants, warm := l.arrivals()
	count := s.fleet.begin(len(instants))
	samples, err := l.run(ctx, count.start, instants)
	if err != nil {
		return nil, 0, fmt.Errorf("load of %s: %w", which.title(), err)
	}
	samples = samples[warm:]
	for i := range samples {
		samples[i].at -= l.warmUp
	}
	return samples, count.attempts(warm), nil
}

// show writes what was found, in the form that was asked for.
func (s *stage) show(found comparison, kept *trail) error {
	if s.Dir != "" {
		if err := writeFiles(s.Dir, found); err != nil {
			return err
		}
	}
	if s.Output == "json" {
		return writeJSON(s.Out, found)
	}
	if err := writeTable(s.Out, found); err != nil {
		return err
	}
	if kept != nil {
		fmt.Fprintln(s.Out)
		if err := writeWaterfall(s.Out, kept, s.fleet.names()); err != nil {
			return err
		}
	}
	if s.Dir != "" {
		fmt.Fprintf(s.Out, "\nPlots and figures are in %s\n", s.Dir)
	}
	return nil
}
