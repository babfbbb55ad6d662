package policy

import (
	"cmp"
	"time"
)

// Options say where a file is from.
type Options struct {
	Place         string    // a path, or namespace/configmap/key
	Namespace     string    // of its policies; "" is default
	ClusterDomain string    // of the cluster's service names; "" is cluster.local
	Created       time.Time // of the file or ConfigMap
	Line          int       // lines of the file that stand before data
}

// Parse reads every document of a file, YAML or JSON. A document with a fault
// that is not a warning gives no policy; the others are not affected. Documents
// that are empty or hold comments only give nothing.
func Parse(data []byte, o Options) ([]*Policy, Faults) {
	o.Namespace = cmp.Or(o.Namespace, "default")
	o.ClusterDomain = cmp.Or(o.ClusterDomain, "cluster.local")
	var policies []*Policy
	var faults Faults
	for _, d := range split(data, o.Place, o.Line) {
		p := d.read(o)
		d.attribute(o.Namespace)
		if p != nil {
			p.Warnings = d.faults
			policies = append(policies, p)
		}
		faults = append(faults, d.faults...)
	}
	return policies, faults
}

// read takes the document through every step. It returns nil when the document
// is empty or refused.
func (d *document) read(o Options) *Policy {
	if !d.parse() {
		return nil
	}
	doc := d.decode()
	if doc == nil {
		return nil
	}
	defaultPlan(&doc.Spec)
	d.defaultUpstream(&doc.Spec.Upstream, o)
	d.refuseUnsupported(&doc.Spec)
	d.validate(doc)
	if len(d.faults.Errors()) > 0 {
		return nil
	}
	p := compile(doc, d.where("").line, o)
	p.Text, p.Before = d.text, d.before
	return p
}

// attribute sorts the faults and says whose they are.
func (d *document) attribute(namespace string) {
	d.faults.sort()
	if d.id.Name == "" {
		return
	}
	for i := range d.faults {
		d.faults[i].Policy = ID{Namespace: namespace, Name: d.id.Name}
	}
}
