package sim

import (
	"time"

	"go.yaml.in/yaml/v3"

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
	Surges   []Surge       `yaml:"surges"`   // stretches of more or fewer calls, or none
	Pauses   []Pause       `yaml:"pauses"`   // in which daemons stand still
	Edits    []Edit        `yaml:"edits"`    // of the policy, for strategies that follow it
	Restarts []Restart     `yaml:"restarts"` // of daemons

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

// Surge multiplies the rate of calls for a stretch of time. A factor of 0 is silence.
type Surge struct {
	From   time.Duration `yaml:"from"`
	To     time.Duration `yaml:"to"`
	Factor float64       `yaml:"factor"`
}

// Stop is a stretch in which something stands still: one from an instant on, or one
// in each period, at a random place in it.
type Stop struct {
	At     time.Duration `yaml:"at"`
	Every  time.Duration `yaml:"every"` // 0: there is one only, at its instant
	Length time.Duration `yaml:"length"`
}

// Pause is a stretch in which a daemon stands still, as for a garbage collection or when
// it has used up its share of the CPU: it sees at the end what happens meanwhile.
type Pause struct {
	Stop   `yaml:",inline"`
	Daemon int `yaml:"daemon"` // from 1; 0: all at once
}

// Edit puts another policy in force at an instant, as an edit of the object does: what
// was learned stays. The deadline is the scenario's.
type Edit struct {
	At      time.Duration  `yaml:"at"`
	Section yaml.Node      `yaml:"policy"` // as it is written; Load reads it into Policy
	Policy  *policy.Policy `yaml:"-"`
}

// Restart makes a daemon lose at an instant all that it has learned. The calls under
// way go on.
type Restart struct {
	At     time.Duration `yaml:"at"`
	Daemon int           `yaml:"daemon"` // from 1; 0: all at once
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
	Hiccups   []Hiccup  `yaml:"hiccups"`
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

// Hiccup is a stretch in which endpoints stand still, as for a garbage collection:
// every attempt that they have, or get meanwhile, is answered later by what is left of it.
type Hiccup struct {
	Stop     `yaml:",inline"`
	Endpoint int `yaml:"endpoint"` // from 1; 0: all at once
}

// Change holds from an instant on.
type Change struct {
	From     time.Duration `yaml:"from"`
	To       time.Duration `yaml:"to"`       // 0: to the end
	Endpoint int           `yaml:"endpoint"` // from 1; 0: all
	Latency  float64       `yaml:"latency"`  // factor; 0: 1
	Capacity float64       `yaml:"capacity"` // factor of the slots; 0: 1
	Loss     Loss          `yaml:"loss"`
}
