package upstream

import (
	"time"

	"hedged.dev/hedged/pkg/breaker"
)

// EndpointStatus is an endpoint at one instant, as one group sees it.
type EndpointStatus struct {
	Address  string         `json:"address"`
	Protocol Protocol       `json:"protocol"`
	Near     bool           `json:"near,omitempty"` // first attempts prefer it
	State    string         `json:"state"`          // of the group's breaker
	Breaker  breaker.Status `json:"breaker"`
	InFlight int64          `json:"inFlight"`
	Score    float64        `json:"score"`    // 0 good to 1 bad
	Attempts uint64         `json:"attempts"` // of all groups, since the endpoint came
	Bad      uint64         `json:"bad"`      // of them, ends that counted against it
	// HeldOutUntil is when a pushback ends; zero if none is in force.
	HeldOutUntil time.Time `json:"heldOutUntil,omitzero"`
}

// Status returns the group's endpoints in the order of its keys.
func (g *Group) Status() []EndpointStatus {
	all := g.members.Load().all
	status := make([]EndpointStatus, 0, len(all))
	for _, m := range all {
		e, b := m.endpoint, m.breaker.Status()
		s := EndpointStatus{
			Address:  e.key.Address,
			Protocol: e.key.Protocol,
			Near:     m.near,
			State:    b.State.String(),
			Breaker:  b,
			InFlight: e.InFlight(),
			Score:    e.Score(),
			Attempts: e.attempts.Load(),
			Bad:      e.bad.Load(),
		}
		if e.HeldOut() {
			s.HeldOutUntil = time.Unix(0, e.held.Load())
		}
		status = append(status, s)
	}
	return status
}
