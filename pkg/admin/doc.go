// Package admin serves what the daemon says of itself, apart from the port
// that calls arrive at: health and metrics on one address, and on another,
// meant for loopback, the state to debug by and the attempts as they end.
//
// It does not know what the state is made of: it asks functions for values and
// writes them as JSON. It opens no listener and sets no timeout.
package admin
