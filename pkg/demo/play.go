package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"hedged.dev/hedged/pkg/sim"
)

// PlayOptions say which situations are played, and how they are told of.
type PlayOptions struct {
	Situations []string // of Situations, all, names of the simulator's scenarios, or files
	Seed       uint64
	Output     string    // table or json
	Out        io.Writer // the figures
	Err        io.Writer // progress, and why a run is void
}

// Play plays scenarios of the simulator on sockets, and prints beside what came of
// each strategy what the simulator computes for the same calls. It returns early, with
// the context's error, when ctx is done.
func Play(ctx context.Context, o PlayOptions) error {
	scenarios, err := openSituations(o.Situations)
	if err != nil {
		return err
	}
	var all []comparisonOfTwo
	for i := range scenarios {
		p := &player{PlayOptions: o, scenario: &scenarios[i]}
		fmt.Fprintf(o.Err, "%s (%d of %d): about %v\n", p.scenario.Name, i+1, len(scenarios), p.length().Round(time.Second))
		found, err := p.play(ctx)
		if err != nil {
			return fmt.Errorf("%s: %w", p.scenario.Name, err)
		}
		all = append(all, found)
		if o.Output == "table" {
			if err := found.writeTable(o.Out); err != nil {
				return err
			}
		}
	}
	if o.Output == "json" {
		return writeComparisonsOfTwo(o.Out, all)
	}
	return nil
}

// tries is how often a situation is played until its control is good.
const tries = 3

// headStart is the time from the last preparation to the first instant of a run.
const headStart = 200 * time.Millisecond

// apart is the time between the beginnings of two strategies in one run: they have the
// same arrivals, and calls of the same instant would wait for each other.
const apart = 700 * time.Microsecond

// player plays one scenario. Its strategies are played at the same time, each with
// replicas of its own behind the same daemons, so that whatever else this machine does
// meets all of them.
type player struct {
	PlayOptions
	scenario   *sim.Scenario
	strategies []strategy

	// What tests let happen besides; nil: nothing.
	besides func(played *performance) happenings
}

// play has the scenario simulated, and plays it until the control is good.
func (p *player) play(ctx context.Context) (comparisonOfTwo, error) {
	c := comparisonOfTwo{scenario: p.scenario, seed: p.Seed}
	report, err := sim.Run(ctx, *p.scenario, sim.Options{Seed: p.Seed, Only: []string{noHedge, sequentialRetry, champion}})
	if err != nil {
		return c, err
	}
	for _, r := range report.Results {
		if r.Name == sequentialRetry {
			p.strategies = rivals(r.AttemptTimeout)
		}
	}
	for range tries {
		live, err := p.run(ctx)
		if err != nil {
			return c, err
		}
		c.take(live, report)
		if !live.control.bad() {
			return c, nil
		}
		c.voids = append(c.voids, live.control)
		fmt.Fprintf(p.Err, "%s: void: this machine was busy with something else: %v\n", p.scenario.Name, live.control)
	}
	return c, nil
}

// length is about how long the calls arrive for.
func (p *player) length() time.Duration {
	calls := p.scenario.Model(p.Seed).Calls()
	return calls[len(calls)-1].At
}

// performance is one run on sockets.
type performance struct {
	parts   []*part // of the strategies
	control lateness
}

// part is what one strategy does in a run.
type part struct {
	strategy
	fleet   fleet
	start   time.Time
	tally   *tally
	samples []sample
}

// run starts daemons and replicas, plays the scenario with all strategies, and stops
// everything.
func (p *player) run(ctx context.Context) (_ *performance, err error) {
	var undo []func() error
	defer func() {
		for i := range undo {
			err = errors.Join(err, undo[len(undo)-1-i]())
		}
	}()
	wakes := &alarms{}
	undo = append(undo, wakes.close)
	direct, err := newControl(p.scenario, p.Seed)
	if err != nil {
		return nil, err
	}
	undo = append(undo, direct.fleet.close)
	played := &performance{}
	for _, s := range p.strategies {
		f, err := newFleet(p.scenario.Upstream.Endpoints)
		if err != nil {
			return nil, err
		}
		undo = append(undo, f.close)
		played.parts = append(played.parts, &part{strategy: s, fleet: f})
	}
	// What replicas still serve for nobody ends before they are closed.
	inRun, end := context.WithCancel(ctx)
	undo = append(undo, func() error { end(); return nil })
	daemons := &crew{places: make([]atomic.Pointer[front], p.scenario.Daemons)}
	undo = append(undo, daemons.close)
	for i := range daemons.places {
		if err := p.start(ctx, daemons, i, played.parts, p.scenario.Policy); err != nil {
			return nil, err
		}
	}
	return played, p.perform(inRun, played, direct, daemons, wakes)
}

// perform lets the calls of all strategies arrive, with direct ones beside them.
func (p *player) perform(ctx context.Context, played *performance, direct *control, daemons *crew, wakes *alarms) error {
	calls := p.scenario.Model(p.Seed).Calls()
	instants := make([]time.Duration, len(calls))
	for i, call := range calls {
		instants[i] = call.At
	}
	runtime.GC() // what came before is not to be collected in this run
	start := time.Now().Add(headStart)
	ctx, fail := context.WithCancelCause(ctx)
	defer fail(nil)
	var playing sync.WaitGroup
	for i, one := range played.parts {
		one.start = start.Add(time.Duration(i) * apart)
		model := p.scenario.Model(p.Seed)
		one.tally = one.fleet.beginAt(one.start, func(replica int) behaviour {
			return newModelled(ctx, p.scenario, model, replica, one.start, wakes)
		}, len(calls))
		l := load{
			host: one.host(), deadline: p.scenario.Policy.Deadline,
			where: func(number int) string { return daemons.at(calls[number].Daemon).url() },
		}
		playing.Go(func() {
			var err error
			if one.samples, err = l.run(ctx, one.start, instants); err != nil {
				fail(fmt.Errorf("load of %s: %w", one.title(), err))
			}
		})
	}
	playing.Go(func() {
		var err error
		if played.control, err = direct.run(ctx, start, instants[len(instants)-1], wakes); err != nil {
			fail(err)
		}
	})
	playing.Go(func() {
		if err := p.events(played, daemons).run(ctx, start); err != nil && ctx.Err() == nil {
			fail(err)
		}
	})
	playing.Wait()
	return context.Cause(ctx)
}
