package sim

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"hedged.dev/hedged/pkg/adapt"
	"hedged.dev/hedged/pkg/policy"
)

// Options change a scenario for one simulation. The zero value leaves it as it is.
type Options struct {
	Seed     uint64
	Policy   *policy.Policy // in place of the scenario's
	Budget   *float64       // percent, in place of the policy's
	Deadline time.Duration  // in place of the policy's
	Calls    int            // in place of the scenario's
	Only     []string       // strategies; nil: all
	// Progress is told now and then how much of the work is done, and what it is at.
	Progress func(done, total int, what string)
}

// Run plays a scenario with each strategy. The same scenario, options and seed give
// the same report.
func Run(ctx context.Context, s Scenario, o Options) (Report, error) {
	m, err := newSimulation(s, o)
	if err != nil {
		return Report{}, err
	}
	return m.report(ctx)
}

// simulation is a scenario with its options worked in.
type simulation struct {
	scenario Scenario
	options  Options
	calls    int
	deadline time.Duration
	terms    terms
	edits    []terms // of each edit of the policy

	known known
	usual float64       // success of no hedging before the first disturbance
	lasts time.Duration // until the last call arrives
	done  int           // of the work, in calls
	total int
}

func newSimulation(s Scenario, o Options) (*simulation, error) {
	if s.Policy == nil && o.Policy == nil {
		return nil, fmt.Errorf("scenario %s has no policy: give one", s.Name)
	}
	for _, name := range o.Only {
		if !slices.Contains(strategyTable[:], name) {
			return nil, fmt.Errorf("no strategy is called %q: there are %s", name, strings.Join(strategyTable[:], ", "))
		}
	}
	m := &simulation{scenario: s, options: o, calls: s.Calls}
	if o.Policy != nil {
		m.scenario.Policy, m.scenario.Edits = o.Policy, nil // they are edits of the scenario's own
	}
	if o.Calls > 0 {
		m.calls = o.Calls
	}
	m.terms, m.deadline = o.terms(m.scenario.Policy), m.scenario.Policy.Deadline
	if o.Deadline > 0 {
		m.deadline = o.Deadline
	}
	for _, e := range m.scenario.Edits {
		m.edits = append(m.edits, o.terms(e.Policy))
	}
	return m, nil
}

// terms are what a policy says, with the options worked in.
func (o *Options) terms(p *policy.Policy) terms {
	t := terms{p.Learn, p.Budget}
	if o.Budget != nil {
		t.budget.Percent = *o.Budget
	}
	if o.Deadline > 0 {
		shorten(&t.learn, o.Deadline)
	}
	return t
}

// shorten puts another deadline in force, also where a default follows from it.
func shorten(s *adapt.Settings, deadline time.Duration) {
	if s.Max == s.Deadline || s.Max > deadline {
		s.Max = deadline
	}
	s.Min = min(s.Min, deadline)
	s.Within = min(s.Within, deadline)
	if s.AttemptTimeout >= deadline {
		s.AttemptTimeout = 0
	}
	if s.Initial == adapt.InitialStagger(s.Deadline) {
		s.Initial = adapt.InitialStagger(deadline)
	}
	s.Initial = min(s.Initial, s.Max)
	s.Deadline = deadline
}

// selected reports whether a strategy is asked for.
func (m *simulation) selected(name string) bool {
	return m.options.Only == nil || slices.Contains(m.options.Only, name)
}

// plays reports whether a strategy is played: also no hedging, where what it usually
// reaches is what the others recover to.
func (m *simulation) plays(name string) bool {
	_, _, disturbed := m.scenario.disturbed()
	return m.selected(name) || name == none && disturbed
}

func (m *simulation) report(ctx context.Context) (Report, error) {
	rep := Report{
		Scenario:      m.scenario.Name,
		Seed:          m.options.Seed,
		Calls:         m.calls,
		DeadlineMS:    milliseconds(m.deadline),
		BudgetPercent: m.terms.budget.Percent,
		MarkMS:        milliseconds(m.scenario.Mark),
	}
	_, _, rep.Disturbed = m.scenario.disturbed()
	rep.scenario, rep.minPerSecond = m.scenario, m.terms.budget.MinPerSecond
	if m.scenario.Leaves > 1 {
		rep.Leaves = m.scenario.Leaves
	}
	m.total = m.work()
	if m.selected(sequentialRetry) || m.selected("fixed-stagger") || m.selected("grpc") || m.selected(bestStatic) {
		if err := m.learnUpstream(ctx); err != nil {
			return Report{}, err
		}
	}
	for _, name := range strategyTable {
		if !m.plays(name) {
			continue
		}
		res, err := m.result(ctx, name)
		if err != nil {
			return Report{}, err
		}
		if m.selected(name) {
			rep.Results = append(rep.Results, res)
		}
	}
	rep.DurationS = m.lasts.Round(time.Millisecond).Seconds()
	return rep, nil
}

// result plays the scenario with one strategy.
func (m *simulation) result(ctx context.Context, name string) (Result, error) {
	if name == sequentialRetry {
		return m.sequentialRetry(ctx)
	}
	build, setting, err := m.strategy(ctx, name)
	if err != nil {
		return Result{}, err
	}
	return m.played(ctx, name, setting, build)
}

// sequentialRetry plays sequential retry with each of its time-outs. The one with the
// most successes, and then the least p99.9, is the result.
func (m *simulation) sequentialRetry(ctx context.Context) (Result, error) {
	var variants []Result
	for _, t := range m.timeouts() {
		build := func() strategy { return sequential(sequentialTries, t.after) }
		res, err := m.played(ctx, sequentialRetry, t.setting(), build)
		if err != nil {
			return Result{}, err
		}
		res.AttemptTimeout = t.after
		variants = append(variants, res)
	}
	best := bestVariant(variants)
	best.variants = variants
	return best, nil
}

// bestVariant returns the result with the most successes, and then the least p99.9.
func bestVariant(variants []Result) Result {
	return slices.MinFunc(variants, func(a, b Result) int {
		return cmp.Or(cmp.Compare(b.SuccessRatio, a.SuccessRatio), cmp.Compare(a.P999MS, b.P999MS))
	})
}

// played plays the scenario with one setting of a strategy.
func (m *simulation) played(ctx context.Context, name, setting string, build func() strategy) (Result, error) {
	r := m.run(build, m.pick(name), m.calls)
	if err := r.play(ctx, func(calls int) { m.progress(calls, name) }); err != nil {
		return Result{}, err
	}
	m.finished(name)
	m.lasts = r.last
	if name == none {
		m.usual = r.usual()
	}
	res := r.result(name, m.usual)
	res.Setting = setting
	return res, nil
}

// work is all there is to do, in calls: the search for the best static plan counts
// as much as a strategy, and so does each time-out of sequential retry.
func (m *simulation) work() int {
	parts := 0
	for _, name := range strategyTable {
		if m.plays(name) {
			parts++
		}
	}
	if m.selected(sequentialRetry) {
		parts += len(m.timeouts()) - 1
	}
	if m.selected(bestStatic) {
		parts++
	}
	return parts * m.calls
}

// progress tells that so many calls of the present part are done.
func (m *simulation) progress(calls int, what string) {
	if m.options.Progress != nil {
		m.options.Progress(min(m.done+calls, m.total), m.total, what)
	}
}

// finished tells that a part is done.
func (m *simulation) finished(what string) {
	m.progress(m.calls, what)
	m.done += m.calls
}

// run makes a run of so many calls.
func (m *simulation) run(build func() strategy, p pick, calls int) *run {
	s := &m.scenario
	r := &run{
		scenario: s, seed: m.options.Seed, deadline: int64(m.deadline), distinct: s.Policy.Upstream.Distinct,
		arrivals: newArrivals(s, m.options.Seed, calls),
		fleet:    newFleet(&s.Upstream, m.options.Seed),
		tally:    tally{warmUp: int64(s.WarmUp), mark: int64(s.Mark), deadline: int64(m.deadline)},
	}
	r.fate = r.fleet.fate
	r.edits = m.edits
	r.pauses = stops{seed: r.seed, stream: pauseStream}
	for _, p := range s.Pauses {
		r.pauses.each = append(r.pauses.each, p.Stop)
	}
	for range s.Daemons {
		r.daemons = append(r.daemons, newDaemon(build(), p, s.Upstream.Endpoints))
	}
	return r
}
