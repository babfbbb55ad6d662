package upstream

import (
	"fmt"
	"io"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"hedged.dev/hedged/pkg/breaker"
	"hedged.dev/hedged/pkg/hedge"
)

func TestEndpointIsSharedAndBreakerIsNot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRegistry()
		g, h := r.Group(keys(1), options(Prefer)), r.Group(keys(2), options(Prefer))
		if g.endpoint(0) != h.endpoint(0) || len(r.Endpoints()) != 2 {
			t.Fatal("one key has two endpoints")
		}
		l := mustPick(t, g, true)
		if s := h.Status()[0]; s.InFlight != 1 || s.Attempts != 1 {
			t.Errorf("status is %+v", s)
		}
		l.Done(Observation{Mark: breaker.Failure, Bad: true, Waited: 1, Ends: 1})
		trip(g, 0)
		if g.Status()[0].State != "open" || h.Status()[0].State != "closed" {
			t.Error("two groups share a breaker")
		}
		if g.endpoint(0).Score() != 0.5 {
			t.Errorf("score is %v", g.endpoint(0).Score())
		}
		h.Close()
		if left := r.Endpoints(); len(left) != 1 || left[0] != g.endpoint(0) {
			t.Errorf("%v are left", left)
		}
	})
}

func TestRepeatedKeyCountsOnce(t *testing.T) {
	g := newRegistry().Group(append(keys(2), keys(2)...), options(Prefer))
	if g.Len() != 2 {
		t.Errorf("%d endpoints, want 2", g.Len())
	}
}

func TestEndpointsAreSorted(t *testing.T) {
	r := newRegistry()
	r.Group([]Key{
		{Address: "b:1", Protocol: HTTP1},
		{Address: "a:1", Protocol: HTTPS, TLS: TLS{ServerName: "y"}},
		{Address: "a:1", Protocol: HTTPS, TLS: TLS{ServerName: "x", InsecureSkipVerify: true}},
		{Address: "a:1", Protocol: HTTPS, TLS: TLS{ServerName: "x"}},
		{Address: "a:1", Protocol: H2},
	}, Options{})
	var got string
	for _, e := range r.Endpoints() {
		k := e.Key()
		got += fmt.Sprintf("%s %s %s %t;", k.Address, k.Protocol, k.TLS.ServerName, k.TLS.InsecureSkipVerify)
	}
	if want := "a:1 H2  false;a:1 HTTPS x false;a:1 HTTPS x true;a:1 HTTPS y false;b:1 HTTP1  false;"; got != want {
		t.Errorf("endpoints are %s, want %s", got, want)
	}
}

func TestUpdateKeepsTheStateOfWhatStays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGroup(2, Prefer)
		trip(g, 0)
		kept, gone := g.endpoint(0), g.endpoint(1)
		kept.HoldOut(time.Now().Add(time.Minute))
		o := options(Require)
		o.Breaker.ConsecutiveFailures = 50
		g.Update([]Key{{Address: "new:80", Protocol: HTTP1}, keys(1)[0]}, o)
		if g.endpoint(1) != kept || g.Status()[1].State != "open" || !kept.HeldOut() {
			t.Errorf("status is %+v", g.Status())
		}
		if n := gone.Carrier().(*carrier).closed.Load(); n != 1 {
			t.Errorf("the endpoint that went was closed %d times", n)
		}
		if l := mustPick(t, g, true); l.Endpoint != g.endpoint(0) {
			t.Errorf("picked %v, want the new one", l.Endpoint.Key())
		}
		refused(t, g, hedge.Breaker, g.endpoint(0)) // Require is in force

		g.Update(keys(2), o)
		if g.endpoint(1) == gone {
			t.Error("a closed endpoint came back")
		}
	})
}

// Law 8 holds for an endpoint that went away and came back during a call.
func TestLaw8EndpointThatComesBackWasUsed(t *testing.T) {
	g := newGroup(2, Require)
	used := []*Endpoint{g.endpoint(0), g.endpoint(1)}
	g.Update(nil, options(Require))
	g.Update(keys(2), options(Require))
	refused(t, g, hedge.NoEndpoint, used...)
	if l := mustPick(t, g, false, used[1]); l.Endpoint != g.endpoint(0) {
		t.Errorf("picked %v", l.Endpoint.Key())
	}
}

func TestUpdatePutsThresholdsInForce(t *testing.T) {
	g := newGroup(1, Prefer)
	o := options(Prefer)
	o.Breaker.ConsecutiveFailures = 50
	g.Update(keys(1), o)
	for range 49 {
		l := mustPick(t, g, true)
		l.Done(Observation{Mark: breaker.Failure})
	}
	if s := g.Status()[0]; s.State != "closed" {
		t.Errorf("after %d failures the breaker is %s", s.Breaker.Failures, s.State)
	}
}

// An endpoint that is closed between the look and the lease is passed over, and
// nothing is leased twice for it.
func TestClosedEndpointIsPassedOver(t *testing.T) {
	g := newGroup(2, Prefer)
	g.endpoint(0).release(oneGroup) // as an update does, before the next members are seen
	for n := range int64(50) {
		l := mustPick(t, g, true)
		if l.Endpoint != g.endpoint(1) || l.Endpoint.InFlight() != n+1 {
			t.Fatalf("%d in flight at %v, want %d", l.Endpoint.InFlight(), l.Endpoint.Key().Address, n+1)
		}
	}
}

// The last release of an endpoint and the first hold of its key may meet: the
// new endpoint is not forgotten in place of the old one.
func TestClosedEndpointDoesNotTakeItsHeirAway(t *testing.T) {
	r := newRegistry()
	old := r.hold(keys(1)[0])
	old.refs.Store(0)
	heir := r.hold(keys(1)[0])
	r.forget(old)
	if heir == old || len(r.Endpoints()) != 1 || r.Endpoints()[0] != heir {
		t.Error("the heir is gone")
	}
}

// An endpoint that goes while an attempt runs is closed when that is over.
func TestLeaseOutlivesTheGroup(t *testing.T) {
	g := newGroup(1, Prefer)
	l := mustPick(t, g, true)
	e := l.Endpoint
	closed := &e.Carrier().(*carrier).closed
	g.Close()
	refused(t, g, hedge.NoEndpoint)
	if closed.Load() != 0 || e.InFlight() != 1 || g.Len() != 0 {
		t.Errorf("closed %d times with %d in flight", closed.Load(), e.InFlight())
	}
	again := g.registry.Group(keys(1), options(Prefer)) // before it is over
	if again.endpoint(0) != e {
		t.Error("an endpoint that was still there was opened again")
	}
	again.Close()
	copied := l
	l.Done(good(nil))
	l.Done(good(nil))
	copied.Done(Observation{Bad: true, Waited: 1, Ends: 1})
	if closed.Load() != 1 || e.InFlight() != 0 || e.Score() > 0.01 { // of the good end alone
		t.Errorf("closed %d times with %d in flight and score %v", closed.Load(), e.InFlight(), e.Score())
	}
	if left := g.registry.Endpoints(); len(left) != 0 {
		t.Errorf("%v are left", left)
	}
}

// ledger opens carriers and knows them all.
type ledger struct {
	mu  sync.Mutex
	all []*carrier
}

func (l *ledger) open(Key) io.Closer {
	l.mu.Lock()
	defer l.mu.Unlock()
	c := &carrier{}
	l.all = append(l.all, c)
	return c
}

// balanced reports whether every carrier was closed once and none is in use.
func (l *ledger) balanced(r *Registry) bool {
	for _, c := range l.all {
		if c.closed.Load() != 1 {
			return false
		}
	}
	return len(r.Endpoints()) == 0
}

// After any interleaving of picks, ends and updates, nothing is in flight and
// everything that was opened is closed exactly once, after its last release.
func TestEverythingIsGivenBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var books ledger
		r := NewRegistry(books.open)
		groups := []*Group{r.Group(keys(2), options(Prefer)), r.Group(keys(3), options(Require))}
		var out []Lease
		var endpoints []*Endpoint
		for range rapid.IntRange(1, 100).Draw(t, "steps") {
			g := groups[rapid.IntRange(0, 1).Draw(t, "group")]
			switch rapid.IntRange(0, 4).Draw(t, "what") {
			case 0, 1:
				first := rapid.Bool().Draw(t, "first")
				l, reason := g.Pick(first, endpoints[max(0, len(endpoints)-2):])
				if (reason == hedge.Admitted) != (l.Endpoint != nil) {
					t.Fatalf("reason %q with lease %+v", reason, l)
				}
				if first && l.Endpoint == nil && g.Len() > 0 {
					t.Fatalf("a first attempt was refused: %q", reason)
				}
				if l.Endpoint != nil {
					out, endpoints = append(out, l), append(endpoints, l.Endpoint)
				}
			case 2, 3:
				if len(out) == 0 {
					continue
				}
				i := rapid.IntRange(0, len(out)-1).Draw(t, "lease")
				e := out[i].Endpoint
				if e.Carrier().(*carrier).closed.Load() != 0 {
					t.Fatal("closed with an attempt in flight")
				}
				out[i].Done(Observation{Mark: breaker.Mark(rapid.IntRange(0, 2).Draw(t, "mark")), Bad: rapid.Bool().Draw(t, "bad")})
				if rapid.Bool().Draw(t, "twice") {
					out[i].Done(Observation{})
				}
				out = append(out[:i], out[i+1:]...)
			case 4:
				from := rapid.IntRange(0, 5).Draw(t, "from")
				to := rapid.IntRange(from, 5).Draw(t, "to")
				g.Update(keys(5)[from:to], options(Distinct(rapid.IntRange(0, 2).Draw(t, "distinct"))))
			}
		}
		for i := range out {
			out[i].Done(Observation{})
		}
		for _, g := range groups {
			g.Close()
			g.Close()
		}
		for _, e := range endpoints {
			if e.InFlight() != 0 {
				t.Fatalf("%d in flight at %v", e.InFlight(), e.Key().Address)
			}
		}
		if !books.balanced(r) {
			t.Fatal("not everything that was opened was closed once")
		}
	})
}

// The same with many at once, for the race detector.
func TestManyAtOnce(t *testing.T) {
	var books ledger
	r := NewRegistry(books.open)
	groups := []*Group{r.Group(keys(3), options(Prefer)), r.Group(keys(3), options(Any))}
	var users, editors sync.WaitGroup
	var over atomic.Bool
	for range 4 {
		users.Go(func() {
			for i := range 3000 {
				l, reason := groups[i%2].Pick(i%3 == 0, nil)
				if reason != hedge.Admitted {
					continue
				}
				if l.Endpoint.Carrier().(*carrier).closed.Load() != 0 {
					t.Error("a closed endpoint was picked")
				}
				l.Done(Observation{Mark: breaker.Mark(i % 3), Bad: i%7 == 0, Ends: 1})
				l.Done(Observation{})
			}
		})
	}
	editors.Go(func() {
		for !over.Load() {
			from := rand.IntN(4)
			groups[rand.IntN(2)].Update(keys(4)[from:], options(Prefer))
			groups[0].Status()
			r.Endpoints()
		}
	})
	users.Wait()
	over.Store(true)
	editors.Wait()
	for _, g := range groups {
		g.Close()
	}
	if !books.balanced(r) {
		t.Error("not everything that was opened was closed once")
	}
}

func TestWordsOfDistinct(t *testing.T) {
	if got := Prefer.String() + Require.String() + Any.String(); got != "PreferRequireAny" {
		t.Errorf("words are %s", got)
	}
}
