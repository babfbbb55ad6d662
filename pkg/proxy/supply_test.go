package proxy_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"hedged.dev/hedged/pkg/discovery"
	"hedged.dev/hedged/pkg/policy"
	"hedged.dev/hedged/pkg/proxy"
	"hedged.dev/hedged/pkg/telemetry"
	"hedged.dev/hedged/pkg/transport"
	"hedged.dev/hedged/pkg/upstream"
)

func TestCallsGoWhereTheTargetIsFound(t *testing.T) {
	t.Parallel()
	a, b := serve(t, says(http.StatusOK, "a")), serve(t, says(http.StatusOK, "b"))
	f, found := find(t, "")
	if got := f.get(t, "/"); got.StatusCode != http.StatusServiceUnavailable || !strings.Contains(got.body, "service default/catalog:http, are not known yet") {
		t.Errorf("%s %s", got.Status, got.body)
	}
	found.tell(endpoints(a))
	if got := f.get(t, "/"); got.body != "a" {
		t.Errorf("%s %s", got.Status, got.body)
	}
	found.tell(endpoints(b))
	if got := f.get(t, "/"); got.body != "b" {
		t.Errorf("%s %s", got.Status, got.body)
	}
	if v := f.upstream(); v.Target != "service default/catalog:http" || v.NotFound || v.Problem != "" || len(v.Endpoints) != 1 {
		t.Errorf("%+v", v)
	}
	if v := f.handler.Upstreams().Endpoints; len(v) != 1 || len(v[0].Policies) != 1 || v[0].BudgetPercent != 700 {
		t.Errorf("%+v", v)
	}
	if m := f.metrics(t); !strings.Contains(m, "\nhedged_upstream_endpoints") {
		t.Error("no hedged_upstream_endpoints")
	}
	found.tell(discovery.Set{})
	if got := f.get(t, "/"); got.StatusCode != http.StatusServiceUnavailable || !strings.Contains(got.body, "has no endpoint that is ready") {
		t.Errorf("%s %s", got.Status, got.body)
	}
}

// An endpoint that stays keeps its breaker's state whatever comes and goes beside it.
func TestWhatStaysKeepsItsState(t *testing.T) {
	t.Parallel()
	sick, well := serve(t, says(http.StatusServiceUnavailable, "")), serve(t, says(http.StatusOK, ""))
	f, found := find(t, "circuitBreaker: {consecutiveFailures: 1, openFor: 1h}")
	found.tell(endpoints(sick))
	f.get(t, "/")
	found.tell(endpoints(sick, well))
	states := map[string]bool{}
	for _, e := range f.upstream().Endpoints {
		states[e.State] = true
	}
	if !maps.Equal(states, map[string]bool{"open": true, "closed": true}) {
		t.Errorf("%v", states)
	}
}

func TestUpstreamThatIsNotFound(t *testing.T) {
	t.Parallel()
	f, found := find(t, "")
	id := policy.ID{Namespace: "default", Name: "shop"}
	changed := func(want bool) {
		t.Helper()
		select {
		case <-f.handler.UpstreamsChanged():
			if !want {
				t.Error("said to have changed")
			}
		default:
			if want {
				t.Error("not said to have changed")
			}
		}
	}
	changed(false)
	for range 2 {
		found.tell(missing("Service default/catalog does not exist: create it"))
	}
	changed(true)
	if got := f.get(t, "/"); got.StatusCode != http.StatusServiceUnavailable || !strings.Contains(got.body, "Service default/catalog does not exist: create it") ||
		!strings.Contains(got.Header.Get("Proxy-Status"), "destination_unavailable") {
		t.Errorf("%s %s", got.Status, got.body)
	}
	if v := f.upstream(); !v.NotFound || v.Problem != "Service default/catalog does not exist: create it" {
		t.Errorf("%+v", v)
	}
	if p := f.handler.Problems(); len(p) != 1 || p[id] != "Service default/catalog does not exist: create it" {
		t.Errorf("%v", p)
	}
	found.tell(missing("it has no such port"))
	changed(true)
	if n := f.log.count("upstream not found"); n != 2 {
		t.Errorf("told %d times", n)
	}
	found.tell(endpoints(serve(t, says(http.StatusOK, "ok"))))
	changed(true)
	found.tell(endpoints(serve(t, says(http.StatusOK, "ok"))))
	changed(false) // endpoints alone are nothing to tell
	if got := f.get(t, "/"); got.body != "ok" || len(f.handler.Problems()) > 0 || f.log.count(`"upstream found"`) != 1 {
		t.Errorf("%s, problems %v", got.Status, f.handler.Problems())
	}
}

// An API server that is away is a problem, and no reason to give up what is known.
func TestProblemWithEndpointsIsNoneForCalls(t *testing.T) {
	t.Parallel()
	f, found := find(t, "")
	s := endpoints(serve(t, says(http.StatusOK, "ok")))
	s.Problem = errors.New("the API server is away")
	found.tell(s)
	if got := f.get(t, "/"); got.body != "ok" {
		t.Error(got.Status)
	}
	if v := f.upstream(); v.Problem != "the API server is away" || v.NotFound || len(f.handler.Problems()) > 0 {
		t.Errorf("%+v", v)
	}
}

// What hedged may not read it does not find.
func TestProblemWithoutEndpointsIsTold(t *testing.T) {
	t.Parallel()
	f, found := find(t, "")
	const forbidden = "ServiceAccount hedged may not list services in namespace default: allow it in a Role"
	found.tell(discovery.Set{Problem: errors.New(forbidden)})
	if p := f.handler.Problems(); len(p) != 1 || !slices.Contains(slices.Collect(maps.Values(p)), forbidden) || f.log.count("upstream not found") != 1 {
		t.Errorf("%v", p)
	}
	found.tell(endpoints(serve(t, says(http.StatusOK, "ok"))))
	if p := f.handler.Problems(); len(p) > 0 || f.log.count(`"upstream found"`) != 1 {
		t.Errorf("%v", p)
	}
}

func TestUpstreamsThatNobodyFinds(t *testing.T) {
	t.Parallel()
	f := begin(t, proxy.Options{})
	f.publish(t, document("shop", "shop", catalog))
	if got := f.get(t, "/"); got.StatusCode != http.StatusServiceUnavailable || !strings.Contains(got.body, "--kubeconfig") {
		t.Errorf("%s %s", got.Status, got.body)
	}
	if len(f.handler.Problems()) != 1 || f.handler.Ready() != nil {
		t.Errorf("%v, ready: %v", f.handler.Problems(), f.handler.Ready())
	}
}

func TestReadyWhenEndpointsAreKnown(t *testing.T) {
	t.Parallel()
	f, found := find(t, "")
	err := f.handler.Ready()
	if err == nil || !strings.Contains(err.Error(), "service default/catalog:http of policy default/shop") {
		t.Fatalf("%v", err)
	}
	found.tell(discovery.Set{Problem: errors.New("may not list services")})
	if err := f.handler.Ready(); err != nil {
		t.Errorf("not ready although there is nothing to wait for: %v", err)
	}
	f.publish(t, document("shop", "shop", catalog), document("other", "other", "upstream: {service: {name: other, port: http}}"))
	if err := f.handler.Ready(); err != nil {
		t.Errorf("not ready any more for a policy that came later: %v", err)
	}
}

// What cannot be found out keeps the daemon from calls for ten seconds, and not for
// ever.
func TestReadyWaitsTenSecondsForEndpoints(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tel, err := telemetry.Setup(t.Context(), telemetry.Options{LogWriter: io.Discard})
		if err != nil {
			t.Fatal(err)
		}
		h, err := proxy.New(proxy.Options{Registry: upstream.NewRegistry(transport.Opener(transport.Options{})), Telemetry: tel, Resolver: new(finder)})
		if err != nil {
			t.Fatal(err)
		}
		f := &front{handler: h}
		f.publish(t, document("shop", "shop", catalog))
		time.Sleep(10*time.Second - time.Nanosecond) //nolint:forbidigo // inside a synctest bubble
		if h.Ready() == nil {
			t.Error("ready too early")
		}
		time.Sleep(time.Nanosecond) //nolint:forbidigo // inside a synctest bubble
		if err := h.Ready(); err != nil {
			t.Error(err)
		}
		h.Close()
		_ = tel.Shutdown(context.Background())
	})
}

func TestReadyWithoutTargets(t *testing.T) {
	t.Parallel()
	if err := start(t, "", serve(t, echoes)).handler.Ready(); err != nil {
		t.Error(err)
	}
}

// A target is watched as long as its state lives: across revisions, until calls of
// a removed policy have ended.
func TestTargetIsWatchedForAsLongAsItIsNeeded(t *testing.T) {
	t.Parallel()
	f, found := find(t, "")
	watched := func(began int, want string) {
		t.Helper()
		if got := found.watched(); got != want || found.began != began {
			t.Errorf("watched: %q after %d watches, want %q after %d", got, found.began, want, began)
		}
	}
	watched(1, "service default/catalog:http")
	found.tell(endpoints(serve(t, says(http.StatusOK, "http"))))
	f.publish(t, document("shop", "shop", catalog+"deadline: 4s"))
	watched(1, "service default/catalog:http")

	f.get(t, "/")
	calls := f.upstream().Budget.Calls
	f.publish(t, document("shop", "shop", "upstream: {service: {name: catalog, port: 80}}"))
	watched(2, "service default/catalog:80")
	if got := f.get(t, "/"); got.body != "http" || f.upstream().Budget.Calls <= calls {
		t.Errorf("%s: another port is not known yet, and the same upstream", got.Status)
	}
	found.tell(endpoints(serve(t, says(http.StatusOK, "80"))))
	if got := f.get(t, "/"); got.body != "80" {
		t.Errorf("%s %s", got.Status, got.body)
	}

	f.publish(t)
	watched(2, "service default/catalog:80")
	f.handler.Tick(time.Now().Add(2 * time.Minute))
	watched(2, "")
	if n := len(f.registry.Endpoints()); n != 0 {
		t.Errorf("%d endpoints are still held", n)
	}
}

// No call fails because an upstream becomes another one: its old endpoints serve
// until the new ones are known.
func TestAnotherKindOfUpstream(t *testing.T) {
	t.Parallel()
	written := serve(t, says(http.StatusOK, "written"))
	r := new(finder)
	f := begin(t, proxy.Options{Resolver: r})
	body := func(want string) {
		t.Helper()
		if got := f.get(t, "/"); got.body != want {
			t.Errorf("%s %q, want %q", got.Status, got.body, want)
		}
	}
	f.publish(t, document("shop", "shop", "", written))
	body("written")
	f.publish(t, document("shop", "shop", catalog))
	body("written")
	if f.upstream().Budget.Calls != 1 {
		t.Error("another upstream inherits what was learned")
	}
	r.tell(endpoints(serve(t, says(http.StatusOK, "found"))))
	body("found")
	f.publish(t, document("shop", "shop", "upstream: {dns: {name: catalog.example, port: 80}}"))
	body("found")
	f.publish(t, document("shop", "shop", "", written))
	body("written")
}

// A missing port that is put right in the policy is told to be found.
func TestPortThatIsPutRight(t *testing.T) {
	t.Parallel()
	f, found := find(t, "")
	found.tell(missing("no port http"))
	<-f.handler.UpstreamsChanged()
	f.publish(t, document("shop", "shop", "upstream: {service: {name: catalog, port: 80}}"))
	if len(f.handler.Problems()) != 0 {
		t.Error("the old port's problem is told of the new one")
	}
	found.tell(endpoints(serve(t, says(http.StatusOK, ""))))
	select {
	case <-f.handler.UpstreamsChanged():
	default:
		t.Error("not said to have changed")
	}
	if f.log.count(`"upstream found"`) != 1 {
		t.Error("not told to be found")
	}
}

func TestHostOfATarget(t *testing.T) {
	t.Parallel()
	f := func(extra, want string) {
		t.Helper()
		h := begin(t, proxy.Options{Resolver: finds(func(discovery.Target) discovery.Set {
			return endpoints(serve(t, func(w http.ResponseWriter, r *http.Request) { says(http.StatusOK, r.Host)(w, r) }))
		})})
		h.publish(t, document("shop", "shop", extra))
		if got := h.get(t, "/"); got.body != want {
			t.Errorf("%s: %q, want %q", extra, got.body, want)
		}
	}
	f(catalog, "shop")
	f("upstream: {service: {name: catalog, port: http}, host: Upstream}", "catalog.default.svc.cluster.local")
	f("upstream: {dns: {name: catalog.example, port: 80}}", "catalog.example")
	f("upstream: {dns: {name: catalog.example, port: 8080}}", "catalog.example:8080")
	f("upstream: {dns: {name: catalog.example, port: 80}, host: Preserve}", "shop")
}

// Over TLS a name is what the upstream's certificate has to be for, too.
func TestTLSToAName(t *testing.T) {
	t.Parallel()
	r, caFile := serveTLS(t, true, func(w http.ResponseWriter, r *http.Request) {
		_, _ = fmt.Fprint(w, r.Proto, " ", r.Host, " ", r.TLS.ServerName)
	})
	f := begin(t, proxy.Options{Resolver: finds(func(discovery.Target) discovery.Set { return endpoints(r) })})
	for port, want := range map[int]string{443: "HTTP/2.0 example.com example.com", 8443: "HTTP/2.0 example.com:8443 example.com"} {
		f.publish(t, document("shop", "shop", fmt.Sprintf("upstream: {dns: {name: example.com, port: %d}, protocol: H2, tls: {caFile: %q}}", port, caFile)))
		if got := f.get(t, "/"); got.body != want {
			t.Errorf("port %d: %s %q, want %q", port, got.Status, got.body, want)
		}
	}
}

// The first attempt goes near, the hedge goes anywhere.
func TestFirstAttemptGoesNear(t *testing.T) {
	t.Parallel()
	replicas := some(t, 3, byAttempt(says(http.StatusServiceUnavailable, ""), says(http.StatusOK, "")))
	f, found := find(t, unhurried+"circuitBreaker: {consecutiveFailures: 1000, failureRatio: 1}")
	s := endpoints(replicas...)
	s.Endpoints[1].Near = true
	found.tell(s)
	f.get(t, "/")
	if replicas[1].served.Load() != 1 || served(replicas) != 2 || !f.upstream().Endpoints[1].Near {
		t.Errorf("%d of %d attempts, %+v", replicas[1].served.Load(), served(replicas), f.upstream())
	}
}

// Endpoints come and go under load, some are dead before they are gone, and one
// dies: no call fails.
func TestEndpointsComeAndGoUnderLoad(t *testing.T) {
	t.Parallel()
	replicas := some(t, 4, lingers(time.Millisecond, says(http.StatusOK, "ok")))
	dead := serve(t, says(http.StatusOK, ""))
	dead.stop()
	f, found := find(t, unhurried)
	found.tell(endpoints(replicas...))
	const calls, step = 800, 8
	var begun atomic.Int64
	f.volley(t, calls, func(*http.Request) {
		n := begun.Add(1)
		if n == calls/2 {
			replicas[0].stop()
		}
		if n%step > 0 {
			return
		}
		switch i := int(n) / step; i % 4 {
		case 0:
			found.tell(endpoints(replicas[1+i%3], replicas[1+(i+1)%3]))
		case 1:
			found.tell(endpoints(replicas[1+i%3], replicas[1+(i+1)%3], dead))
		case 2:
			found.tell(endpoints(replicas...))
		case 3:
			f.publish(t, document("shop", "shop", catalog+unhurried+fmt.Sprintf("replayLimit: %d", i)))
		}
	})
}
