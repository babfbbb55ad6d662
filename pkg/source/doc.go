// Package source says where the bytes of policies come from. A source emits
// whole snapshots: every file that there is now, never a difference, so that a
// removed file is one that is not in the snapshot.
//
// Directory serves one machine: the *.yaml, *.yml and *.json files of one
// directory, as an editor, a deployment tool or a Kubernetes volume leaves
// them. A change is emitted well within a second.
//
// ConfigMaps serves a cluster: the keys of the labelled ConfigMaps of some
// namespaces, as the API server tells them. A change is emitted within 100 ms of
// that, and only a change of what is read: not the status annotation that is
// written about it. An API server that is away or refuses is asked again, with
// longer and longer waits; what was read last stands meanwhile.
//
// It does not know what a policy is: a half-written or broken file is emitted
// as it lies there, and what to do about it is the business of the reader. Nor
// does it write anything.
package source
