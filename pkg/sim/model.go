package sim

import (
	"slices"
	"sync"
	"time"
)

// Model is a scenario's load and upstream without the simulator's clock, for whoever
// plays them on sockets: the same seed gives the same calls, and an attempt of the same
// call, number, endpoint and instant the same fate. It is safe for concurrent use.
type Model struct {
	scenario Scenario
	seed     uint64

	mu    sync.Mutex
	fleet *fleet
	now   int64           // the latest instant that was asked about
	edges []time.Duration // that are still to come, in order
}

// Call is one call of a model's load. Its number is its place among all calls.
type Call struct {
	At     time.Duration // since the beginning
	Daemon int           // which of the scenario's daemons it goes to
}

// Outcome is what becomes of one attempt.
type Outcome struct {
	Took   time.Duration // until its end; where there is a queue, of the service alone
	Failed bool          // it fails explicitly
	Silent bool          // it is never heard of
}

// Model returns the scenario's load and upstream as a seed draws them.
func (s Scenario) Model(seed uint64) *Model {
	m := &Model{scenario: s, seed: seed}
	m.fleet = newFleet(&m.scenario.Upstream, seed)
	m.edges = m.fleet.edges()
	slices.Sort(m.edges)
	return m
}

// Calls returns all calls in the order of their arrival.
func (m *Model) Calls() []Call {
	var calls []Call
	for a := newArrivals(&m.scenario, m.seed, m.scenario.Calls); a.next != never; a.advance() {
		for _, leaf := range a.which {
			calls = append(calls, Call{
				At:     time.Duration(a.next),
				Daemon: daemonOf(m.seed, a.first+uint64(leaf), m.scenario.Daemons),
			})
		}
	}
	return calls
}

// Meet returns what becomes of attempt n, counted from 1, of a call that reaches the
// endpoint at that instant. An instant before one that was asked about counts as that
// one: on sockets they come out of order by microseconds.
func (m *Model) Meet(call uint64, n, endpoint int, at time.Duration) Outcome {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.advance(at)
	what, took := m.fleet.fate(call, n, uint16(endpoint), m.now)
	return Outcome{Took: time.Duration(took), Failed: what == failing, Silent: what == silent}
}

// Slots returns how many attempts the endpoint serves at once at that instant; 0 if there
// is no queue and so no limit.
func (m *Model) Slots(endpoint int, at time.Duration) int {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.advance(at)
	return m.fleet.at(uint16(endpoint)).slots
}

// Served returns when a service that begins at an instant and takes so long by itself
// ends at an endpoint with a queue: the endpoint's hiccups hold it up.
func (m *Model) Served(endpoint int, begin, took time.Duration) (end time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return begin + time.Duration(m.fleet.through(uint16(endpoint), int64(begin), int64(took)))
}

// advance takes up the changes that hold at the instant. The lock is held.
func (m *Model) advance(at time.Duration) {
	m.now = max(m.now, int64(at))
	passed := 0
	for passed < len(m.edges) && int64(m.edges[passed]) <= m.now {
		passed++
	}
	if passed > 0 {
		m.edges = m.edges[passed:]
		m.fleet.turn(m.now)
	}
}

// daemonOf is which of so many daemons a call goes to.
func daemonOf(seed, call uint64, daemons int) int {
	which := newSource(seed, daemonStream, call, 0)
	return which.below(daemons)
}
