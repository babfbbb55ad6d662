// Package selftest is what `helm test` runs in a cluster: an upstream that leaves
// every first attempt unanswered, and tests that call it through hedged, by HTTP
// and by gRPC, until a hedge answers; and one that has the API server refuse a
// broken policy. Each says in plain words what it sees, and what to look at.
//
// It is outside hedged, as a user is. It does not know how calls are carried out or
// policies are judged, only what comes back.
package selftest
