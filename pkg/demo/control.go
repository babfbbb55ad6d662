package demo

import (
	"context"
	"fmt"
	"slices"
	"time"

	"hedged.dev/hedged/pkg/sim"
)

// controlRate is how many direct calls a second there are beside each run.
const controlRate = 50

// badControl is the lateness of one direct call in a hundred above which a run says
// more of this machine than of the strategies.
const badControl = 5 * time.Millisecond

// control is the calls of a run that go straight to a replica which nothing troubles.
// How much longer they take than the model says is what the machine itself adds.
type control struct {
	fleet fleet
	model *sim.Model
	load  load
}

// newControl starts the replica, which has the scenario's latency and nothing else.
func newControl(s *sim.Scenario, seed uint64) (*control, error) {
	f, err := newFleet(1)
	if err != nil {
		return nil, err
	}
	calm := sim.Scenario{Upstream: sim.Upstream{Endpoints: 1, Latency: s.Upstream.Latency}}
	return &control{
		fleet: f, model: calm.Model(seed),
		load: load{url: "http://" + f[0].address() + "/", deadline: s.Policy.Deadline},
	}, nil
}

// lateness is what a control found.
type lateness struct {
	calls int
	p99   time.Duration // that one call in a hundred took longer than in the model, or more
}

// bad reports whether the run is void.
func (l lateness) bad() bool { return l.p99 > badControl }

func (l lateness) String() string {
	return fmt.Sprintf("%d direct calls, one in a hundred %s or more later than in the model", l.calls, milliseconds(l.p99))
}

// run sends direct calls from start on for so long.
func (c *control) run(ctx context.Context, start time.Time, length time.Duration, a *alarms) (lateness, error) {
	var instants []time.Duration
	for at := time.Duration(0); at < length; at += time.Second / controlRate {
		instants = append(instants, at)
	}
	c.fleet.beginAt(start, func(replica int) behaviour {
		return &modelled{model: c.model, replica: replica, start: start, alarms: a, run: ctx}
	}, len(instants))
	samples, err := c.load.run(ctx, start, instants)
	if err != nil {
		return lateness{}, fmt.Errorf("direct calls: %w", err)
	}
	late := make([]time.Duration, len(samples))
	for i, s := range samples {
		late[i] = s.elapsed - c.model.Meet(uint64(i), 1, 0, s.at).Took
	}
	slices.Sort(late)
	return lateness{calls: len(late), p99: percentile(late, 0.99)}, nil
}
