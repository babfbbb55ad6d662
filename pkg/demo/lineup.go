package demo

import (
	"time"

	"hedged.dev/hedged/api/v1alpha1"
)

// The line-ups of the scenarios: the strategies in the order in which they run
// and are shown, the champion last.

func everyStrategy() []strategy {
	return append(append([]strategy{{name: "none"}}, sequentials()...),
		strategy{name: "all-at-once"},
		strategy{name: "fixed-stagger", derive: twiceTheMedian},
		strategy{name: "quantile-stagger", derive: learned},
		strategy{name: champion, derive: learned},
	)
}

func unsteadyStrategies(percent float64) []strategy {
	return append(append([]strategy{{name: "none"}}, sequentials()...),
		strategy{name: "fixed-stagger", derive: fixed(10 * time.Millisecond)},
		strategy{name: "quantile-stagger", derive: quantile(0.95)},
		strategy{name: champion, derive: withBudget(percent)},
	)
}

func brownOutStrategies() []strategy {
	return []strategy{
		{name: "none", derive: withoutBreakers},
		{name: "sequential", derive: derivations(withoutBreakers, perTry(2))},
		{name: "fixed-stagger", derive: derivations(withoutBreakers, twiceTheMedian)},
		{name: "quantile-stagger", derive: derivations(withoutBreakers, quantile(0.95))},
		{name: champion, derive: derivations(withoutBreakers, withBudget(10))},
	}
}

func stepStrategies() []strategy {
	return []strategy{
		{name: "none", derive: withoutBreakers},
		{name: champion, derive: derivations(withoutBreakers, withBudget(40), withFanOut(5))},
	}
}

// sequentials are sequential retry with the per-try timeouts that an engineer
// may choose.
func sequentials() []strategy {
	return []strategy{
		{name: "sequential", variant: "t/2", suffix: "-t2", derive: perTry(2)},
		{name: "sequential", variant: "t/3", suffix: "-t3", derive: perTry(3)},
		{name: "sequential", variant: "t/4", suffix: "-t4", derive: perTry(4)},
		{name: "sequential", variant: "p99", suffix: "-p99", derive: perTryP99},
	}
}

// perTry gives an attempt a part of the deadline.
func perTry(part int64) derivation {
	return func(spec *v1alpha1.HedgePolicySpec, deadline time.Duration, _ measured) {
		sequential(spec, deadline, deadline/time.Duration(part))
	}
}

// perTryP99 gives up on an attempt that is slower than all but one in a
// hundred answers; on a slow upstream still before the deadline.
func perTryP99(spec *v1alpha1.HedgePolicySpec, deadline time.Duration, m measured) {
	sequential(spec, deadline, min(m.p99, deadline*9/10))
}

// sequential retries at once after a failure or a per-try timeout. A stagger
// of the whole deadline never comes due; it is written as a quantile's bounds,
// since a fixed one has to leave time for the whole fan-out.
func sequential(spec *v1alpha1.HedgePolicySpec, deadline, timeout time.Duration) {
	spec.AttemptTimeout.Duration = timeout.Round(100 * time.Microsecond)
	spec.Stagger.Min = &v1alpha1.Duration{Duration: deadline}
	spec.Stagger.Initial = &v1alpha1.Duration{Duration: deadline}
}

// twiceTheMedian is the stagger that an engineer who has measured would write.
func twiceTheMedian(spec *v1alpha1.HedgePolicySpec, deadline time.Duration, m measured) {
	fixed(2*m.median)(spec, deadline, m)
}

// fixed waits so long, less on an upstream so slow that the fan-out would not
// fit into the deadline.
func fixed(stagger time.Duration) derivation {
	return func(spec *v1alpha1.HedgePolicySpec, deadline time.Duration, _ measured) {
		wait := min(stagger, deadline/time.Duration(spec.FanOut.Max))
		spec.Stagger.Fixed = &v1alpha1.Duration{Duration: wait.Round(100 * time.Microsecond)}
	}
}

// learned is a stagger of which only the beginning follows the deadline.
func learned(spec *v1alpha1.HedgePolicySpec, deadline time.Duration, _ measured) {
	spec.Stagger.Initial = &v1alpha1.Duration{Duration: deadline / 5}
}

// quantile hedges what is slower than this share of the answers, within a
// budget of a tenth.
func quantile(q float64) derivation {
	return func(spec *v1alpha1.HedgePolicySpec, deadline time.Duration, m measured) {
		withBudget(10)(spec, deadline, m)
		spec.Stagger.Quantile = &q
	}
}

// withBudget learns the stagger and spends so many further attempts for 100
// calls.
func withBudget(percent float64) derivation {
	return func(spec *v1alpha1.HedgePolicySpec, deadline time.Duration, m measured) {
		learned(spec, deadline, m)
		spec.Budget.Percent = percent
	}
}

// withFanOut allows so many attempts.
func withFanOut(most int) derivation {
	return func(spec *v1alpha1.HedgePolicySpec, _ time.Duration, _ measured) { spec.FanOut.Max = most }
}

// withoutBreakers keeps the breakers out of what is to be seen: where all
// endpoints fail alike, they refuse further attempts, whatever the strategy.
func withoutBreakers(spec *v1alpha1.HedgePolicySpec, _ time.Duration, _ measured) {
	const never = 1_000_000
	spec.CircuitBreaker.ConsecutiveFailures, spec.CircuitBreaker.MinAttempts = never, never
}

// derivations are several, one after another.
func derivations(all ...derivation) derivation {
	return func(spec *v1alpha1.HedgePolicySpec, deadline time.Duration, m measured) {
		for _, derive := range all {
			derive(spec, deadline, m)
		}
	}
}
