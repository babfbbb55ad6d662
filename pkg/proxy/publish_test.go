package proxy_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"hedged.dev/hedged/pkg/proxy"
)

// Policies are edited, removed and brought back under load: no call fails that
// a policy was there for.
func TestPublishWhileCallsAreInFlight(t *testing.T) {
	t.Parallel()
	replicas := some(t, 3, lingers(2*time.Millisecond, says(http.StatusOK, "ok")))
	f := start(t, "", replicas...)
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		for i := 0; ; i++ {
			select {
			case <-stop:
				return
			default:
			}
			extra := fmt.Sprintf("deadline: %dms\ncircuitBreaker: {openFor: %dms}", 5000+i, 1000+i)
			f.publish(t, document("shop", "shop", extra, replicas[i%3], replicas[(i+1)%3]), document("other", "other", "", replicas...))
			f.publish(t, document("shop", "shop", extra, replicas...))
			f.handler.Tick(time.Now())
		}
	}()
	f.volley(t, 400)
	close(stop)
	<-stopped
}

func TestPublishKeepsWhatWasLearned(t *testing.T) {
	t.Parallel()
	r := serve(t, says(http.StatusOK, "ok"))
	const brittle = "circuitBreaker: {consecutiveFailures: 1, openFor: 1h}\n"
	sick := serve(t, says(http.StatusServiceUnavailable, ""))
	f := start(t, brittle, r, sick)
	for f.upstream().Budget.Taken == 0 {
		f.get(t, "/")
	}
	for range 60 {
		f.get(t, "/")
	}
	f.handler.Tick(time.Now())
	before := f.upstream()
	if before.Latency.Observed < 50 || !before.Latency.Learned {
		t.Fatalf("%+v", before.Latency)
	}
	revision := f.handler.Policies()[0].Revision

	f.publish(t, document("shop", "shop", "circuitBreaker: {consecutiveFailures: 2, openFor: 1h}\ndeadline: 4s", r, sick))
	if f.handler.Policies()[0].Revision == revision {
		t.Fatal("the edit changed nothing")
	}
	after := f.upstream()
	if after.Latency.Observed != before.Latency.Observed || !after.Latency.Learned {
		t.Errorf("latency: %+v, before %+v", after.Latency, before.Latency)
	}
	if after.Budget.Taken != before.Budget.Taken || after.Budget.Calls < before.Budget.Calls {
		t.Errorf("budget: %+v, before %+v", after.Budget, before.Budget)
	}
	states := ""
	for _, e := range after.Endpoints {
		states += e.State + " "
	}
	if states != "closed open " {
		t.Errorf("breakers: %s", states)
	}
	if opened := f.connections().Opened; opened == 0 {
		t.Error("the connections are new")
	}
}

// Another endpoint list is an edit like any other.
func TestPublishOtherEndpoints(t *testing.T) {
	t.Parallel()
	a, b := serve(t, says(http.StatusOK, "a")), serve(t, says(http.StatusOK, "b"))
	f := start(t, "", a)
	f.get(t, "/")
	calls := f.upstream().Budget.Calls
	f.publish(t, document("shop", "shop", "", b))
	if got := f.get(t, "/"); got.body != "b" {
		t.Error(got.body)
	}
	if n := f.upstream().Budget.Calls; n != calls+1 {
		t.Errorf("the budget knows of %d calls", n)
	}
	await(t, "the endpoint that went", func() bool { return len(f.registry.Endpoints()) == 1 })
}

// Calls of a policy that was removed end as they began, and may still be hedged.
func TestPublishARemovedPolicyFinishesItsCalls(t *testing.T) {
	t.Parallel()
	removed := newGate()
	arrived := newGate()
	replicas := some(t, 3, byAttempt(
		func(w http.ResponseWriter, _ *http.Request) {
			arrived.open()
			if removed.wait() {
				w.WriteHeader(http.StatusServiceUnavailable)
			}
		},
		says(http.StatusOK, "second")))
	f := start(t, unhurried, replicas...)
	go func() {
		arrived.wait()
		f.publish(t)
		f.handler.Tick(time.Now())
		removed.open()
	}()
	if got := f.get(t, "/"); got.body != "second" {
		t.Fatalf("%s %s", got.Status, got.body)
	}
	if got := f.get(t, "/"); got.StatusCode != http.StatusNotFound {
		t.Errorf("%s after it was removed", got.Status)
	}
	if n := len(f.registry.Endpoints()); n != 3 {
		t.Errorf("%d endpoints are held", n)
	}
	f.handler.Tick(time.Now().Add(2 * time.Minute))
	if n := len(f.registry.Endpoints()); n != 0 {
		t.Errorf("%d endpoints are still held", n)
	}
}

// What comes back after it was removed begins anew.
func TestPublishARemovedPolicyComesBack(t *testing.T) {
	t.Parallel()
	r := serve(t, says(http.StatusOK, "ok"))
	f := start(t, "", r)
	f.get(t, "/")
	f.publish(t)
	f.publish(t, document("shop", "shop", "", r))
	if n := f.upstream().Budget.Calls; n != 0 {
		t.Errorf("the budget knows of %d calls", n)
	}
	if got := f.get(t, "/"); got.body != "ok" {
		t.Error(got.Status)
	}
}

func TestDrain(t *testing.T) {
	t.Parallel()
	f := start(t, "", serve(t, says(http.StatusOK, "ok")))
	if got := f.get(t, "/"); got.Close {
		t.Fatal("closed too early")
	}
	f.handler.Drain()
	if got := f.get(t, "/"); got.body != "ok" || !got.Close {
		t.Errorf("%q, closing: %v", got.body, got.Close)
	}
	f.client = speaker(t, (*http.Protocols).SetUnencryptedHTTP2)
	for range 3 {
		if got := f.get(t, "/"); got.body != "ok" {
			t.Errorf("%s %q", got.Status, got.body)
		}
	}
}

func TestViewsOfWhatIsInForce(t *testing.T) {
	t.Parallel()
	r := serve(t, says(http.StatusOK, "ok"))
	f := begin(t, proxy.Options{})
	if v := f.handler.Upstreams(); len(f.handler.Policies()) != 0 || v.Upstreams == nil || v.Endpoints == nil {
		t.Errorf("%+v", v)
	}
	const much = unhurried + "budget: {percent: 20, minPerSecond: 1}\nattemptTimeout: 1s"
	f.publish(t, document("b", "shop", much, r), document("a", "other", much, r))
	f.get(t, "/")
	ps := f.handler.Policies()
	if len(ps) != 2 || ps[0].Policy != "default/a" || ps[1].Policy != "default/b" || len(ps[0].Revision) != 12 || ps[0].Place != "1.yaml" {
		t.Fatalf("%+v", ps)
	}
	if p := ps[0].Plan; p.Hedges != 2 || p.HedgeShare != 1 || fmt.Sprint(p.Gaps) != "[4s 4s]" || p.Rule != "given" {
		t.Errorf("%+v", p)
	}
	if p := ps[0].Plan; p.FanOut != 3 || p.Stagger != "4s" || p.Deadline != "9s" || p.AttemptTimeout != "1s" || !strings.Contains(p.Reason, "the policy says so") {
		t.Errorf("%+v", p)
	}
	v := f.handler.Upstreams()
	if len(v.Upstreams) != 2 || len(v.Endpoints) != 1 {
		t.Fatalf("%+v", v)
	}
	e := v.Endpoints[0]
	if e.BudgetPercent != 40 || !strings.Contains(e.Warning, "2 policies add up to 40 %") || e.Connections.Open != 1 {
		t.Errorf("%+v", e)
	}
	f.publish(t, document("a", "shop", "budget: {percent: 25, minPerSecond: 1}", r), document("b", "other", "fanOut: {max: 1, adaptive: false}", r))
	if e := f.handler.Upstreams().Endpoints[0]; e.Warning != "" || e.BudgetPercent != 25 {
		t.Errorf("%+v", e)
	}
}

func TestWarningsAreShown(t *testing.T) {
	t.Parallel()
	f := start(t, "upstream.distinct: Require", serve(t, echoes))
	if w := f.handler.Policies()[0].Warnings; len(w) != 1 || !strings.Contains(w[0], "Require") {
		t.Error(w)
	}
}

// What the controller decided by is shown, as far as it has learned anything.
func TestFiguresAreShown(t *testing.T) {
	t.Parallel()
	f := start(t, adaptive, serve(t, echoes))
	if m := f.metrics(t); strings.Contains(m, "\nhedged_plan_independence") {
		t.Error("a figure is shown before anything was learned")
	}
	p := f.observe(t, 60)
	if p.Figures.Independence != 1 || p.Figures.Planned <= 0 || p.Figures.Stock <= 0 || p.State != "steady" || p.Gaps == nil {
		t.Errorf("%+v", p)
	}
	f.handler.Tick(time.Now().Add(time.Minute))
	metrics := f.metrics(t)
	for _, want := range []string{"hedged_plan_independence_ratio", "hedged_plan_latency_ratio"} {
		if !strings.Contains(metrics, "\n"+want) {
			t.Errorf("no %s", want)
		}
	}
	f.spans.Reset()
	f.get(t, "/")
	if state, rule := f.callAttr(t, "hedged.plan.state"), f.callAttr(t, "hedged.plan.rule"); state != "steady" || rule != string(p.Rule) {
		t.Errorf("the span says %q, %q", state, rule)
	}
}

func TestMetricsOfWhatIsInForce(t *testing.T) {
	t.Parallel()
	r := serve(t, says(http.StatusServiceUnavailable, "ok"))
	f := start(t, "circuitBreaker: {consecutiveFailures: 1, openFor: 1h}", r)
	f.get(t, "/")
	metrics := f.metrics(t)
	for _, want := range []string{
		`hedged_plan_fan_out`, `hedged_plan_hedges`, `hedged_plan_stagger`, `hedged_ticks_duration_seconds`, `hedged_ticks_interval_seconds`, `hedged_policy_revision`, `hedged_budget_tokens`, `hedged_breaker_state`,
		`hedged_endpoint_in_flight`, `hedged_endpoint_score`,
	} {
		if !strings.Contains(metrics, "\n"+want) {
			t.Errorf("no %s", want)
		}
	}
	for line := range strings.Lines(metrics) {
		if strings.HasPrefix(line, "hedged_breaker_state") && !strings.HasSuffix(strings.TrimSpace(line), " 2") {
			t.Error(line)
		}
	}
}
