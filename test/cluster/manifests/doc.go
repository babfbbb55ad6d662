// Package manifests has what the tests install in a cluster beside hedged, which
// its chart installs: endpoints to test against. They are templates, since each
// test has namespaces of its own.
package manifests
