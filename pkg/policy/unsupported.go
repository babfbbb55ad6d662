package policy

import (
	"fmt"
	"strings"

	"hedged.dev/hedged/api/v1alpha1"
)

// refuseUnsupported reports what the document may say and this version does not
// carry out. Nothing is accepted and then ignored. A line here goes when the
// feature comes.
func (d *document) refuseUnsupported(spec *v1alpha1.HedgePolicySpec) {
	if spec.Mode == v1alpha1.ModeShadow {
		d.notYet("spec.mode", "mode Shadow", "use Enforce or Disabled")
	}
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
	const endpoints = `use endpoints: ["http://HOST:PORT", ...]`
	written("spec.upstream.service", "upstreams by Service", endpoints)
	written("spec.upstream.dns", "upstreams by DNS name", endpoints)
	written("spec.accept.expression", "accept by expression", "use accept.http")
	written("spec.accept.grpc", "gRPC matches, which this serves", "remove it")
	written("spec.nonFatal.grpc", "gRPC matches, which this serves", "remove it")
	written("spec.fanOut.successTarget", "the controller, which this serves", "remove it; fanOut.max attempts are sent when due")
	if spec.Overload.TrustUpstream {
		d.notYet("spec.overload.trustUpstream", "the controller, which this serves", "remove it")
	}
	d.demandStatic(spec)
}

// demandStatic reports fields whose defaults belong to the controller. Until it
// exists they have to be written, so that no policy changes its meaning when it
// comes.
func (d *document) demandStatic(spec *v1alpha1.HedgePolicySpec) {
	if spec.FanOut.Adaptive {
		d.notYet("spec.fanOut.adaptive", "adaptive fan-out, the default", d.lineToAdd("fanOut", "adaptive: false"))
	}
	if spec.Stagger.Mode == v1alpha1.StaggerAuto {
		instead := d.lineToAdd("stagger", "mode: Quantile", "quantile: 0.95") + `, or "mode: Fixed" and "fixed: 20ms" in their place`
		d.notYet("spec.stagger.mode", "mode Auto, the default", instead)
	}
}

// lineToAdd is the remedy for fields that have to be written: below their
// section if the document has that, else with it.
func (d *document) lineToAdd(section string, lines ...string) string {
	at := "spec"
	if d.has("spec." + section) {
		at += "." + section
		for i, line := range lines {
			lines[i] = fmt.Sprintf("%q", line)
		}
		return "write " + strings.Join(lines, " and ") + " under " + at
	}
	return fmt.Sprintf("add the line %q under %s", section+": {"+strings.Join(lines, ", ")+"}", at)
}

func (d *document) notYet(path, what, instead string) {
	d.fault(path, "not carried out yet in this version: %s; %s", what, instead)
}
