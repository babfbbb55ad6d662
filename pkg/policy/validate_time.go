package policy

import (
	"time"

	"hedged.dev/hedged/api/v1alpha1"
	"hedged.dev/hedged/pkg/hedge"
)

func (d *document) validateTiming(spec *v1alpha1.HedgePolicySpec) {
	const (
		least        = time.Millisecond
		mostDeadline = time.Hour
		mostIdle     = 24 * time.Hour
	)
	if !d.has("spec.deadline") {
		d.fault("spec.deadline", `Required value: how long a call may take, between %s and %s: add the line "deadline: 300ms"`, least, mostDeadline)
	}
	between(d, "spec.deadline", spec.Deadline.Duration, least, mostDeadline)
	between(d, "spec.streamIdleTimeout", spec.StreamIdleTimeout.Duration, least, mostIdle)

	const path = "spec.attemptTimeout"
	timeout, deadline := spec.AttemptTimeout.Duration, spec.Deadline.Duration
	switch {
	case timeout < 0:
		d.invalid(path, timeout, "must not be negative; 0s leaves attempts bounded by the deadline")
	case timeout >= deadline && d.sound(path, "spec.deadline"):
		d.invalid(path, timeout, "must be below the deadline %s; remove it, or use 0s, to leave attempts bounded by the deadline", deadline)
	}
}

func (d *document) validateFanOut(spec *v1alpha1.HedgePolicySpec) {
	const path = "spec.fanOut.max"
	n := spec.FanOut.Max
	between(d, path, n, 1, hedge.MaxFanOut)
	endpoints := len(spec.Upstream.Endpoints)
	if d.sound(path, "spec.upstream") && endpoints > 0 && n > endpoints && spec.Upstream.Distinct == v1alpha1.DistinctRequire {
		d.warn(path, "%d attempts cannot go to %d different endpoints, as distinct: Require demands: add endpoints, lower max to %d, or use distinct: Prefer", n, endpoints, endpoints)
	}
	d.validateAdaptive(spec)
}

// validateAdaptive reports what only the controller could carry out.
func (d *document) validateAdaptive(spec *v1alpha1.HedgePolicySpec) {
	const target, within, trust = "spec.fanOut.successTarget", "spec.fanOut.within", "spec.overload.trustUpstream"
	if q := spec.FanOut.SuccessTarget; q != nil && (*q <= 0 || *q >= 1) {
		d.invalid(target, *q, "must be above 0 and below 1, such as 0.999")
	}
	d.validateWithin(within, spec)
	if spec.FanOut.Adaptive || !d.sound("spec.fanOut.adaptive") {
		return
	}
	if d.has(target) {
		d.fault(target, "Forbidden: has a meaning with adaptive: true only: write adaptive: true, or remove it: all fanOut.max attempts are sent when due")
	}
	if d.has(within) {
		d.fault(within, "Forbidden: has a meaning with adaptive: true only: write adaptive: true, or remove it: all fanOut.max attempts are sent when due")
	}
	if spec.Overload.TrustUpstream {
		d.fault(trust, "Forbidden: has a meaning with fanOut.adaptive: true only: write adaptive: true under spec.fanOut, or remove it: nothing stops hedging but the budget")
	}
}

// validateWithin reports a target time that cannot be.
func (d *document) validateWithin(path string, spec *v1alpha1.HedgePolicySpec) {
	if spec.FanOut.Within == nil {
		return
	}
	within, deadline := spec.FanOut.Within.Duration, spec.Deadline.Duration
	switch {
	case within <= 0:
		d.invalid(path, within, "must be above 0s and at most the deadline; remove it to aim at the deadline only")
	case within > deadline && d.sound(path, "spec.deadline"):
		d.invalid(path, within, "must be above 0s and at most the deadline %s: lower within, or make the deadline longer", deadline)
	}
}

func (d *document) validateStagger(spec *v1alpha1.HedgePolicySpec) {
	const at = "spec.stagger."
	oneOf(d, at+"mode", spec.Stagger.Mode, v1alpha1.StaggerAuto, v1alpha1.StaggerQuantile, v1alpha1.StaggerFixed)
	if !d.sound(at + "mode") {
		return
	}
	if spec.Stagger.Mode == v1alpha1.StaggerFixed {
		d.validateFixed(spec)
	} else {
		d.onlyInMode(at+"fixed", v1alpha1.StaggerFixed, "remove it")
		d.validateStaggerBounds(spec)
	}
	if spec.Stagger.Mode == v1alpha1.StaggerQuantile {
		d.validateQuantile(spec.Stagger.Quantile)
	} else {
		d.onlyInMode(at+"quantile", v1alpha1.StaggerQuantile, "remove it")
	}
	d.warnSequential(spec)
	d.warnLate(spec)
}

// onlyInMode reports a field that does nothing in the stagger mode in force.
func (d *document) onlyInMode(path string, mode v1alpha1.StaggerMode, otherwise string) {
	if d.has(path) {
		d.fault(path, "Forbidden: has a meaning in mode %s only: write mode: %s, or %s", mode, mode, otherwise)
	}
}

func (d *document) validateFixed(spec *v1alpha1.HedgePolicySpec) {
	const path = "spec.stagger.fixed"
	for _, bound := range []string{"min", "max", "initial"} {
		if path := "spec.stagger." + bound; d.has(path) {
			d.fault(path, "Forbidden: has a meaning in modes Auto and Quantile only: write mode: Auto, or remove it: a fixed stagger needs no bounds")
		}
	}
	if spec.Stagger.Fixed == nil {
		d.fault(path, `Required value: mode Fixed needs it: add the line "fixed: 20ms"; 0s sends all attempts at once`)
		return
	}
	fixed, deadline := spec.Stagger.Fixed.Duration, spec.Deadline.Duration
	if fixed < 0 {
		d.invalid(path, fixed, "must not be negative; 0s sends all attempts at once")
	}
	last := time.Duration(spec.FanOut.Max - 1)
	if !d.sound(path, "spec.deadline", "spec.fanOut.max") || last == 0 {
		return
	}
	// A product could overflow.
	if fixed > (deadline-1)/last {
		d.invalid(path, fixed, "attempt %d would start %d × %s after the first, not before the deadline %s: fixed must be below %s, or fanOut.max lower, or the deadline longer",
			spec.FanOut.Max, int(last), fixed, deadline, deadline/last)
	}
}

func (d *document) validateQuantile(q *float64) {
	const path = "spec.stagger.quantile"
	switch {
	case q == nil:
		d.fault(path, `Required value: mode Quantile needs it: add the line "quantile: 0.95"`)
	case *q <= 0 || *q >= 1:
		d.invalid(path, *q, "must be above 0 and below 1, such as 0.95")
	}
}

func (d *document) validateStaggerBounds(spec *v1alpha1.HedgePolicySpec) {
	const least, most, initial = "spec.stagger.min", "spec.stagger.max", "spec.stagger.initial"
	s, deadline := &spec.Stagger, spec.Deadline.Duration
	if !d.sound("spec.deadline") {
		return
	}
	between(d, least, s.Min.Duration, 0, deadline)
	for path, v := range map[string]time.Duration{most: s.Max.Duration, initial: s.Initial.Duration} {
		if d.has(path) && (v <= 0 || v > deadline) {
			d.invalid(path, v, "must be above 0s and at most the deadline %s; mode Fixed with 0s sends all attempts at once", deadline)
		}
	}
	if s.Min.Duration > s.Max.Duration && d.sound(least, most) {
		d.invalid(least, s.Min.Duration, "must be at most max %s: lower min or raise max", s.Max.Duration)
	}
	if d.has(initial) && (s.Initial.Duration < s.Min.Duration || s.Initial.Duration > s.Max.Duration) && d.sound(least, most) {
		d.invalid(initial, s.Initial.Duration, "must be between min %s and max %s", s.Min.Duration, s.Max.Duration)
	}
}

// warnSequential warns of attempts that end before a further one is due.
func (d *document) warnSequential(spec *v1alpha1.HedgePolicySpec) {
	if spec.AttemptTimeout.Duration == 0 || spec.FanOut.Max == 1 || !d.sound("spec.attemptTimeout", "spec.stagger", "spec.deadline") {
		return
	}
	var stagger *v1alpha1.Duration
	var what string
	switch spec.Stagger.Mode {
	case v1alpha1.StaggerFixed:
		stagger, what = spec.Stagger.Fixed, "stagger"
	case v1alpha1.StaggerQuantile:
		stagger, what = spec.Stagger.Initial, "initial stagger"
	default:
		stagger, what = spec.Stagger.Min, "shortest stagger"
	}
	if spec.AttemptTimeout.Duration < stagger.Duration {
		d.warn("spec.attemptTimeout", "%s is below the %s %s: attempts end before a hedge is due, which is sequential retry; raise it or lower the stagger",
			spec.AttemptTimeout.Duration, what, stagger.Duration)
	}
}

// warnLate warns of a target time before the end of which no hedge is due.
func (d *document) warnLate(spec *v1alpha1.HedgePolicySpec) {
	const path = "spec.fanOut.within"
	if spec.FanOut.Within == nil || spec.FanOut.Max == 1 || !d.sound("spec.fanOut", "spec.stagger", "spec.deadline") {
		return
	}
	earliest, field := spec.Stagger.Min, "min"
	if spec.Stagger.Mode == v1alpha1.StaggerFixed {
		earliest, field = spec.Stagger.Fixed, "fixed"
	}
	if within := spec.FanOut.Within.Duration; earliest.Duration >= within {
		d.warn(path, "no hedge starts before stagger.%s %s, so that only a retry can still answer a call within %s: lower %s or raise within",
			field, earliest.Duration, within, field)
	}
}
