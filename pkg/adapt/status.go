package adapt

// Status is a controller at one instant.
type Status struct {
	Observed uint64 // first attempts since the start
	Plan     *Plan  // in force
}

// Status returns the controller as it is now. What no tick has taken up yet is not in it.
func (c *Controller) Status() Status {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := Status{Plan: c.plan.Load()}
	if c.view != nil {
		s.Observed = c.view.observed
	}
	return s
}
