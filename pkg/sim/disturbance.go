package sim

import "time"

// disturbance is something that happens to a scenario once. What is there all the time, or
// comes back in each period, is how the upstream usually is.
type disturbance struct{ from, to time.Duration }

// disturbances returns all that have an instant, in no order. Those without an end
// count as an instant.
func (s *Scenario) disturbances() []disturbance {
	var all []disturbance
	add := func(from, to time.Duration) { all = append(all, disturbance{from, max(from, to)}) }
	for _, c := range s.Upstream.Changes {
		if !c.always() {
			add(c.From, c.To)
		}
	}
	for _, g := range s.Surges {
		add(g.From, g.To)
	}
	for _, h := range s.Upstream.Hiccups {
		if h.Every == 0 {
			add(h.At, h.At+h.Length)
		}
	}
	for _, p := range s.Pauses {
		if p.Every == 0 {
			add(p.At, p.At+p.Length)
		}
	}
	for _, e := range s.Edits {
		add(e.At, e.At)
	}
	for _, r := range s.Restarts {
		add(r.At, r.At)
	}
	return all
}

// disturbed returns from when to when disturbances take place. ok is false if there
// is none.
func (s *Scenario) disturbed() (first, last time.Duration, ok bool) {
	first = never
	for _, d := range s.disturbances() {
		first, last, ok = min(first, d.from), max(last, d.to), true
	}
	return first, last, ok
}

// calm returns the scenario without what happens once and without peaks: what its
// upstream is as a rule.
func (s Scenario) calm() Scenario {
	s.Surges, s.Pauses, s.Edits, s.Restarts = nil, nil, nil, nil
	s.Upstream.Peaks, s.Upstream.Hiccups = nil, nil
	var always []Change
	for _, c := range s.Upstream.Changes {
		if c.always() {
			always = append(always, c)
		}
	}
	s.Upstream.Changes = always
	return s
}

// always reports whether the change holds all the time: it is how an endpoint is.
func (c *Change) always() bool { return c.From == 0 && c.To == 0 }
