// Package otlptest is a collector for tests: it takes OTLP over HTTP and over
// gRPC on real sockets, decodes what arrives, and hands it out in a form that
// a test can look at.
//
// It does not know who sends, and it checks nothing.
package otlptest
