package demo

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// reloadBound is the longest that the daemon may take to serve a new policy.
const reloadBound = 5 * time.Second

// Run starts replicas and a daemon, compares the strategies, writes what it
// found, and stops everything. It returns early, with the context's error,
// when ctx is done; with Stay that is the ordinary end and no error.
func Run(ctx context.Context, o Options) (err error) {
	if err := o.complete(); err != nil {
		return err
	}
	s, err := open(ctx, o)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	found, err := s.compare(ctx)
	if err != nil {
		return err
	}
	if err := s.show(found, s.keeper.kept()); err != nil {
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
	fleet  fleet
	front  *front
	keeper *trailKeeper
}

// open starts the replicas and the daemon of complete options.
func open(ctx context.Context, o Options) (*stage, error) {
	replicas, err := newFleet(o.scenario.replicas)
	if err != nil {
		return nil, err
	}
	keeper := newTrailKeeper()
	front, err := newFront(ctx, o.Err, keeper)
	if err != nil {
		return nil, errors.Join(err, replicas.close())
	}
	return &stage{Options: o, fleet: replicas, front: front, keeper: keeper}, nil
}

// close stops the daemon first: what it does not send the replicas do not miss.
func (s *stage) close() error { return errors.Join(s.front.close(), s.fleet.close()) }

// compare measures the upstream and runs every strategy.
func (s *stage) compare(ctx context.Context) (comparison, error) {
	c := comparison{scenario: s.scenario, seed: s.Seed, rate: s.Rate, deadline: s.Deadline, duration: s.Duration}
	c.tracks = s.scenario.tracks(s.course())
	first, each := 2*s.warmUp, s.warmUp+s.Duration
	total := first + time.Duration(len(s.strategies))*each
	fmt.Fprintf(s.Err, "%s: %d strategies, each %v at %g calls a second after %v of warm-up, seed %d: about %v in all\n",
		s.Scenario, len(s.strategies), s.Duration, s.Rate, s.warmUp, s.Seed, total.Round(time.Second))
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
			r, err := s.run(ctx, strategy, c.known, s.load(s.warmUp, s.Duration))
			c.results = append(c.results, r)
			return err
		}); err != nil {
			return c, err
		}
	}
	c.choose()
	return c, nil
}

// measure calls the upstream without retries and returns what its answers
// take: what an engineer would look up before choosing a timeout.
func (s *stage) measure(ctx context.Context, duration time.Duration) (measured, error) {
	r, err := s.run(ctx, strategy{name: "none", suffix: "-measuring"}, measured{}, s.load(0, duration))
	if err != nil {
		return measured{}, err
	}
	answered := slices.DeleteFunc(r.samples, func(s sample) bool { return s.end != succeeded })
	if len(answered) == 0 {
		return measured{}, errors.New("not one call to the replicas was answered")
	}
	sorted := sortedLatencies(answered, s.Deadline)
	return measured{median: percentile(sorted, 0.5), p99: percentile(sorted, 0.99)}, nil
}

// load is the load of every strategy.
func (s *stage) load(warmUp, duration time.Duration) load {
	return load{url: s.front.url(), seed: s.Seed, rate: s.Rate, warmUp: warmUp, duration: duration, deadline: s.Deadline}
}

// course is what all runs have in common.
func (s *stage) course() course {
	return course{seed: s.Seed, warmUp: s.warmUp, duration: s.Duration}
}

// run gives the daemon the strategy's policy, sends the load through it, and
// returns what came of it after the load's warm-up.
func (s *stage) run(ctx context.Context, which strategy, known measured, l load) (result, error) {
	r := result{strategy: which}
	document, err := which.document(s.fleet.addresses(), s.Deadline, known)
	if err != nil {
		return r, err
	}
	if err := s.front.serve(ctx, which, document); err != nil {
		return r, err
	}
	l.host = which.host()
	instants, warm := l.arrivals()
	count := s.begin(len(instants))
	var plans *watcher
	if which.name == champion {
		plans = s.front.watch(ctx, which, count.start)
	}
	samples, err := l.run(ctx, count.start, instants)
	if plans != nil {
		var unseen error
		r.plans, unseen = plans.end(l.warmUp)
		err = errors.Join(err, unseen)
	}
	if err != nil {
		return r, fmt.Errorf("load of %s: %w", which.title(), err)
	}
	r.samples = samples[warm:]
	for i := range r.samples {
		r.samples[i].at -= l.warmUp
	}
	r.summary = summarize(r.samples, count.attempts(warm), s.Deadline)
	return r, nil
}

// begin starts a run of so many calls at the replicas.
func (s *stage) begin(calls int) *tally {
	c := s.course()
	return s.fleet.begin(func(replica int) behaviour { return s.scenario.behaviour(c, replica) }, calls)
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
	if r := found.planner(); r != nil {
		fmt.Fprintln(s.Out)
		if err := writeTimeline(s.Out, found, r); err != nil {
			return err
		}
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
