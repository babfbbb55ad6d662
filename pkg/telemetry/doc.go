// Package telemetry tells what the daemon does: a SERVER span per call with a
// CLIENT span per attempt beneath it, metrics on a Prometheus endpoint, and
// logs that carry the ids of the trace they belong to.
//
// Setup reads the OTEL_* variables. Traces leave the process only when one of
// them names an exporter or an endpoint; metrics can always be pulled. A
// Recorder is made once per policy and is what the request path holds: on a
// call that is not sampled it builds no attribute and no attempt span.
//
// It does not know HTTP headers, policies or endpoints beyond the strings that
// it is given, and it sets none of OpenTelemetry's globals.
package telemetry
