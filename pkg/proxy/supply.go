package proxy

import (
	"sync"
	"time"

	"hedged.dev/hedged/pkg/discovery"
	"hedged.dev/hedged/pkg/policy"
	"hedged.dev/hedged/pkg/upstream"
)

// supply keeps a group's endpoints: those that its policy writes down, or those
// that the policy's target is found to have.
type supply struct {
	handler *Handler
	group   *upstream.Group
	stop    func() // watching the target; guarded by Handler.mu, as are writes of policy

	// mu guards what follows. A Resolver's calls take it, so that nobody may hold
	// it who waits for a Resolver.
	mu     sync.Mutex
	policy *policy.Policy
	since  time.Time      // when the target was first watched
	found  *discovery.Set // nil: nothing is known of the target yet
	told   discovery.Set  // whose problem was last told
}

// newSupply makes a group for a policy. Until its target's endpoints are known it
// has those of the upstream that the policy had before; nil if it had none.
func (h *Handler) newSupply(p *policy.Policy, before *state) *supply {
	keys := p.Upstream.Endpoints
	if (p.Upstream.Target != discovery.Target{}) && before != nil {
		keys = before.supply.group.Keys()
	}
	s := &supply{handler: h, group: h.options.Registry.Group(keys, groupOptions(p)), policy: p, since: time.Now()}
	s.watch(p.Upstream.Target)
	return s
}

// update follows another revision of the policy. An upstream that is now found at
// another port keeps its endpoints until those there are known.
func (s *supply) update(p *policy.Policy) {
	other := p.Upstream.Target != s.policy.Upstream.Target
	if other {
		s.stop()
	}
	s.mu.Lock()
	s.policy = p
	if other {
		s.since, s.found = time.Now(), nil
	}
	s.fill()
	s.mu.Unlock()
	if other {
		s.watch(p.Upstream.Target)
	}
}

func (s *supply) watch(t discovery.Target) {
	s.stop = func() {}
	if (t != discovery.Target{}) {
		s.stop = s.handler.options.Resolver.Watch(t, s.take)
	}
}

// take puts in force what was found of the target.
func (s *supply) take(found discovery.Set) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.found = &found
	s.fill()
	s.tell()
}

// fill gives the group its endpoints and options. It is called with the lock held.
func (s *supply) fill() {
	up, options := &s.policy.Upstream, groupOptions(s.policy)
	if (up.Target == discovery.Target{}) {
		s.group.Update(up.Endpoints, options)
		return
	}
	if s.found == nil {
		s.group.Update(s.group.Keys(), options)
		return
	}
	keys := make([]upstream.Key, len(s.found.Endpoints))
	for i, e := range s.found.Endpoints {
		keys[i] = up.Key
		keys[i].Address = e.Address
		if e.Near {
			if options.Near == nil {
				options.Near = map[upstream.Key]bool{}
			}
			options.Near[keys[i]] = true
		}
	}
	s.group.Update(keys, options)
}

// tell makes it known, once, that the upstream is not found, or found again, and
// that there is another problem. It is called with the lock held.
func (s *supply) tell() {
	before, now := s.told, *s.found
	if missing(now) == missing(before) && problemOf(now) == problemOf(before) {
		return
	}
	s.told = now
	log := s.handler.options.Telemetry.Log.With("policy", s.policy.ID.String(), "upstream", s.policy.Upstream.Target.String())
	switch {
	case missing(now):
		log.Warn("upstream not found", "problem", problemOf(now))
	case missing(before):
		log.Info("upstream found", "endpoints", len(now.Endpoints))
	}
	select {
	case s.handler.changed <- struct{}{}:
	default: // who is told has yet to look at what changed before
	}
}

// missing reports whether calls find nothing: what the target names is not there, or
// what is there cannot be read and was not known before.
func missing(s discovery.Set) bool {
	return s.NotFound || s.Problem != nil && len(s.Endpoints) == 0
}

// problemOf is what people are told of a set; "" if nothing is wrong.
func problemOf(s discovery.Set) string {
	if s.Problem == nil {
		return ""
	}
	return s.Problem.Error()
}

// known returns what was found of the target, and false if that is not known yet.
// Of endpoints that are written down there is nothing to be found.
func (s *supply) known() (discovery.Set, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.found == nil {
		return discovery.Set{}, s.policy.Upstream.Target == discovery.Target{}
	}
	return *s.found, true
}

// close lets go of the endpoints and their target.
func (s *supply) close() {
	s.stop()
	s.group.Close()
}
