package proxy_test

import (
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"hedged.dev/hedged/pkg/adapt"
	"hedged.dev/hedged/pkg/proxy"
	"hedged.dev/hedged/pkg/record"
	"hedged.dev/hedged/pkg/telemetry"
)

// adaptive is a policy whose breakers stay out of the way of its controller.
const adaptive = "fanOut: {max: 3}\nstagger: {mode: Auto, initial: 4s}\ndeadline: 9s\ncircuitBreaker: {consecutiveFailures: 1000, failureRatio: 1}\n"

// busy answers that another attempt may help.
func busy(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) }

// observe makes calls until the controller has learned, and returns the plan.
func (f *front) observe(t testing.TB, calls int) proxy.PlanView {
	t.Helper()
	for range calls {
		f.get(t, "/")
	}
	f.handler.Tick(time.Now())
	return f.handler.Policies()[0].Plan
}

// getSuppressed makes a call and returns what its span says of attempts that were
// due. Calls under way have another method.
func (f *front) getSuppressed(t testing.TB) (suppressed string) {
	t.Helper()
	f.spans.Reset()
	f.get(t, "/")
	await(t, "the call's span", func() bool {
		for _, s := range f.kind("server") {
			if strings.HasPrefix(s.Name, http.MethodGet) {
				suppressed = attributeOf(s, telemetry.SuppressedKey)
				return true
			}
		}
		return false
	})
	return suppressed
}

// everyOther has every other request served by h; the rest are answered well.
func everyOther(h http.HandlerFunc) http.HandlerFunc {
	var n atomic.Int64
	return func(w http.ResponseWriter, r *http.Request) {
		if n.Add(1)%2 == 0 {
			h(w, r)
		}
	}
}

// A budget that does not pay for a hedge in every call pays for it in some: the others are
// hedged as late as a retry would come.
func TestWhatTheBudgetDoesNotPayForIsDeferred(t *testing.T) {
	t.Parallel()
	f := start(t, adaptive+"fanOut: {max: 2}\nstagger: {mode: Fixed, fixed: 5ms}\nbudget: {percent: 5, minPerSecond: 0}\noverload: {trustUpstream: true}", serve(t, everyOther(lingers(40*time.Millisecond, says(http.StatusOK, "")))))
	p := f.observe(t, 100)
	if p.Rule != adapt.BudgetBound || p.HedgeShare <= 0 || p.HedgeShare >= 1 || p.Defer == "" || p.Figures.Cost > 0.06 {
		t.Fatalf("%+v", p)
	}
	await(t, "a hedge that is deferred", func() bool {
		return strings.Contains(f.getSuppressed(t), "2:stagger:draw")
	})
}

// An upstream's pushback keeps every call's further attempts back, not only the
// call's or the endpoint's that it came with.
func TestPushbackHoldsEveryCallBack(t *testing.T) {
	t.Parallel()
	f := func(name, value, extra, suppressed string) {
		t.Run(name+" "+value+" "+extra, func(t *testing.T) {
			t.Parallel()
			var first once
			f := start(t, adaptive+extra, some(t, 3, func(w http.ResponseWriter, r *http.Request) {
				if first.first() {
					w.Header().Set(name, value)
				}
				w.WriteHeader(http.StatusServiceUnavailable)
			})...)
			over := newGate() // of a call that is not sent again, and may have to wait for that
			go func() {
				defer over.open()
				_, _ = f.try(t, http.MethodPost, "/", nil)
			}()
			await(t, "its attempt", func() bool { return len(f.kind("client")) == 1 })
			if got := f.getSuppressed(t); got != suppressed {
				t.Errorf("suppressed %s, want %s", got, suppressed)
			}
			over.must(t, "the end of the first call")
		})
	}
	const overload = `["2:failure:overload"]`
	f("Retry-After", "1", "", overload)
	f("Grpc-Retry-Pushback-Ms", "2000", "", overload)
	f("Grpc-Retry-Pushback-Ms", "-1", "", overload)
	f("Retry-After", "1", "pushback: Ignore", "")
	f("Grpc-Retry-Pushback-Ms", "-1", "pushback: Ignore", "")
	f("X-Other", "1", "", "")
}

// While the upstream is left alone, a refused connection is tried elsewhere all the same:
// nothing was sent, so nothing is added to the load.
func TestPushbackReplacesWhatWasNotSent(t *testing.T) {
	t.Parallel()
	busy := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "60")
		w.WriteHeader(http.StatusServiceUnavailable)
	})
	f := start(t, adaptive, busy)
	f.call(t, http.MethodPost, "/", nil) // never sent again
	// The pushback is the policy's, and outlives its endpoints.
	f.publish(t, document("shop", "shop", adaptive, serve(t, says(http.StatusOK, "ok")), nobody(t)))
	seen := len(f.kind("client"))
	const calls = 30
	for range calls {
		if got := f.get(t, "/"); got.StatusCode != http.StatusOK {
			t.Fatalf("%s %s", got.Status, got.body)
		}
	}
	if n := len(f.kind("client")) - seen; n <= calls {
		t.Errorf("%d attempts of %d calls: none was refused", n, calls)
	}
}

// What further attempts come to is told apart by what launched them.
func TestFurtherAttemptsAreObservedByTheirTrigger(t *testing.T) {
	t.Parallel()
	f := func(name, extra string, first http.HandlerFunc, has func(hedges, retries float64) bool) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := start(t, adaptive+extra, some(t, 3, byAttempt(everyOther(first), says(http.StatusOK, "ok")))...)
			p := f.observe(t, 120)
			if c := p.Figures; !has(c.OfHedges, c.OfRetries) {
				t.Errorf("%+v", c)
			}
		})
	}
	f("retries", "", busy, func(hedges, retries float64) bool { return hedges == 1 && retries > 1 })
	f("hedges", "fanOut: {max: 3, adaptive: false}\nstagger: {mode: Fixed, fixed: 1ms}\n", hangs,
		func(hedges, retries float64) bool { return hedges > 1 && retries == 1 })
}

func TestAttemptsAreLogged(t *testing.T) {
	t.Parallel()
	var log record.Log
	f := begin(t, proxy.Options{Attempts: &log})
	replicas := some(t, 2, byAttempt(says(http.StatusServiceUnavailable, ""), says(http.StatusOK, "ok")))
	f.publish(t, document("shop", "shop", unhurried, replicas...))
	f.get(t, "/") // nobody listens yet
	listener := log.Subscribe(10)
	defer listener.Close()
	for range 2 {
		f.get(t, "/")
	}
	for i := range 4 {
		a := <-listener.C()
		want := record.Attempt{
			Time: a.Time, Policy: "default/shop", Call: uint64(1 + i/2), Attempt: 1 + i%2,
			Trigger: record.Initial, Endpoint: a.Endpoint, End: record.Failed, Status: 503, ElapsedMS: a.ElapsedMS,
		}
		if i%2 == 1 {
			want.Trigger, want.End, want.Status = record.Failure, record.Won, 200
		}
		if a != want || !strings.Contains(replicas[0].URL+replicas[1].URL, a.Endpoint) || a.ElapsedMS <= 0 || time.Since(a.Time) > time.Minute {
			t.Errorf("%+v, want %+v", a, want)
		}
	}
	if log.Dropped() > 0 || len(listener.C()) > 0 {
		t.Errorf("%d dropped, %d too many", log.Dropped(), len(listener.C()))
	}
}
