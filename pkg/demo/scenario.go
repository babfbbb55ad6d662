package demo

import (
	"fmt"
	"time"
)

// scenario is what strategies are compared on: replicas that behave in a way of
// their own, and a load.
type scenario struct {
	name       string
	about      string // the upstream, within a plot's subtitle
	trouble    string // what its tracks show; empty: there are none
	note       string // where the strategies' figures come from, below the table; empty: nothing to say
	replicas   int
	deadline   time.Duration // of every call
	duration   time.Duration // of each strategy, without its warm-up
	rate       float64       // calls a second
	strategies []strategy
	figures    []figure // shown beside what every scenario shows

	behaviour func(c course, replica int) behaviour
	tracks    func(c course) []track
}

// course is what the runs of a comparison have in common: all time in it counts
// from the start of a warm-up.
type course struct {
	seed             uint64
	warmUp, duration time.Duration
}

// part is a stretch of the measured time, by shares of it.
func (c course) part(from, to float64) peak {
	at := func(share float64) time.Duration { return c.warmUp + time.Duration(share*float64(c.duration)) }
	return peak{from: at(from), to: at(to)}
}

// measured cuts a stretch to the measured time, and counts from its beginning.
func (c course) measured(line timeline) []peak { return line.within(c.warmUp, c.warmUp+c.duration) }

// track is when something troubled the upstream, counted as in samples.
type track struct {
	title string
	peaks []peak
}

// Scenarios are the names of what strategies can be compared on, the default
// first.
func Scenarios() []string {
	var names []string
	for _, s := range scenarios() {
		names = append(names, s.name)
	}
	return names
}

func scenarios() []scenario {
	return []scenario{peaks(), slow(), slowAndFailing(), brownOut(4, 4*time.Millisecond, 500), step()}
}

// peaks is random traffic peaks, of each replica for itself.
func peaks() scenario {
	calm := habits{
		median: 8 * time.Millisecond, sigma: 0.5,
		slow: slowness{share: 0.008, least: 60 * time.Millisecond, longer: 120 * time.Millisecond},
	}
	peaking := calm
	peaking.drop, peaking.stall, peaking.shed = 0.30, 0.30, 0.25
	return scenario{
		name:     "peaks",
		about:    "three replicas with random peaks",
		trouble:  "a replica in a peak",
		note:     "the fixed stagger is twice that median",
		replicas: 3, deadline: 250 * time.Millisecond, duration: 13 * time.Second, rate: 600,
		strategies: everyStrategy(),
		behaviour: func(c course, replica int) behaviour {
			line := newTimeline(c.seed, replica)
			return careless{seed: c.seed, replica: replica, habits: func(at time.Duration) habits {
				if line.peaking(at) {
					return peaking
				}
				return calm
			}}
		},
		tracks: func(c course) []track {
			var tracks []track
			for replica := range 3 {
				tracks = append(tracks, track{title: replicaName(replica), peaks: c.measured(newTimeline(c.seed, replica))})
			}
			return tracks
		},
	}
}

// slow is an upstream of which one answer in fifty is a hundred times slower
// than the others.
func slow() scenario {
	return unsteady("slow", "2 % of the answers 200 ms late", 5, habits{})
}

// slowAndFailing is slow with losses of both kinds.
func slowAndFailing() scenario {
	return unsteady("slow-and-failing", "2 % of the answers 200 ms late, 5 % lost", 10,
		habits{drop: 0.025, shed: 0.025})
}

// unsteady is an upstream with these habits besides slow answers, and so much of a
// budget for the adaptive strategy, in percent.
func unsteady(name, about string, budget float64, h habits) scenario {
	h.median, h.sigma = 2*time.Millisecond, 0.3
	h.slow = slowness{share: 0.02, least: 200 * time.Millisecond}
	return scenario{
		name: name, about: about,
		note:     "the fixed stagger is 10 ms",
		replicas: 3, deadline: 300 * time.Millisecond, duration: 15 * time.Second, rate: 500,
		strategies: unsteadyStrategies(budget),
		figures:    []figure{quick()},
		behaviour: func(c course, replica int) behaviour {
			return careless{seed: c.seed, replica: replica, habits: func(time.Duration) habits { return h }}
		},
		tracks: func(course) []track { return nil },
	}
}

// brownOut is an upstream that needs six times as long for a while, which is
// more than its replicas have slots for, and suffers from every further attempt.
func brownOut(slots int, usual time.Duration, rate float64) scenario {
	during := func(c course) peak { return c.part(0.2, 0.4) }
	return scenario{
		name:     "brown-out",
		about:    fmt.Sprintf("%d slots, six times slower for a while", 2*slots),
		trouble:  "the brown-out",
		note:     "the fixed stagger is twice that median\n  no breakers: they would stop what hedges too much here, and hide what the budget and the plan do",
		replicas: 2, deadline: 200 * time.Millisecond, duration: 20 * time.Second, rate: rate,
		strategies: brownOutStrategies(),
		figures:    []figure{onTimeOfNone(), lastMiss(), lastMissOfNone()},
		behaviour: func(c course, replica int) behaviour {
			slow := during(c)
			return &queue{seed: c.seed, replica: replica, free: make([]time.Duration, slots), service: func(at time.Duration) time.Duration {
				if slow.holds(at) {
					return 6 * usual
				}
				return usual
			}}
		},
		tracks: func(c course) []track {
			return []track{{title: "brown-out", peaks: c.measured(timeline{during(c)})}}
		},
	}
}

// step is an upstream that loses one attempt in five for a while, without a
// word or with a 503, and is no slower for it.
func step() scenario {
	calm := habits{median: 5 * time.Millisecond, sigma: 0.4}
	losing := calm
	losing.stall, losing.shed = 0.1, 0.1
	during := func(c course) peak { return c.part(0.25, 0.625) }
	return scenario{
		name:     "step",
		about:    "20 % of the attempts lost for a while",
		trouble:  "20 % of the attempts lost",
		note:     "no breakers",
		replicas: 5, deadline: 150 * time.Millisecond, duration: 40 * time.Second, rate: 500,
		strategies: stepStrategies(),
		behaviour: func(c course, replica int) behaviour {
			lossy := during(c)
			return careless{seed: c.seed, replica: replica, habits: func(at time.Duration) habits {
				if lossy.holds(at) {
					return losing
				}
				return calm
			}}
		},
		tracks: func(c course) []track {
			return []track{{title: "losses", peaks: c.measured(timeline{during(c)})}}
		},
	}
}
