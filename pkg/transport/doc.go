// Package transport carries one attempt to one endpoint: it holds that
// endpoint's connections, over HTTP/1.1, h2c, HTTPS or HTTP/2, and counts what
// cancelled attempts cost.
//
// It dials the endpoint's address whatever the request's host says, so that an
// upstream sees the name it serves while hedged chooses the replica. It knows
// nothing of calls, policies or which endpoint is best.
package transport
