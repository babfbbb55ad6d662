package demo

import (
	"context"
	"time"

	"hedged.dev/hedged/pkg/sim"
)

// modelled is a replica that treats each attempt as the simulator's model of the
// upstream does.
type modelled struct {
	model   *sim.Model
	replica int
	start   time.Time // of the run
	alarms  *alarms
	slots   *slots // nil: it serves any number at once
	// run is done when the run has ended. Where a replica serves what nobody waits for
	// any more, this is what ends it.
	run context.Context
}

// newModelled makes one replica's part in a run of a scenario.
func newModelled(ctx context.Context, s *sim.Scenario, model *sim.Model, replica int, start time.Time, a *alarms) *modelled {
	m := &modelled{model: model, replica: replica, start: start, alarms: a, run: ctx}
	if q := s.Upstream.Queue; q != nil {
		m.slots = &slots{queue: *q, count: func(at time.Duration) int { return model.Slots(replica, at) }}
	}
	return m
}

func (m *modelled) meet(ctx context.Context, a arrival) fate {
	outcome := m.model.Meet(a.call, max(int(a.attempt), 1), m.replica, a.at)
	if outcome.Silent {
		select {
		case <-ctx.Done():
		case <-m.run.Done():
		}
		return stalled
	}
	met := served
	if outcome.Failed {
		met = shed
	}
	if m.slots == nil {
		return m.end(ctx, a.at+outcome.Took, met)
	}
	if !m.slots.queue.Cancel {
		ctx = m.run
	}
	begin, entered := m.slots.enter(ctx, a.at)
	switch entered {
	case served:
		end := m.model.Served(m.replica, begin, outcome.Took)
		met = m.end(ctx, end, met)
		if met == gone {
			end = time.Since(m.start)
		}
		m.slots.leave(end)
		return met
	case shed:
		return m.end(ctx, a.at+m.slots.queue.Shed, shed)
	default:
		return gone
	}
}

// end waits for the instant and returns the fate, or gone if ctx is done before.
func (m *modelled) end(ctx context.Context, at time.Duration, met fate) fate {
	if m.alarms.until(ctx, m.start.Add(at)) != nil {
		return gone
	}
	return met
}
