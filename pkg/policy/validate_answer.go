package policy

import (
	"fmt"
	"strings"

	"hedged.dev/hedged/api/v1alpha1"
)

func (d *document) validateAnswers(spec *v1alpha1.HedgePolicySpec) {
	const accept, nonFatal = "spec.accept.http", "spec.nonFatal.http"
	if len(spec.Accept.HTTP) == 0 {
		d.fault(accept, `Invalid value: []: must have at least one code, or no call could succeed: write it, such as ["200-299"], or remove it for the default`)
	}
	accepted := d.validateCodes(accept, spec.Accept.HTTP)
	tolerated := d.validateCodes(nonFatal, spec.NonFatal.HTTP)
	if d.sound(accept, nonFatal) {
		d.validateOverlap(accepted, tolerated)
	}
	d.validateCommit(spec)
}

func (d *document) validateCodes(at string, list []string) *codes {
	set := new(codes)
	for i, s := range list {
		from, to, err := parseCodes(s)
		if err != nil {
			d.invalid(element(at, i), s, "%v", err)
			continue
		}
		set.add(from, to)
	}
	return set
}

// validateOverlap reports the codes that are both accepted and non-fatal, at the
// list that the user wrote.
func (d *document) validateOverlap(accepted, tolerated *codes) {
	var both []string
	for code := leastCode; code <= mostCode; code++ {
		if !accepted.has(code) || !tolerated.has(code) {
			continue
		}
		from := code
		for accepted.has(code+1) && tolerated.has(code+1) {
			code++
		}
		if from == code {
			both = append(both, fmt.Sprint(code))
		} else {
			both = append(both, fmt.Sprintf("%d-%d", from, code))
		}
	}
	if len(both) == 0 {
		return
	}
	path, other := "spec.accept.http", "spec.nonFatal.http"
	if d.has(other) {
		path, other = other, path
	}
	origin := ""
	if !d.has(other) {
		origin = ", whose default is in force"
	}
	d.fault(path, "Invalid value: %s is also in %s%s: an answer is either accepted or non-fatal, so take it out of one of them",
		strings.Join(both, ", "), other, origin)
}

func (d *document) validateCommit(spec *v1alpha1.HedgePolicySpec) {
	oneOf(d, "spec.commit", spec.Commit, v1alpha1.CommitHeaders, v1alpha1.CommitFirstByte, v1alpha1.CommitBody)
	if spec.Commit == v1alpha1.CommitBody && spec.BufferLimit.IsZero() {
		d.fault("spec.bufferLimit", `Invalid value: "0": must be above 0 with commit: Body, which reads an answer into the buffer: write a size such as 1Mi, or commit: FirstByte`)
	}
}
