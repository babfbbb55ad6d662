package e2e

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"hedged.dev/hedged/test/cluster/trace"
)

// The hosts of TestTraces' policies.
const (
	fixedHost, adaptiveHost, grpcHost = "fixed.test", "adaptive.test", "grpc.test"
	// tracesMost is more than the test's calls, and less than Jaeger keeps.
	tracesMost = 10000
)

// grpcPlan is as fixedPlan for gRPC, whose calls are POST.
func grpcPlan() string {
	return strings.Replace(fixedPlan("grpc", grpcHost, "catalog"), "port: http}}", "port: http}, protocol: H2C}\n  idempotency: Always", 1)
}

// TestTraces sends calls to pods that drop, shed and stall them at random peaks,
// and holds what Jaeger then has of each to what really happened.
func TestTraces(t *testing.T) {
	j := jaeger(t)
	i := traced(t, 2, jaegerSpans)
	i.upstream("catalog", 3, map[string]string{
		"DELAY": "5ms", "QUIET": "2s", "OTEL_EXPORTER_OTLP_ENDPOINT": jaegerSpans,
	})
	i.create("fixed", fixedPlan("fixed", fixedHost, "catalog"))
	i.create("adaptive", document("adaptive", adaptiveHost, "catalog", 300*time.Millisecond))
	i.create("grpc", grpcPlan())
	for _, name := range []string{"fixed", "adaptive", "grpc"} {
		i.inForce(i.pods(), name, "", 20*time.Second)
	}
	client := i.recorder()
	begin := time.Now()

	// Every other call has a trace of the client's own.
	calls := client.recordEach(1200, func(n int, c *recorded) {
		if n%2 == 0 {
			c.id, c.span = newIDs()
		}
		client.send(c, []string{fixedHost, adaptiveHost}[n/2%2], true)
	})
	calls = append(calls, client.check(grpcHost, 300)...)
	i.control("catalog", "quiet=0s")
	pass(1500 * time.Millisecond) // breakers that the peaks opened let a call try
	calls = append(calls, client.record(fixedHost, 30)...)
	i.control("catalog", "delay=1s") // longer than the deadline
	calls = append(calls, client.record(fixedHost, 10)...)
	calls = append(calls, client.check(grpcHost, 5)...)
	i.control("catalog", "delay=5ms&fail=1")
	calls = append(calls, client.record(fixedHost, 10)...)
	i.control("catalog", "fail=0")
	launched, asked := i.launched(), i.asked("catalog")
	unsampled := client.recordEach(5, func(_ int, c *recorded) {
		c.id, c.span = newIDs()
		client.send(c, fixedHost, false)
	})

	s := seen{t: t, jaeger: j, search: trace.Search{Service: trace.Service, From: begin, Most: tracesMost}}
	s.collect(len(calls), launched, asked)
	s.checked(calls)
	s.counted(launched, asked)
	s.errors()
	for _, c := range unsampled {
		if _, err := j.Trace(t.Context(), c.id); err == nil {
			t.Errorf("a call whose client said not to sample it has trace %s", c.id)
		}
	}
	s.keep()
}

// launched is how many attempts the pods of hedged say that they have launched.
func (i *installation) launched() int {
	i.t.Helper()
	sum := 0
	for _, p := range i.pods() {
		text, err := get(i.t.Context(), p.Status.PodIP+":8081", "/metrics")
		if err != nil {
			i.t.Fatal(err)
		}
		for line := range strings.Lines(text) {
			if !strings.HasPrefix(line, "hedged_attempts_launched_total{") {
				continue
			}
			n, err := strconv.ParseFloat(strings.TrimSpace(line[strings.LastIndexByte(line, ' '):]), 64)
			if err != nil {
				i.t.Fatal(err)
			}
			sum += int(n)
		}
	}
	return sum
}
