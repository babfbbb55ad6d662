package policy

import "hedged.dev/hedged/api/v1alpha1"

// refuseUnsupported reports what the document may say and this version does not
// carry out. Nothing is accepted and then ignored. A line here goes when the
// feature comes.
func (d *document) refuseUnsupported(spec *v1alpha1.HedgePolicySpec) {
	for i := range spec.Match {
		if spec.Match[i].GRPC != nil {
			d.notYet(element("spec.match", i)+".grpc", "gRPC matches", "use hosts and path for HTTP calls, or remove it")
		}
	}
	written := func(path, what, instead string) {
		if d.has(path) {
			d.notYet(path, what, instead)
		}
	}
	written("spec.accept.expression", "accept by expression", "use accept.http")
	written("spec.accept.grpc", "gRPC matches, which this serves", "remove it")
	written("spec.nonFatal.grpc", "gRPC matches, which this serves", "remove it")
}

func (d *document) notYet(path, what, instead string) {
	d.fault(path, "not carried out yet in this version: %s; %s", what, instead)
}
