package e2e

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"

	"hedged.dev/hedged/test/cluster/load"
)

// TestSizing measures what a pod of the chart takes, for docs/operations.md. It holds
// nothing to a bound: the machine also carries clients, upstream and Kubernetes.
func TestSizing(t *testing.T) {
	const sizingRate, sizingTime = 400, 15 * time.Second
	for _, replicas := range []int{1, 2} {
		i, _ := shop(t, replicas)
		if replicas == 1 {
			i.memories()
		}
		address := i.service(i.namespace, release)
		what := fmt.Sprintf("CPU of all pods, %d replicas at %d calls a second", replicas, sizingRate)
		i.controlled("catalog", what, deadline, func(int) func(load.Result) {
			calls := load.Start(t.Context(), sizingRate, deadline, load.To("through the Service", address, host, false))
			pass(3 * time.Second)
			begin, before := time.Now(), i.cpu()
			pass(sizingTime)
			spent, took := i.cpu()-before, time.Since(begin)
			r := calls.Stop()[0]
			perCall := spent / (sizingRate * took.Seconds())
			return func(load.Result) {
				note(t, what, fmt.Sprintf("%.0f µs a call, %.1f %% of a core for 1,000 calls a second; %s", perCall*1e6, perCall*1e5, r), nil)
			}
		})
	}
}

// memories measures a pod with more and more policies.
func (i *installation) memories() {
	i.t.Helper()
	pod := i.pods()[0]
	made := 1
	for _, policies := range []int{1, 100, 1000} {
		data := map[string]string{}
		for ; made < policies; made++ {
			data[fmt.Sprintf("p%d.yaml", made)] = numbered(made, deadline)
		}
		if len(data) > 0 {
			if err := i.createAll(fmt.Sprintf("policies-%d", policies), data); err != nil {
				i.t.Fatal(err)
			}
			i.inForce([]corev1.Pod{pod}, name(made-1), "", 30*time.Second)
			pass(5 * time.Second) // until what reading them took is given back
		}
		rss, pss := memory(i.t, process(i.t, pod, "hedged"))
		note(i.t, fmt.Sprintf("memory of a pod with %d policies", policies), "RSS "+rss+", PSS "+pss, nil)
	}
}

// cpu is the processor time that all pods have taken, in seconds.
func (i *installation) cpu() float64 {
	i.t.Helper()
	sum := 0.0
	for _, p := range i.pods() {
		text, err := get(i.t.Context(), p.Status.PodIP+":8081", "/metrics")
		if err != nil {
			i.t.Fatal(err)
		}
		for line := range strings.Lines(text) {
			if value, found := strings.CutPrefix(line, "process_cpu_seconds_total "); found {
				seconds, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
				if err != nil {
					i.t.Fatal(err)
				}
				sum += seconds
			}
		}
	}
	return sum
}
