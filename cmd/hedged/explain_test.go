package main

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hedged.dev/hedged/api/v1alpha1"
	"hedged.dev/hedged/pkg/adapt"
	"hedged.dev/hedged/pkg/breaker"
	"hedged.dev/hedged/pkg/budget"
	"hedged.dev/hedged/pkg/inspect"
	"hedged.dev/hedged/pkg/proxy"
	"hedged.dev/hedged/pkg/upstream"
)

// told is a debug port that shows these policies and upstreams.
func told(t *testing.T, policies []proxy.PolicyView, upstreams []proxy.UpstreamView) string {
	t.Helper()
	pages := map[string]any{
		"/config_dump": map[string]any{"policies": policies},
		"/upstreams":   proxy.UpstreamsView{Upstreams: upstreams},
	}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = json.NewEncoder(w).Encode(pages[r.URL.Path])
	}))
	t.Cleanup(s.Close)
	return s.URL
}

// learned is a policy whose plan was searched for, while its upstream is slower than it was.
func learned() (proxy.PolicyView, proxy.UpstreamView) {
	target, within := 0.9999, v1alpha1.Duration{Duration: 50 * time.Millisecond}
	return proxy.PolicyView{
			Policy: "shop/catalog", Revision: "24fef0216492", Place: "policies/shop.yaml", Line: 12,
			Warnings: []string{"policies/shop.yaml:14:3: warning: spec.deadline: is short"},
			Spec: v1alpha1.HedgePolicySpec{
				Mode: v1alpha1.ModeEnforce, FanOut: v1alpha1.FanOut{Max: 3, Adaptive: true, SuccessTarget: &target, Within: &within},
				Stagger: v1alpha1.Stagger{Mode: v1alpha1.StaggerAuto},
			},
			Plan: proxy.PlanView{
				FanOut: 3, Hedges: 2, HedgeShare: 0.4, Defer: "35.5ms", Stagger: "12.345678ms", Gaps: []string{"12.345678ms", "20ms"},
				Deadline: "100ms", AttemptTimeout: "80ms", LeastRemaining: "3.1415926ms", State: adapt.Moved, Rule: adapt.BudgetBound,
				Figures: adapt.Figures{
					FailureRate: 0.123, Explicit: 0.023, Planned: 0.99812, Slow: 0.05, Helped: 0.9, Cost: 0.0931, Ceiling: 0.08, Budget: 0.1, Stock: 37.2,
					OfHedges: 0.9, OfRetries: 1, Evidence: 57.5, LatencyRatio: 1.42, Moved: 0.8, Independence: 0.87,
				},
				Reason: "Hedging after 12.3 ms, and so on.",
			},
		}, proxy.UpstreamView{
			Policy: "shop/catalog", Bypassed: 3,
			Endpoints: []upstream.EndpointStatus{
				{Address: "10.0.0.1:80", State: "closed", InFlight: 3, Score: 0.012, Attempts: 10221, Bad: 12},
				{Address: "catalog-1.shop.svc:8080", State: "open", Score: 0.9, Attempts: 9, Bad: 8, Breaker: breaker.Status{OpenUntil: time.Unix(0, 0)}},
				{Address: "10.0.0.3:80", State: "closed", HeldOutUntil: time.Unix(0, 0)},
			},
			Latency: proxy.LatencyView{Learned: true, Samples: 18220.4, Observed: 20113, P50: "4.1ms", P99: "21.23456ms"},
			Budget:  budget.Status{Percent: 10, MinPerSecond: 10, Tokens: 37.24, Capacity: 600, Calls: 20113, Taken: 812, Refused: 5},
		}
}

// written is a policy whose plan the document says, in mode Shadow.
func written() (proxy.PolicyView, proxy.UpstreamView) {
	return proxy.PolicyView{
			Policy: "shop/search", Revision: "33a9d51930c2", Place: "policies/shop.yaml", Line: 40,
			Spec: v1alpha1.HedgePolicySpec{
				Mode: v1alpha1.ModeShadow, FanOut: v1alpha1.FanOut{Max: 2}, Stagger: v1alpha1.Stagger{Mode: v1alpha1.StaggerFixed},
			},
			Plan: proxy.PlanView{
				FanOut: 2, Hedges: 1, HedgeShare: 1, Stagger: "20ms", Gaps: []string{"20ms"},
				Deadline: "250ms", LeastRemaining: "0s", Rule: adapt.Given, Reason: "Hedging after 20ms in every call: the policy says so.",
			},
		}, proxy.UpstreamView{
			Policy: "shop/search", Endpoints: []upstream.EndpointStatus{{Address: "10.0.0.9:80", State: "half-open"}},
			Latency: proxy.LatencyView{Observed: 7}, Budget: budget.Status{Percent: 10},
			Shadow: &budget.Status{Percent: 10, MinPerSecond: 10, Tokens: 2, Capacity: 600, Calls: 7},
		}
}

// silent is a policy that sends nothing further: it is switched off, and the upstream asked for it.
func silent() (proxy.PolicyView, proxy.UpstreamView) {
	return proxy.PolicyView{
		Policy: "default/search", Place: "policies/other.yaml", Line: 1,
		Spec: v1alpha1.HedgePolicySpec{Mode: v1alpha1.ModeDisabled, FanOut: v1alpha1.FanOut{Max: 3, Adaptive: true}},
		Plan: proxy.PlanView{
			FanOut: 3, Gaps: []string{}, Deadline: "250ms", LeastRemaining: "0s", State: adapt.Pushback, Rule: adapt.Stopped, Reason: "No further attempts: the upstream asked to be left alone.",
		},
	}, proxy.UpstreamView{Policy: "default/search"}
}

func TestExplainGolden(t *testing.T) {
	p1, u1 := silent()
	p2, u2 := learned()
	p3, u3 := written()
	url := told(t, []proxy.PolicyView{p1, p2, p3}, []proxy.UpstreamView{u1, u2, u3})
	f := func(name string, args ...string) {
		t.Helper()
		t.Run(name, func(t *testing.T) {
			code, stdout, stderr := hedged(t.Context(), "", append([]string{"explain", "--from", url}, args...)...)
			if code != 0 || stderr != "" {
				t.Errorf("exit code %d, stderr %q", code, stderr)
			}
			golden(t, filepath.Join("testdata", "explain", name+".txt"), stdout)
		})
	}

	f("all")
	f("learned", "catalog")
	f("given", "shop/search")
	f("silent", "default/search")
	f("json", "catalog", "--output", "json")
}

func TestExplainErrors(t *testing.T) {
	p1, u1 := silent()
	p2, u2 := written()
	url := told(t, []proxy.PolicyView{p1, p2}, []proxy.UpstreamView{u1, u2})
	f := func(want string, code int, args ...string) {
		t.Helper()
		got, stdout, stderr := hedged(t.Context(), "", append([]string{"explain"}, args...)...)
		if got != code || stdout != "" || stderr != "hedged: "+want+"\n" {
			t.Errorf("exit code %d, want %d; stdout %q, stderr\n%swant\nhedged: %s", got, code, stdout, stderr, want)
		}
	}
	f(url+" has no policy serach; did you mean search?", 1, "serach", "--from", url)
	f(url+" has no policy shop/serach; did you mean default/search?", 1, "shop/serach", "--from", url)
	f(url+" has several policies search; say which: default/search or shop/search", 1, "search", "--from", url)
	f(`hedged explain takes one policy, and got "b" as well`, 2, "a", "b")
	empty := told(t, nil, nil)
	f(empty+" has no policy", 1, "search", "--from", empty)
}

func TestExplainOfAnEmptyDaemon(t *testing.T) {
	for output, want := range map[string]string{"text": "no policy is in force\n", "json": "[]\n"} {
		code, stdout, stderr := hedged(t.Context(), "", "explain", "--from", told(t, nil, nil), "--output", output)
		if code != 0 || stdout != want || stderr != "" {
			t.Errorf("%s: exit code %d, stdout %q, stderr %q", output, code, stdout, stderr)
		}
	}
}

// TestExplain asks a real daemon.
func TestExplain(t *testing.T) {
	at := serve(t, "--policies", greetings(t))
	await(t, "http://"+at.Health+"/readyz")
	if status, _ := get(t, "http://"+at.Calls, "greeting.example"); status != http.StatusOK {
		t.Fatalf("the call got %d", status)
	}
	code, stdout, stderr := hedged(t.Context(), "", "explain", "greeting", "--from", at.Admin)
	if code != 0 || stderr != "" {
		t.Errorf("exit code %d, stderr %q", code, stderr)
	}
	for _, want := range []string{
		"default/greeting  (", "stagger Fixed", "given: the policy says when hedges are sent", "at most 2 attempts a call", "1: 5s after the newest attempt",
		"0 further for 1 call so far (0 %)", "closed",
	} {
		if !strings.Contains(stdout, want) {
			t.Errorf("%q is not in\n%s", want, stdout)
		}
	}
	code, stdout, _ = hedged(t.Context(), "", "explain", "--from", at.Admin, "--output", "json")
	var all []inspect.Explanation
	if err := json.Unmarshal([]byte(stdout), &all); err != nil || code != 0 || len(all) != 2 || len(all[0].Upstream.Endpoints) != 1 {
		t.Errorf("exit code %d, error %v, %d policies", code, err, len(all))
	}
}
