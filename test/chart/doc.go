// Package chart holds the tests of charts/hedged: what Helm makes of it is what a
// real API server takes, what its schema refuses, and that its alerts and its
// dashboard speak of metrics that the daemon has. They run helm and kubectl, which
// `make kube` builds, and the tools of test/chart/tools, which `make chart-tools`
// builds; one that is missing fails the tests.
//
// It does not know what each value does: that is in charts/hedged/tests, which it
// runs. Nor does anything run here that the chart installs: see test/cluster/e2e.
package chart
