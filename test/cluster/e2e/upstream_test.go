package e2e

import (
	"context"
	"fmt"
	"net/http"
	"testing"
	"time"

	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"hedged.dev/hedged/test/cluster"
	"hedged.dev/hedged/test/cluster/control"
	"hedged.dev/hedged/test/cluster/load"
)

// TestUpstream has endpoints come and go under load. Beside the calls through
// hedged, the same calls go to the Service's cluster address directly, as a plain
// client sends them: over connections that it keeps, and over new ones. The control is
// direct calls to another Service, whose endpoint stays.
func TestUpstream(t *testing.T) {
	for _, grace := range []string{"2s", "0s"} {
		t.Run("grace "+grace, func(t *testing.T) { upstreams(t, grace) })
	}
}

func upstreams(t *testing.T, grace string) {
	i := install(t, 3)
	i.upstream("catalog", 3, map[string]string{"DELAY": "5ms", "GRACE": grace})
	i.steadyUpstream()
	i.create("catalog", document("catalog", host, "catalog", deadline))
	i.inForce(i.pods(), "catalog", "", 20*time.Second)
	through, direct := i.service(i.namespace, "hedged"), i.service(i.policies, "catalog")

	var sums [3]struct{ calls, failed int }
	during := func(what string, do func() (without [2]time.Time)) {
		t.Helper()
		i.controlled(steady, what, deadline, func(int) func(load.Result) {
			i.threeReady()
			begin := time.Now()
			calls := load.Start(t.Context(), rate, deadline,
				load.To("through hedged", through, host, false),
				load.To("direct, connections kept", direct, "", false),
				load.To("direct, new connections", direct, "", true))
			pass(time.Second)
			without := do()
			pass(2 * time.Second)
			results := calls.StopFair()
			return func(c load.Result) {
				for n, r := range results {
					// While no endpoint lived, nobody could succeed.
					excused := r.Between(without[0], without[1])
					failed := len(r.Failures) - excused
					counted := r.Calls - int(without[1].Sub(without[0]).Seconds()*rate)
					sums[n].calls += counted
					sums[n].failed += failed
					text := fmt.Sprintf("%s: %d of %d calls failed, p99 %v", r.Target, failed, counted, r.P99.Round(time.Millisecond)) + r.StarvedText()
					if n > 0 {
						note(t, what, text, r)
						continue
					}
					least := control.Least(c, 0.001)
					hold(t, 1-float64(failed)/float64(counted) >= least, what, text, percent(least)+" succeed while an endpoint lives: 0.1 points less than of the control", r)
					if failed > 0 {
						t.Log("\n" + r.Tell(begin, 20))
					}
				}
			}
		})
	}
	always := [2]time.Time{}

	during("rolled", func() [2]time.Time {
		kubectl(t, "", "rollout", "restart", "-n", i.policies, "deployment/catalog")
		i.rolledOut(i.policies, "catalog")
		return always
	})
	during("scaled 3 → 0 → 3", func() [2]time.Time {
		from := time.Now() // without grace all are gone at once, before anybody hears of it
		i.scale("catalog", 0)
		none := i.endpoints("catalog", "none", func(serving int) bool { return serving == 0 })
		if grace != "0s" {
			from = none
		}
		pass(2 * time.Second)
		i.scale("catalog", 3)
		to := i.endpoints("catalog", "one", func(serving int) bool { return serving > 0 })
		i.rolledOut(i.policies, "catalog")
		// What is on its way to hedged and to kube-proxy has to arrive.
		return [2]time.Time{from.Add(-deadline), to.Add(time.Second)}
	})
	during("SIGKILLed one by one", func() [2]time.Time {
		for _, p := range i.ready(i.policies, "app=catalog") {
			kill(t, p, "upstream")
			i.restarted(p) // the kubelet may take a second to see the end: the Deployment stays "rolled out" for so long
			pass(time.Second)
		}
		return always
	})
	during("kubelet frozen for 25 s, one endpoint SIGKILLed", func() [2]time.Time {
		if err := world.cluster.Freeze(cluster.Kubelet); err != nil {
			t.Fatal(err)
		}
		defer func() {
			if err := world.cluster.Thaw(cluster.Kubelet); err != nil {
				t.Error(err)
			}
		}()
		kill(t, i.ready(i.policies, "app=catalog")[0], "upstream")
		pass(25 * time.Second)
		return always
	})
	i.threeReady()

	if sums[0].calls == 0 { // every run was void, and said so
		return
	}
	share := func(n int) float64 { return 1 - float64(sums[n].failed)/float64(sums[n].calls) }
	for n, what := range []string{"connections kept", "new connections"} {
		hold(t, share(0) > share(n+1) || (sums[0].failed == 0 && sums[n+1].failed == 0), "all of it, against direct calls, "+what,
			fmt.Sprintf("%.3f %% succeed through hedged, %.3f %% direct", 100*share(0), 100*share(n+1)), "more through hedged", nil)
	}
}

// threeReady waits until the endpoints of catalog are, also when the node was not heard of.
func (i *installation) threeReady() {
	i.t.Helper()
	eventually(i.t, "three endpoints to be ready", 2*time.Minute, func(context.Context) error {
		if len(i.ready(i.policies, "app=catalog")) != 3 {
			return errNotYet
		}
		return nil
	})
}

func (i *installation) scale(deployment string, replicas int) {
	i.t.Helper()
	kubectl(i.t, "", "scale", "-n", i.policies, "deployment/"+deployment, fmt.Sprintf("--replicas=%d", replicas))
}

// endpoints waits until as many endpoints of a Service serve as asked for, and
// returns when it saw that.
func (i *installation) endpoints(service, what string, enough func(serving int) bool) time.Time {
	i.t.Helper()
	eventually(i.t, what+" endpoint of "+service, time.Minute, func(ctx context.Context) error {
		slices, err := world.client.DiscoveryV1().EndpointSlices(i.policies).List(ctx,
			metav1.ListOptions{LabelSelector: discoveryv1.LabelServiceName + "=" + service})
		if err != nil {
			return err
		}
		serving := 0
		for _, s := range slices.Items {
			for _, e := range s.Endpoints {
				if e.Conditions.Serving == nil || *e.Conditions.Serving {
					serving++
				}
			}
		}
		if !enough(serving) {
			return errNotYet
		}
		return nil
	})
	return time.Now()
}

// TestNames has a policy follow the addresses of a name: those of a headless
// Service, as CoreDNS tells them.
func TestNames(t *testing.T) {
	i := install(t, 2)
	// DNS tells of a pod's end up to 10 s late (5 s of TTL, as much in the cache of
	// CoreDNS): whoever goes by names serves on for that long.
	i.upstream("catalog", 2, map[string]string{"DELAY": "5ms", "GRACE": "14s"})
	i.steadyUpstream()
	i.create("catalog", fmt.Sprintf(`apiVersion: hedged.dev/v1alpha1
kind: HedgePolicy
metadata: {name: catalog}
spec:
  match: [{hosts: [%s]}]
  upstream:
    dns: {name: catalog-headless.%s.svc.cluster.local, port: 8080, refresh: 1s}
  deadline: %v
`, host, i.policies, deadline))
	i.inForce(i.pods(), "catalog", "", 20*time.Second)
	address := i.service(i.namespace, "hedged")
	for _, pod := range addresses(i.pods(), 8080) {
		eventually(t, "an answer through the name", 30*time.Second, func(ctx context.Context) error {
			status, text, err := call(ctx, pod, host)
			if err == nil && status != http.StatusOK {
				err = fmt.Errorf("%d %s", status, text)
			}
			return err
		})
	}
	const what = "the pods behind a name rolled"
	i.controlled(steady, what, deadline, func(int) func(load.Result) {
		begin := time.Now()
		calls := load.Start(t.Context(), rate, deadline, load.To("hedged", address, host, false))
		kubectl(t, "", "rollout", "restart", "-n", i.policies, "deployment/catalog")
		i.rolledOut(i.policies, "catalog")
		// The old pods are gone, and their addresses out of CoreDNS's cache.
		pass(20 * time.Second)
		r := calls.StopFair()[0]
		return func(c load.Result) { nearly(t, what, begin, r, c) }
	})
}
