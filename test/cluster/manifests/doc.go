// Package manifests has what the tests install in a cluster: hedged with exactly
// the permissions that it needs, its webhook, and endpoints to test against. They
// are templates, since each test has namespaces of its own.
package manifests
