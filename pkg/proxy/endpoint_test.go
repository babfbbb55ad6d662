package proxy_test

import (
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hedged.dev/hedged/pkg/upstream"
)

func TestP15TheHedgeGoesToAnotherEndpoint(t *testing.T) {
	t.Parallel()
	for range 10 {
		var arrived sync.WaitGroup
		arrived.Add(3)
		arrives := func(h http.HandlerFunc) http.HandlerFunc {
			return func(w http.ResponseWriter, r *http.Request) { arrived.Done(); h(w, r) }
		}
		replicas := some(t, 3, arrives(func(w http.ResponseWriter, r *http.Request) {
			if number(r) < 3 {
				hangs(w, r)
				return
			}
			arrived.Wait()
			says(http.StatusOK, "third")(w, r)
		}))
		f := start(t, "stagger: {mode: Fixed, fixed: 1ms}", replicas...)
		if got := f.get(t, "/"); got.body != "third" {
			t.Fatalf("%s %q", got.Status, got.body)
		}
		for _, r := range replicas {
			if n := r.served.Load(); n != 1 {
				t.Errorf("an endpoint had %d attempts of one call", n)
			}
		}
	}
}

func TestP15ARetryGoesToAnotherEndpoint(t *testing.T) {
	t.Parallel()
	for range 10 {
		replicas := some(t, 2, byAttempt(says(http.StatusServiceUnavailable, ""), says(http.StatusOK, "second")))
		f := start(t, unhurried, replicas...)
		if got := f.get(t, "/"); got.body != "second" {
			t.Fatalf("%s %q", got.Status, got.body)
		}
		if a, b := replicas[0].served.Load(), replicas[1].served.Load(); a != 1 || b != 1 {
			t.Errorf("%d and %d attempts", a, b)
		}
	}
}

func TestDistinct(t *testing.T) {
	t.Parallel()
	bad := says(http.StatusServiceUnavailable, "")
	f := func(distinct string, endpoints, attempts int, suppressed string) {
		t.Run(distinct, func(t *testing.T) {
			replicas := some(t, endpoints, bad)
			f := start(t, unhurried+"upstream.distinct: "+distinct, replicas...)
			f.get(t, "/")
			if n := served(replicas); n != int64(attempts) {
				t.Errorf("%d attempts", n)
			}
			if s := f.suppressed(t); !strings.Contains(s, suppressed) {
				t.Error(s)
			}
		})
	}
	f("Require", 2, 2, "3:failure:no_endpoint")
	f("Prefer", 2, 3, "")
	f("Any", 1, 3, "")
}

// Two failures open a breaker; then the traffic goes elsewhere.
func TestBreakerOpensPerEndpoint(t *testing.T) {
	t.Parallel()
	sick, well := serve(t, says(http.StatusServiceUnavailable, "sick")), serve(t, says(http.StatusOK, "well"))
	f := start(t, unhurried+"circuitBreaker: {consecutiveFailures: 2, openFor: 1h}", sick, well)
	states := func() map[string]string {
		m := map[string]string{}
		for _, e := range f.upstream().Endpoints {
			m["http://"+e.Address] = e.State
		}
		return m
	}
	await(t, "the breaker to open", func() bool {
		if got := f.get(t, "/"); got.body != "well" {
			t.Fatalf("%s %q", got.Status, got.body)
		}
		return states()[sick.URL] == "open"
	})
	if d := cmp.Diff(map[string]string{sick.URL: "open", well.URL: "closed"}, states()); d != "" {
		t.Error(d)
	}
	if n := sick.served.Load(); n != 2 {
		t.Errorf("%d attempts opened it", n)
	}
	for range 30 {
		f.get(t, "/")
	}
	if n := sick.served.Load(); n != 2 {
		t.Errorf("%d attempts went to an endpoint whose breaker is open", n-2)
	}
}

// When no breaker admits, the first attempt goes all the same and further ones
// are refused.
func TestBreakerBypass(t *testing.T) {
	t.Parallel()
	var well once
	r := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if well.taken.Load() {
			says(http.StatusOK, "well again")(w, r)
			return
		}
		w.WriteHeader(http.StatusServiceUnavailable)
	})
	f := start(t, unhurried+"circuitBreaker: {consecutiveFailures: 1, openFor: 1h}", r)
	f.get(t, "/")
	if n := r.served.Load(); n != 1 {
		t.Fatalf("%d attempts although the breaker opened", n)
	}
	if s := f.suppressed(t); !strings.Contains(s, "2:failure:breaker") {
		t.Error(s)
	}
	well.first()
	if got := f.get(t, "/"); got.body != "well again" {
		t.Errorf("%s %q", got.Status, got.body)
	}
	if n := f.upstream().Bypassed; n != 1 {
		t.Errorf("%d bypassed", n)
	}
	if m := f.metrics(t); !strings.Contains(m, `hedged_breaker_bypassed`) {
		t.Error("no metric for it")
	}
}

// A breaker that is open probes after openFor, and a good answer closes it.
func TestBreakerClosesAgain(t *testing.T) {
	t.Parallel()
	var now once
	r := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		if now.first() {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	})
	f := start(t, unhurried+"circuitBreaker: {consecutiveFailures: 1, openFor: 50ms}", r)
	f.get(t, "/")
	await(t, "the breaker to close", func() bool {
		f.get(t, "/")
		return f.upstream().Endpoints[0].State == "closed"
	})
}

// Lost attempts and clients that went away say nothing against an endpoint.
func TestBreakerLeavesLostAttemptsOut(t *testing.T) {
	t.Parallel()
	replicas := some(t, 2, byAttempt(hangs, says(http.StatusOK, "second")))
	f := start(t, two+"stagger: {mode: Fixed, fixed: 1ms}\ncircuitBreaker: {consecutiveFailures: 1}", replicas...)
	for range 20 {
		f.get(t, "/")
	}
	for _, e := range f.upstream().Endpoints {
		if e.State != "closed" || e.Breaker.Failures != 0 || e.Bad != 0 {
			t.Errorf("%+v", e)
		}
	}
	await(t, "every lease to be back", func() bool {
		return f.registry.Endpoints()[0].InFlight() == 0 && f.registry.Endpoints()[1].InFlight() == 0
	})
}

// Endpoints are shared by address and protocol; breakers are each policy's own.
func TestScopeOfEndpointAndBreakerState(t *testing.T) {
	t.Parallel()
	r := serve(t, says(http.StatusServiceUnavailable, ""))
	f := start(t, "", r)
	const brittle = "circuitBreaker: {consecutiveFailures: 1, openFor: 1h}\nfanOut: {max: 1, adaptive: false}"
	f.publish(t, document("a", "shop", brittle, r), document("b", "other", brittle, r), document("c", "third", brittle+"\nupstream.protocol: H2C", r))
	f.get(t, "/")
	states, endpoints := map[string]string{}, 0
	for _, u := range f.handler.Upstreams().Upstreams {
		states[u.Policy] = u.Endpoints[0].State
	}
	if d := cmp.Diff(map[string]string{"default/a": "open", "default/b": "closed", "default/c": "closed"}, states); d != "" {
		t.Error(d)
	}
	for _, e := range f.handler.Upstreams().Endpoints {
		endpoints++
		want := []string{"default/a", "default/b"}
		if e.Protocol == upstream.H2C {
			want = []string{"default/c"}
		}
		if d := cmp.Diff(want, e.Policies); d != "" {
			t.Error(d)
		}
	}
	if endpoints != 2 {
		t.Errorf("%d endpoints", endpoints)
	}
}
