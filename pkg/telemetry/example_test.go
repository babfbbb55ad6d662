package telemetry_test

import (
	"context"
	"fmt"
	"io"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"hedged.dev/hedged/pkg/hedge"
	"hedged.dev/hedged/pkg/telemetry"
)

// A call of two attempts, of which the hedge won.
func Example() {
	ctx := context.Background()
	spans := tracetest.NewSpanRecorder() // in place of a collector
	tel, err := telemetry.Setup(ctx, telemetry.Options{
		Service: "hedged", LogWriter: io.Discard, Processors: []sdktrace.SpanProcessor{spans},
	})
	if err != nil {
		fmt.Println(err)
		return
	}

	recorder := tel.Recorder("shop/catalog", "0123456789ab", "catalog")
	call := recorder.Call(ctx, nil, telemetry.CallStart{Method: "GET", Route: "/items/"})
	first := call.Attempt(telemetry.AttemptStart{Number: 1, Trigger: hedge.Initial, Method: "GET"})
	second := call.Attempt(telemetry.AttemptStart{Number: 2, Trigger: hedge.Stagger, Method: "GET"})
	second.End(telemetry.AttemptEnd{End: hedge.Won, Status: 200})
	first.End(telemetry.AttemptEnd{End: hedge.Lost, Err: context.Canceled})
	call.End(telemetry.CallEnd{Status: 200, Attempts: 2, Winner: 2})

	if err := tel.Shutdown(ctx); err != nil {
		fmt.Println(err)
	}
	for _, s := range spans.Ended() {
		fmt.Println(s.SpanKind(), s.Name(), s.Status().Code)
	}
	// Output:
	// client GET Unset
	// client GET Unset
	// server GET /items/ Unset
}
