package adapt

// Status is a learner at one instant.
type Status struct {
	Observed uint64 // first attempts since the start
	Plan     *Plan  // in force
}

// Status returns the learner as it is now. What no tick has taken up yet is not in it.
func (l *Learner) Status() Status {
	l.mu.Lock()
	defer l.mu.Unlock()
	return Status{Observed: l.observed, Plan: l.plan.Load()}
}
