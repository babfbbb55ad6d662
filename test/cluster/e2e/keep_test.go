package e2e

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	"hedged.dev/hedged/test/cluster/build"
	"hedged.dev/hedged/test/cluster/trace"
)

// keep writes a trace of each kind that docs/observability.md shows to
// out/e2e/traces, as Jaeger has it.
func (s *seen) keep() {
	s.t.Helper()
	checkout, err := build.Find(os.Stderr)
	if err != nil {
		s.t.Fatal(err)
	}
	folder := filepath.Join(checkout.Checkout, "out", "e2e", "traces")
	if err := os.MkdirAll(folder, 0o755); err != nil {
		s.t.Fatal(err)
	}
	kinds := map[string]string{}
	for _, id := range slices.Sorted(maps.Keys(s.traces)) {
		for _, c := range s.traces[id].Calls() {
			name := kind(&c)
			if other, ok := kinds[name]; !ok || clearer(s.traces[id], s.traces[other]) {
				kinds[name] = id
			}
		}
	}
	for name, id := range kinds {
		data, err := s.jaeger.JSON(s.t.Context(), id)
		if err == nil {
			err = os.WriteFile(filepath.Join(folder, name+".json"), data, 0o644)
		}
		if err != nil {
			s.t.Error(err)
		}
	}
	hold(s.t, len(kinds) >= 5, "kinds of calls seen", fmt.Sprint(slices.Sorted(maps.Keys(kinds))), "at least 5", nil)
}

// clearer reports whether there is more to see in a trace than in another, or as
// much in less time.
func clearer(one, other *trace.Trace) bool {
	if len(one.Spans) != len(other.Spans) {
		return len(one.Spans) > len(other.Spans)
	}
	return lasts(one) < lasts(other)
}

// lasts is how long all of a trace takes. Its spans are in order of their start.
func lasts(t *trace.Trace) (d time.Duration) {
	for _, s := range t.Spans {
		d = max(d, s.End.Sub(t.Spans[0].Start))
	}
	return d
}

// kind names what a call is an example of.
func kind(c *trace.Call) string {
	outcomes := map[string]int{}
	for _, a := range c.Attempts {
		outcomes[a.Outcome()]++
	}
	name := "other"
	switch winner := c.Winner(); {
	case winner == 1 && len(c.Attempts) == 1:
		name = "single"
	case winner == 1:
		name = "first"
	case winner > 0 && outcomes["lost"] > 0 && outcomes["failed"] > 0:
		name = "both"
	case winner > 0 && c.Attempts[winner-1].Trigger() == "stagger":
		name = "hedge"
	case winner > 0:
		name = "retry"
	case c.Span.Attributes.Text("error.type") == "timeout":
		name = "deadline"
	case outcomes["failed"] > 0:
		name = "failed"
	}
	if c.Span.Attributes.Text("http.request.method") == "POST" {
		name = "grpc-" + name
	}
	return name
}
