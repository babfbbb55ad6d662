// Command upstream is an endpoint to test against: it answers every call with its
// pod's name, late or wrong as it is told to, over HTTP/1.1, HTTP/2 and, for
// grpc.health.v1.Health, gRPC, all on port 8080.
//
// POST /control?delay=20ms&fail=0.1 changes how it behaves, and so do variables of
// the same names at its start (DELAY=20ms):
//
//	delay          each answer takes so long
//	fail, status   this share of calls is answered with this status (503)
//	peak, every    in each every, calls that arrive in the first peak are held until
//	               it is over; all endpoints at the same time
//	quiet          the mean time between random peaks, which each endpoint has for
//	               itself; none without it
//	least, most    how long a random peak lasts (300ms, 800ms)
//	drop           in a random peak, the share of calls whose connection is reset,
//	shed           of those answered with status, and
//	stall          of those never answered (0.15, 0.1, 0.15)
//
// Random peaks hold for (least + most) / 2 out of that and quiet: with quiet=8s
// and the others left alone, 2.6 % of the calls of somebody who asks one endpoint
// once come to nothing. Their times depend on the pod's name and SEED alone.
//
// GET /readyz says whether it takes calls, GET /calls how many it was asked. With
// OTEL_EXPORTER_OTLP_ENDPOINT it exports a SERVER span for each call, by gRPC, in
// the trace that the call's traceparent names.
//
// SIGTERM ends it in order after GRACE (2s): it goes on to serve until then, and
// waits for calls in flight. GRACE=0s ends it at once, with what is in flight.
package main
