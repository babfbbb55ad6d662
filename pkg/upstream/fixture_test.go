package upstream

import (
	"fmt"
	"io"
	"math/rand/v2"
	"sync/atomic"
	"testing"
	"time"

	"hedged.dev/hedged/pkg/breaker"
	"hedged.dev/hedged/pkg/hedge"
)

// pass lets virtual time go by.
func pass(d time.Duration) {
	time.Sleep(d) //nolint:forbidigo // inside a synctest bubble
}

// carrier counts how often it is closed.
type carrier struct{ closed atomic.Int32 }

func (c *carrier) Close() error { c.closed.Add(1); return nil }

func newRegistry() *Registry { return NewRegistry(func(Key) io.Closer { return &carrier{} }) }

// keys returns the keys of n endpoints, a0 and on.
func keys(n int) (ks []Key) {
	for i := range n {
		ks = append(ks, Key{Address: fmt.Sprintf("a%d:80", i), Protocol: HTTP1})
	}
	return ks
}

func options(d Distinct) Options {
	return Options{Distinct: d, Breaker: breaker.Settings{
		ConsecutiveFailures: 2, Window: 10 * time.Second, OpenFor: 10 * time.Second, HalfOpenAttempts: 1,
	}}
}

// newGroup returns a group of n endpoints whose draws repeat from run to run.
func newGroup(n int, d Distinct) *Group {
	g := newRegistry().Group(keys(n), options(d))
	g.random = rand.New(rand.NewPCG(7, 7)).IntN
	return g
}

// endpoint returns the i-th endpoint of a group, trip opens its breaker.
func (g *Group) endpoint(i int) *Endpoint { return g.members.Load().all[i].endpoint }

func trip(g *Group, i int) {
	b := g.members.Load().all[i].breaker
	for b.State() == breaker.Closed {
		p, _ := b.Allow()
		p.Done(breaker.Failure)
	}
}

// soil gives an endpoint a bad score.
func soil(e *Endpoint) {
	for range 10 {
		e.score.Add(1, 1, time.Now())
	}
}

// praise gives all endpoints of a group a good score.
func praise(g *Group) {
	for _, m := range g.members.Load().all {
		m.endpoint.score.Add(0.01, 1, time.Now())
	}
}

func mustPick(t *testing.T, g *Group, first bool, used ...*Endpoint) Lease {
	t.Helper()
	l, reason := g.Pick(first, used)
	if reason != hedge.Admitted || l.Endpoint == nil {
		t.Fatalf("pick was refused: %q", reason)
	}
	return l
}

func refused(t *testing.T, g *Group, why hedge.Reason, used ...*Endpoint) {
	t.Helper()
	l, reason := g.Pick(false, used)
	if reason != why || l.Endpoint != nil {
		t.Errorf("pick gave reason %q and endpoint %v, want %q", reason, l.Endpoint, why)
	}
	l.Done(Observation{}) // of no lease: harmless
}

// shares returns which share of n first attempts, each over at once, goes to
// each endpoint.
func shares(t *testing.T, g *Group, n int, o func(*Endpoint) Observation) map[string]float64 {
	t.Helper()
	got := map[string]float64{}
	for range n {
		l := mustPick(t, g, true)
		got[l.Endpoint.Key().Address] += 1 / float64(n)
		l.Done(o(l.Endpoint))
	}
	return got
}

func good(*Endpoint) Observation { return Observation{Mark: breaker.Success, Waited: 0.01, Ends: 1} }
