package demo

import (
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"hedged.dev/hedged/pkg/policy"
	"hedged.dev/hedged/pkg/proxy"
	"hedged.dev/hedged/pkg/telemetry"
	"hedged.dev/hedged/pkg/transport"
	"hedged.dev/hedged/pkg/upstream"
)

// BenchmarkTicks measures what making plans costs a daemon of 1,000 policies of
// which 20 are called, each 200 times a second: the CPU time of the ticks alone,
// as a share of one core. Calls go to an upstream that loses some of them and is
// slow to answer others, so that there is something to plan. An iteration is one
// tick, a tenth of a second.
func BenchmarkTicks(b *testing.B) {
	const policies, busy, rate, settling = 1000, 20, 200, 30
	replicas, err := newFleet(3)
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = replicas.close() }()
	replicas.begin(func(replica int) behaviour { return slowAndFailing().behaviour(course{seed: 1}, replica) }, 0)
	told, err := telemetry.Setup(b.Context(), telemetry.Options{Service: "ticks", LogWriter: io.Discard, LogLevel: slog.LevelError})
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = told.Shutdown(b.Context()) }()
	h, err := proxy.New(proxy.Options{Registry: upstream.NewRegistry(transport.Opener(transport.Options{})), Telemetry: told})
	if err != nil {
		b.Fatal(err)
	}
	defer h.Close()
	h.Publish(adaptivePolicies(b, policies, replicas.addresses()))

	stop := make(chan struct{})
	var callers sync.WaitGroup
	defer callers.Wait()
	defer close(stop)
	for i := range busy {
		callers.Go(func() { callEvery(h, fmt.Sprintf("policy-%d.demo", i), time.Second/rate, stop) })
	}

	runtime.LockOSThread() // whose CPU time is measured
	defer runtime.UnlockOSThread()
	ticker := time.NewTicker(100 * time.Millisecond)
	defer ticker.Stop()
	var spent time.Duration
	tick := func() {
		now := <-ticker.C
		before := threadTime(b)
		h.Tick(now)
		spent += threadTime(b) - before
	}
	for range settling {
		tick()
	}
	spent = 0
	for b.Loop() {
		tick()
	}
	each := spent / time.Duration(b.N)
	b.ReportMetric(float64(each.Microseconds()), "µs/tick")
	b.ReportMetric(100*each.Seconds()/0.1, "%core")
	b.ReportMetric(0, "ns/op") // the tenth of a second that it is by design
}

// adaptivePolicies is a table of so many policies for the same endpoints, each
// with a host of its own.
func adaptivePolicies(b *testing.B, n int, endpoints []string) *policy.Table {
	b.Helper()
	var documents strings.Builder
	for i := range n {
		fmt.Fprintf(&documents, "---\napiVersion: hedged.dev/v1alpha1\nkind: HedgePolicy\nmetadata: {name: policy-%d}\nspec:\n"+
			"  match: [{hosts: [policy-%d.demo]}]\n  upstream: {endpoints: [%s]}\n  deadline: 300ms\n", i, i, strings.Join(endpoints, ", "))
	}
	parsed, faults := policy.Parse([]byte(documents.String()), policy.Options{Place: "ticks"})
	if len(parsed) != n {
		b.Fatalf("%d policies: %v", len(parsed), faults)
	}
	table, conflicts := policy.NewTable(parsed)
	if len(conflicts) > 0 {
		b.Fatal(conflicts)
	}
	return table
}

// callEvery calls a host at this interval, whatever becomes of earlier calls,
// until stop is closed, and returns when the last has ended.
func callEvery(h http.Handler, host string, interval time.Duration, stop <-chan struct{}) {
	var calls sync.WaitGroup
	defer calls.Wait()
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	for {
		select {
		case <-stop:
			return
		case <-ticker.C:
			calls.Go(func() {
				h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "http://"+host+"/", http.NoBody))
			})
		}
	}
}

// threadTime is the CPU time of this thread so far.
func threadTime(b *testing.B) time.Duration {
	b.Helper()
	var used unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_THREAD, &used); err != nil {
		b.Fatal(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}
