// Package webhook refuses a bad policy before Kubernetes stores it: it judges the
// ConfigMaps of admission reviews, and gives back the faults and warnings that a
// check of the same policies gives. An object without the policy label, a deletion
// and an update that leaves the policies as they are pass. It changes nothing, so a
// dry run is as any other.
//
// It does not know how policies are judged, nor which serve: what is refused here
// was never seen by those who read ConfigMaps, and what passes may still be in
// conflict with another ConfigMap.
package webhook
