package sim

import (
	"time"

	"hedged.dev/hedged/pkg/policy"
)

// Scenario is a load on an upstream, and the policy that it is served under. It is
// what a scenario document says.
type Scenario struct {
	Name        string `yaml:"name"`
	Description string `yaml:"description"` // one line

	Calls    int           `yaml:"calls"`    // in all
	Rate     float64       `yaml:"rate"`     // calls a second
	Arrivals Arrivals      `yaml:"arrivals"` // Poisson or Steady
	Leaves   int           `yaml:"leaves"`   // calls of each root call, which arrive at once; the root's figures are reported
	Daemons  int           `yaml:"daemons"`  // that share the calls, each with a controller and a budget of its own
	WarmUp   time.Duration `yaml:"warmUp"`   // calls that arrive before do not count
	Mark     time.Duration `yaml:"mark"`     // the share of calls within it is reported too; 0: none
	Surges   []Surge       `yaml:"surges"`   // stretches of more or fewer calls

	Upstream Upstream       `yaml:"upstream"`
	Policy   *policy.Policy `yaml:"-"` // of the document's section policy
}

// Arrivals is how calls arrive.
type Arrivals string

// The kinds of arrivals.
const (
	Poisson Arrivals = "Poisson" // each independently of the others
	Steady  Arrivals = "Steady"  // evenly spaced
)

// Surge multiplies the rate of calls for a stretch of time.
type Surge struct {
	From   time.Duration `yaml:"from"`
	To     time.Duration `yaml:"to"`
	Factor float64       `yaml:"factor"`
}

// Upstream is a model of an upstream's replicas. Its parts add up: an attempt may
// meet a loss, a peak, a change, and a queue.
type Upstream struct {
	Endpoints int       `yaml:"endpoints"`
	Balancing Balancing `yaml:"balancing"` // how strategies other than adaptive pick an endpoint
	Latency   Latency   `yaml:"latency"`   // of an answer; of the service alone where there is a queue
	Loss      *Loss     `yaml:"loss"`
	Peaks     *Peaks    `yaml:"peaks"`
	Queue     *Queue    `yaml:"queue"`
	Changes   []Change  `yaml:"changes"`

	recorded *recorded // in place of latency, if it is of a recording
}

// Balancing is how a strategy picks among endpoints.
type Balancing string

// The kinds of balancing.
const (
	Random        Balancing = "Random"        // any that the call has not used
	LeastInFlight Balancing = "LeastInFlight" // the better of two random ones by attempts in flight
)

// Loss is a share of attempts that get no answer, each independently.
type Loss struct {
	Share  float64 `yaml:"share"`
	Silent float64 `yaml:"silent"` // the share of these that are never heard of; the others fail explicitly when the answer was due
}

// Peaks are stretches of loss, one in each period, at a random place in it.
type Peaks struct {
	Scope  Scope         `yaml:"scope"`
	Every  time.Duration `yaml:"every"`
	Length time.Duration `yaml:"length"`
	Loss   Loss          `yaml:"loss"`
}

// Scope is whom a peak hits.
type Scope string

// The scopes.
const (
	OfEach Scope = "Endpoint" // each endpoint has peaks of its own
	OfAll  Scope = "Shared"   // all endpoints at once
)

// Queue makes each endpoint serve that many attempts at once and keep the others
// waiting, first come, first served.
type Queue struct {
	Slots  int  `yaml:"slots"`
	Cancel bool `yaml:"cancel"` // an attempt that is given up leaves the queue, and its slot; else it is served to its end
	// Limit is how many may wait; what comes on top fails explicitly after Shed. 0: no limit.
	Limit int           `yaml:"limit"`
	Shed  time.Duration `yaml:"shed"`
}

// Change holds from an instant on.
type Change struct {
	From     time.Duration `yaml:"from"`
	To       time.Duration `yaml:"to"`       // 0: to the end
	Latency  float64       `yaml:"latency"`  // factor; 0: 1
	Capacity float64       `yaml:"capacity"` // factor of the slots; 0: 1
	Loss     Loss          `yaml:"loss"`
}

// disturbed returns from when to when the last disturbance takes place: the changes
// and surges, of which those without an end count as an instant. ok is false if
// there is none.
func (s *Scenario) disturbed() (first, last time.Duration, ok bool) {
	first = never
	add := func(from, to time.Duration) {
		first, last, ok = min(first, from), max(last, from, to), true
	}
	for _, c := range s.Upstream.Changes {
		add(c.From, c.To)
	}
	for _, g := range s.Surges {
		add(g.From, g.To)
	}
	return first, last, ok
}
