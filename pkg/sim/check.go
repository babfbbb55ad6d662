package sim

import (
	"fmt"
	"math"
	"regexp"
	"time"
)

// The most that a document may ask for: what a machine can hold and play.
const (
	mostCalls     = 100_000_000
	mostLeaves    = 10_000
	mostDaemons   = 1000
	mostEndpoints = 10_000
	mostRate      = 10_000_000
	mostFactor    = 1000
	longest       = 24 * time.Hour
	leastEvery    = 100 * time.Millisecond
)

// check reports what is wrong with a scenario whose fields have the right types.
func (r *reader) check(s *Scenario) {
	if !regexp.MustCompile(`^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$`).MatchString(s.Name) {
		r.fault("name", "Invalid value: %q: must be small letters, digits and dashes, such as slow-replica", s.Name)
	}
	r.whole("calls", s.Calls, 1, mostCalls)
	r.number("rate", s.Rate, mostRate)
	r.word("arrivals", string(s.Arrivals), string(Poisson), string(Steady))
	r.whole("leaves", s.Leaves, 1, mostLeaves)
	if s.Calls > 0 && s.Leaves > s.Calls {
		r.fault("leaves", "Invalid value: %d: must be at most calls", s.Leaves)
	}
	r.whole("daemons", s.Daemons, 1, mostDaemons)
	r.length("warmUp", s.WarmUp)
	r.length("mark", s.Mark)
	for i, g := range s.Surges {
		at := fmt.Sprintf("surges[%d]", i)
		r.stretch(at, g.From, g.To)
		if g.To == 0 {
			r.fault(member(at, "to"), `Required value: when the surge ends, such as "30s"`)
		}
		if factor := member(at, "factor"); !r.has(factor) {
			r.fault(factor, "Required value: from 0, which is silence, to %d", mostFactor)
		} else if g.Factor < 0 || g.Factor > mostFactor {
			r.fault(factor, "Invalid value: %g: must be from 0, which is silence, to %d", g.Factor, mostFactor)
		}
	}
	for i, p := range s.Pauses {
		at := fmt.Sprintf("pauses[%d]", i)
		r.checkStop(at, p.Stop)
		r.whole(member(at, "daemon"), p.Daemon, 0, s.Daemons)
	}
	for i, e := range s.Edits {
		r.instant(fmt.Sprintf("edits[%d]", i), e.At)
	}
	for i, e := range s.Restarts {
		at := fmt.Sprintf("restarts[%d]", i)
		r.instant(at, e.At)
		r.whole(member(at, "daemon"), e.Daemon, 0, s.Daemons)
	}
	r.checkUpstream(&s.Upstream)
}

// checkStop checks a stretch in which something stands still.
func (r *reader) checkStop(path string, s Stop) {
	at, every := member(path, "at"), member(path, "every")
	switch {
	case r.has(at) == r.has(every):
		r.fault(path, `must be one of at, for one stretch, and every, for one in each period, such as {every: 10s, length: 30ms}`)
	case r.has(at):
		r.length(at, s.At)
		r.positive(member(path, "length"), s.Length)
	default:
		if s.Every < leastEvery || s.Every > longest {
			r.fault(every, "Invalid value: %v: must be from %v to %v", s.Every, leastEvery, longest)
		}
		if s.Length <= 0 || s.Length > s.Every/2 {
			r.fault(member(path, "length"), "Invalid value: %v: must be above 0s and at most half of every, %v", s.Length, s.Every/2)
		}
	}
}

// instant checks when something happens once.
func (r *reader) instant(path string, at time.Duration) {
	if !r.has(member(path, "at")) {
		r.fault(member(path, "at"), `Required value: when it happens, such as "30s"`)
	}
	r.length(member(path, "at"), at)
}

func (r *reader) checkUpstream(u *Upstream) {
	r.whole("upstream.endpoints", u.Endpoints, 1, mostEndpoints)
	r.word("upstream.balancing", string(u.Balancing), string(Random), string(LeastInFlight))
	r.checkLatency("upstream.latency", &u.Latency)
	if u.Loss != nil {
		r.checkLoss("upstream.loss", *u.Loss)
	}
	if p := u.Peaks; p != nil {
		r.word("upstream.peaks.scope", string(p.Scope), string(OfEach), string(OfAll))
		r.length("upstream.peaks.every", p.Every)
		if p.Length <= 0 || p.Length > p.Every {
			r.fault("upstream.peaks.length", "Invalid value: %v: must be above 0s and at most every, %v", p.Length, p.Every)
		}
		r.checkLoss("upstream.peaks.loss", p.Loss)
	}
	if q := u.Queue; q != nil {
		r.whole("upstream.queue.slots", q.Slots, 1, mostCalls)
		r.whole("upstream.queue.limit", q.Limit, 0, mostCalls)
		r.length("upstream.queue.shed", q.Shed)
	}
	for i, h := range u.Hiccups {
		at := fmt.Sprintf("upstream.hiccups[%d]", i)
		r.checkStop(at, h.Stop)
		r.whole(member(at, "endpoint"), h.Endpoint, 0, u.Endpoints)
	}
	for i, c := range u.Changes {
		at := fmt.Sprintf("upstream.changes[%d]", i)
		r.stretch(at, c.From, c.To)
		r.whole(member(at, "endpoint"), c.Endpoint, 0, u.Endpoints)
		r.number(member(at, "latency"), orOne(c.Latency), mostFactor)
		r.number(member(at, "capacity"), orOne(c.Capacity), mostFactor)
		r.checkLoss(member(at, "loss"), c.Loss)
		switch {
		case c.Capacity != 0 && u.Queue == nil:
			r.fault(member(at, "capacity"), "Forbidden: has a meaning with upstream.queue only: add queue: {slots: 4}, or remove it")
		case c.Latency == 0 && c.Capacity == 0 && c.Loss.Share == 0:
			r.fault(at, "changes nothing: write latency, capacity or loss, or remove it")
		}
	}
}

// orOne is a factor, of which 0 stands for 1.
func orOne(factor float64) float64 {
	if factor == 0 {
		return 1
	}
	return factor
}

func (r *reader) checkLoss(path string, l Loss) {
	r.share(member(path, "share"), l.Share)
	r.share(member(path, "silent"), l.Silent)
}

func (r *reader) checkLatency(path string, l *Latency) {
	set := 0
	for _, is := range [...]bool{
		l.Constant != nil, l.Uniform != nil, l.Lognormal != nil, l.Exponential != nil, l.Pareto != nil, l.Empirical != nil, l.Mixture != nil,
	} {
		if is {
			set++
		}
	}
	if set != 1 {
		r.fault(path, "must be exactly one of constant, uniform, lognormal, exponential, pareto, empirical and mixture, such as lognormal: {median: 5ms, sigma: 0.4}")
		return
	}
	switch {
	case l.Constant != nil:
		r.length(member(path, "constant"), *l.Constant)
	case l.Uniform != nil:
		if l.Uniform.To <= l.Uniform.From || l.Uniform.To > longest {
			r.fault(member(path, "uniform.to"), "Invalid value: %v: must be above from, %v, and at most %v", l.Uniform.To, l.Uniform.From, longest)
		}
	case l.Lognormal != nil:
		r.positive(member(path, "lognormal.median"), l.Lognormal.Median)
		r.number(member(path, "lognormal.sigma"), l.Lognormal.Sigma, 10)
	case l.Exponential != nil:
		r.positive(member(path, "exponential.mean"), l.Exponential.Mean)
	case l.Pareto != nil:
		r.positive(member(path, "pareto.least"), l.Pareto.Least)
		r.number(member(path, "pareto.shape"), l.Pareto.Shape, 100)
		if l.Pareto.Most != 0 && l.Pareto.Most < l.Pareto.Least {
			r.fault(member(path, "pareto.most"), "Invalid value: %v: must be at least least, %v", l.Pareto.Most, l.Pareto.Least)
		}
	case l.Empirical != nil:
		r.checkSteps(member(path, "empirical"), l.Empirical)
	default:
		r.checkParts(member(path, "mixture"), l.Mixture)
	}
}

func (r *reader) checkSteps(path string, steps []Step) {
	if len(steps) == 0 || steps[len(steps)-1].Share != 1 {
		r.fault(path, "must end with share: 1, the time that none exceeds")
		return
	}
	var before Step
	for i, s := range steps {
		at := fmt.Sprintf("%s[%d]", path, i)
		r.length(member(at, "by"), s.By)
		if s.By < before.By || s.Share <= before.Share || s.Share > 1 {
			r.fault(at, "must not go back: by and share grow from step to step, up to share: 1")
		}
		before = s
	}
}

func (r *reader) checkParts(path string, parts []Part) {
	sum := 0.0
	for i := range parts {
		at := fmt.Sprintf("%s[%d]", path, i)
		r.share(member(at, "share"), parts[i].Share)
		r.checkLatency(at, &parts[i].Latency)
		sum += parts[i].Share
	}
	if math.Abs(sum-1) > 1e-9 {
		r.fault(path, "the shares add up to %.6g: they must be 1 together", sum)
	}
}

// whole, number, share, length, positive, stretch and word report a value beyond its bounds.

func (r *reader) whole(path string, n, least, most int) {
	switch {
	case n < least && !r.has(path):
		r.fault(path, "Required value: from %d to %d", least, most)
	case n < least || n > most:
		r.fault(path, "Invalid value: %d: must be from %d to %d", n, least, most)
	}
}

func (r *reader) number(path string, v, most float64) {
	switch {
	case v <= 0 && !r.has(path):
		r.fault(path, "Required value: above 0 and at most %.10g", most)
	case v <= 0 || v > most:
		r.fault(path, "Invalid value: %g: must be above 0 and at most %.10g", v, most)
	}
}

func (r *reader) share(path string, v float64) {
	if v < 0 || v > 1 {
		r.fault(path, "Invalid value: %g: must be from 0 to 1", v)
	}
}

func (r *reader) length(path string, d time.Duration) {
	if d > longest {
		r.fault(path, "Invalid value: %v: must be at most %v", d, longest)
	}
}

func (r *reader) positive(path string, d time.Duration) {
	if d <= 0 || d > longest {
		r.fault(path, "Invalid value: %v: must be above 0s and at most %v", d, longest)
	}
}

func (r *reader) stretch(path string, from, to time.Duration) {
	r.length(member(path, "from"), from)
	r.length(member(path, "to"), to)
	if to != 0 && to <= from {
		r.fault(member(path, "to"), "Invalid value: %v: must be after from, %v", to, from)
	}
}

func (r *reader) word(path, got string, known ...string) {
	for _, k := range known {
		if got == k {
			return
		}
	}
	r.fault(path, "Unsupported value: %q: supported values: %q", got, known)
}
