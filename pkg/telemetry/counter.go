package telemetry

import (
	"context"
	"errors"
	"slices"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"hedged.dev/hedged/pkg/hedge"
)

// counters are the instruments that read the atomics of every series when
// metrics are collected, so that counting costs the request path one addition.
type counters struct {
	calls, launched, ended, suppressed metric.Int64ObservableCounter
	shadowLaunched, shadowSuppressed   metric.Int64ObservableCounter
}

// registerCounters makes the counters and has them read the series.
func (t *Telemetry) registerCounters() error {
	counter := func(name, unit, description string) (metric.Int64ObservableCounter, error) {
		return t.meter.Int64ObservableCounter(name, metric.WithUnit(unit), metric.WithDescription(description))
	}
	var c counters
	var errs [7]error
	c.calls, errs[0] = counter("hedged.calls", "{call}", "Calls that have ended, by outcome.")
	c.launched, errs[1] = counter("hedged.attempts.launched", "{attempt}", "Attempts launched, by trigger.")
	c.ended, errs[2] = counter("hedged.attempts.ended", "{attempt}", "Attempts that have ended, by how.")
	c.suppressed, errs[3] = counter("hedged.attempts.suppressed", "{attempt}",
		"Attempts that were due and were not launched, by reason.")
	c.shadowLaunched, errs[4] = counter("hedged.shadow.attempts", "{attempt}",
		"Attempts that the plan would have launched in mode Shadow, by trigger; the initial ones were.")
	c.shadowSuppressed, errs[5] = counter("hedged.shadow.suppressed", "{attempt}",
		"Attempts that would have been due in mode Shadow and not launched, by reason.")
	_, errs[6] = t.meter.RegisterCallback(func(_ context.Context, o metric.Observer) error {
		for _, s := range t.allSeries() {
			c.observe(o, s)
		}
		return nil
	}, c.calls, c.launched, c.ended, c.suppressed, c.shadowLaunched, c.shadowSuppressed)
	return errors.Join(errs[:]...)
}

// observe reports one series. Calls and attempts are reported from zero on
// once the policy has had a call, so that a first failure shows as a step; of
// a policy without traffic nothing is reported.
func (c *counters) observe(o metric.Observer, s *series) {
	if s.idle() {
		return
	}
	observe := func(i metric.Int64ObservableCounter, v int64, label attribute.KeyValue) {
		o.ObserveInt64(i, v, metric.WithAttributes(append(slices.Clone(s.labels), label)...))
	}
	for i := range s.calls {
		observe(c.calls, s.calls[i].Load(), CallOutcomeKey.String(outcome(i).String()))
	}
	for i := range s.launched {
		observe(c.launched, s.launched[i].Load(), AttemptTriggerKey.String(hedge.Trigger(i).String()))
	}
	for i := range s.ended {
		observe(c.ended, s.ended[i].Load(), AttemptOutcomeKey.String(hedge.End(i).String()))
	}
	for reason, n := range s.suppressed.all {
		observe(c.suppressed, n.Load(), SuppressedReasonKey.String(string(reason)))
	}
	if s.shadow.launched[hedge.Initial].Load() == 0 { // never in mode Shadow
		return
	}
	for i := range s.shadow.launched {
		observe(c.shadowLaunched, s.shadow.launched[i].Load(), AttemptTriggerKey.String(hedge.Trigger(i).String()))
	}
	for reason, n := range s.shadow.suppressed.all {
		observe(c.shadowSuppressed, n.Load(), SuppressedReasonKey.String(string(reason)))
	}
}

// idle reports whether the policy has had no call yet.
func (s *series) idle() bool {
	if s.launched[hedge.Initial].Load() > 0 {
		return false
	}
	for i := range s.calls {
		if s.calls[i].Load() > 0 {
			return false
		}
	}
	return true
}

// Observe registers a gauge that f computes each time metrics are collected:
// it calls emit once per point. f may be called from several goroutines.
func (t *Telemetry) Observe(name, unit, description string, f func(Emit)) error {
	_, err := t.meter.Float64ObservableGauge(name, metric.WithUnit(unit), metric.WithDescription(description),
		metric.WithFloat64Callback(emitter(f)))
	return err
}

// Emit takes one point of a metric.
type Emit func(value float64, attrs ...attribute.KeyValue)

// ObserveTotal is as Observe for values that only ever grow.
func (t *Telemetry) ObserveTotal(name, unit, description string, f func(Emit)) error {
	_, err := t.meter.Float64ObservableCounter(name, metric.WithUnit(unit), metric.WithDescription(description),
		metric.WithFloat64Callback(emitter(f)))
	return err
}

func emitter(f func(Emit)) metric.Float64Callback {
	return func(_ context.Context, o metric.Float64Observer) error {
		f(func(value float64, attrs ...attribute.KeyValue) {
			o.Observe(value, metric.WithAttributes(attrs...))
		})
		return nil
	}
}
