// Package sim answers what a policy would do: it plays a scenario, which is a load
// on a model of an upstream, with hedging strategies, and reports success by the
// deadline, latency, extra load and recovery of each.
//
// It is a discrete-event simulation on virtual time. What decides is the daemon's
// own: the controller of pkg/adapt, ticked each 100 ms, with its budget, and the
// choice of endpoints of pkg/upstream, fed as pkg/proxy feeds it. What carries calls out
// follows pkg/hedge's rules event by event; a test holds the two to the same
// attempts at the same instants. The strategies that adaptive is measured against are
// none, the daemon's choice of endpoints without hedging, sequential retry with the best
// of four time-outs, two and three attempts all at once, a fixed stagger, gRPC's hedging
// with its throttle, a percentile with a budget, and the best static plan in hindsight.
// RunSuite plays many scenarios and says in which of them adaptive is not the best choice.
//
// Everything is drawn from streams that a seed, the call and the attempt name. So
// all strategies meet the same arrivals and the same upstream, and the same seed
// gives the same report, byte for byte.
//
// # Scenarios
//
// A scenario is a YAML document, read strictly:
//
//	name: slow-replicas           # small letters, digits and dashes
//	description: one line
//	calls: 100000                 # in all
//	rate: 500                     # calls a second
//	arrivals: Poisson             # or Steady
//	leaves: 1                     # leaf calls of each root call; the root's figures are reported
//	daemons: 1                    # share the calls, each with its controller and budget
//	warmUp: 5s                    # calls that do not count
//	mark: 100ms                   # the share of calls within it is reported too
//	surges:                       # stretches of more calls, or fewer; with factor 0 there are none
//	  - {from: 20s, to: 30s, factor: 2}
//	pauses:                       # daemons stand still; without daemon all at once
//	  - {at: 30s, length: 300ms, daemon: 1}
//	  - {every: 1s, length: 20ms} # once in each period, at a random place
//	restarts:                     # a daemon loses what it has learned
//	  - {at: 40s, daemon: 1}
//	edits:                        # another policy, for adaptive
//	  - at: 50s
//	    policy: {deadline: 300ms, budget: {percent: 10}}
//	policy:                       # the spec of a HedgePolicy; match and upstream may be left out
//	  deadline: 300ms
//	  budget: {percent: 5}
//	upstream:
//	  endpoints: 3
//	  balancing: Random           # or LeastInFlight: how strategies other than adaptive pick
//	  latency:                    # of an answer; with a queue, of the service alone
//	    mixture:                  # shares add up to 1
//	      - {share: 0.98, lognormal: {median: 5ms, sigma: 0.4}}
//	      - {share: 0.02, pareto: {least: 50ms, shape: 1.5, most: 2s}}
//	    # or constant: 5ms
//	    # or uniform: {from: 4ms, to: 6ms}
//	    # or exponential: {mean: 5ms}
//	    # or empirical: [{by: 4ms, share: 0.5}, {by: 90ms, share: 1}]
//	  loss: {share: 0.01, silent: 0.5}   # of these half are never heard of, half fail when the answer was due
//	  peaks: {scope: Endpoint, every: 40s, length: 2s, loss: {share: 0.8, silent: 1}}   # or Shared: all at once
//	  queue: {slots: 4, limit: 16, shed: 1ms, cancel: false}   # each endpoint's; limit 0: none
//	  hiccups:                    # endpoints stand still; without endpoint all at once
//	    - {every: 2s, length: 30ms, endpoint: 2}
//	  changes:                    # from an instant on; without to, to the end; without endpoint, of all
//	    - {from: 30s, to: 33s, latency: 4, capacity: 0.5, loss: {share: 0.2, silent: 0}}
//	    - {endpoint: 2, latency: 4}  # it is that slow all the time
//
// FromRecording makes a scenario of recorded attempts instead: an empirical model in
// slices of time, in which attempts that were given up count as known to take longer than they
// lived.
//
// # What it leaves out
//
// It does not know networks, connections, request bodies and circuit breakers, nor
// pushback and callers that go away. A daemon takes no time of its own. A policy in
// mode Shadow or Disabled is simulated as if it were in force.
package sim
