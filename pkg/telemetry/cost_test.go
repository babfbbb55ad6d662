package telemetry_test

import (
	"context"
	"testing"
	"time"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"hedged.dev/hedged/pkg/hedge"
	"hedged.dev/hedged/pkg/telemetry"
)

// exchange records what the common request costs: a call whose first attempt
// wins.
func exchange(ctx context.Context, r *telemetry.Recorder, in telemetry.Header, start time.Time) {
	c := r.Call(ctx, in, telemetry.CallStart{
		Method: "GET", Route: "/items/", Scheme: "http", Host: "catalog:8080", Path: "/items/7", Proto: "HTTP/1.1",
		Peer: "192.0.2.1:4711", Start: start,
	})
	a := c.Attempt(telemetry.AttemptStart{
		Number: 1, Trigger: hedge.Initial, Method: "GET", URL: "http://catalog:8080/items/7", Endpoint: "10.0.0.1:80", Start: start,
	})
	a.End(telemetry.AttemptEnd{End: hedge.Won, Status: 200, Elapsed: time.Millisecond})
	c.End(telemetry.CallEnd{Status: 200, Attempts: 1, Winner: 1, Plan: telemetry.Plan{FanOut: 3, Reason: "fixed"}})
}

// TestUnsampledAllocations holds the path that most calls take. What is left
// is the call itself and, inside the SDK's Start, the span, its context and
// its configuration.
func TestUnsampledAllocations(t *testing.T) {
	f := func(name string, e env, processors bool, in telemetry.Header, ceiling float64) {
		t.Helper()
		t.Run(name, func(t *testing.T) {
			tel := costs(t, e, processors)
			r, ctx, start := tel.Recorder("shop/catalog", "r1", "catalog"), t.Context(), time.Now()
			got := testing.AllocsPerRun(1000, func() { exchange(ctx, r, in, start) })
			if got > ceiling {
				t.Errorf("%v allocations, want at most %v", got, ceiling)
			}
		})
	}
	traced := telemetry.Header{"Traceparent": {"00-" + callerTrace + "-" + callerSpan + "-00"}}
	never := env{"OTEL_TRACES_SAMPLER": "always_off"}
	f("nothing is exported", nil, false, telemetry.Header{}, 2)
	f("not sampled", never, true, telemetry.Header{}, 4)
	f("one in a million", env{"OTEL_TRACES_SAMPLER": "parentbased_traceidratio", "OTEL_TRACES_SAMPLER_ARG": "0.000001"}, true, telemetry.Header{}, 4)
	f("the caller did not sample", nil, true, traced, 6)
}

func costs(t testing.TB, e env, processors bool) *telemetry.Telemetry {
	t.Helper()
	var o telemetry.Options
	if processors {
		o.Processors = []sdktrace.SpanProcessor{drop{}}
	}
	return setup(t, o, e)
}

// drop is a processor that does nothing.
type drop struct{}

func (drop) OnStart(context.Context, sdktrace.ReadWriteSpan) {}
func (drop) OnEnd(sdktrace.ReadOnlySpan)                     {}
func (drop) Shutdown(context.Context) error                  { return nil }
func (drop) ForceFlush(context.Context) error                { return nil }

func BenchmarkCall(b *testing.B) {
	f := func(name string, e env, processors bool) {
		b.Run(name, func(b *testing.B) {
			tel := costs(b, e, processors)
			r, ctx, start := tel.Recorder("shop/catalog", "r1", "catalog"), b.Context(), time.Now()
			in := telemetry.Header{}
			b.ReportAllocs()
			for b.Loop() {
				exchange(ctx, r, in, start)
			}
		})
	}
	f("nothing exported", nil, false)
	f("unsampled", env{"OTEL_TRACES_SAMPLER": "always_off"}, true)
	f("sampled", nil, true)
}

func BenchmarkInject(b *testing.B) {
	tel := costs(b, env{"OTEL_TRACES_SAMPLER": "always_off"}, true)
	c := tel.Recorder("shop/catalog", "r1", "catalog").Call(b.Context(), nil, telemetry.CallStart{Method: "GET"})
	a := c.Attempt(telemetry.AttemptStart{Number: 1, Method: "GET"})
	out := telemetry.Header{}
	b.ReportAllocs()
	for b.Loop() {
		a.Inject(out)
	}
}
