// Package daemon wires the packages into the process that serves: listeners,
// the data plane, the policy loop, telemetry and admin, and their shutdown in
// order. It can be embedded, in a test or in the demo, with addresses of port 0.
//
// It holds no behaviour of its own beyond that order.
package daemon
