package inspect

import (
	"cmp"
	"fmt"
	"io"
	"strings"
	"time"

	"hedged.dev/hedged/api/v1alpha1"
	"hedged.dev/hedged/pkg/adapt"
	"hedged.dev/hedged/pkg/command"
)

// meaning are the controller's states and rules in words.
var meaning = map[string]string{
	string(adapt.Cold):     "too little is known yet",
	string(adapt.Steady):   "the upstream is as it has been",
	string(adapt.Moved):    "its latency has changed, and hedges help all the same",
	string(adapt.Overload): "it has become slower, and hedges have not been seen to help since",
	string(adapt.Pushback): "it asked to be left alone",

	string(adapt.Early):       "hedges come early, because what they save is worth their load",
	string(adapt.BudgetBound): "as many early hedges as the budget pays for",
	string(adapt.Late):        "hedges come as late as a retry would, because earlier ones would save too little",
	string(adapt.Stopped):     "no hedge",
	string(adapt.Given):       "the policy says when hedges are sent",
}

// Write writes everything about one policy.
func (x *Explanation) Write(w io.Writer) error {
	p := &x.Policy
	var rows command.Table
	say := func(what, format string, args ...any) {
		rows = append(rows, []string{what, fmt.Sprintf(format, args...)})
	}

	say("mode", "%s", x.modes())
	if x.adaptive() {
		say("state", "%s: %s", p.Plan.State, meaning[string(p.Plan.State)])
	}
	if p.Plan.Rule != "" {
		say("rule", "%s: %s", p.Plan.Rule, meaning[string(p.Plan.Rule)])
	}
	say("fan-out", "at most %s a call", command.Count(p.Plan.FanOut, "attempt", "attempts"))
	say("hedges", "%s", x.hedges())
	say("retries", "%s", x.retries())
	say("deadline", "%s", x.deadline())
	x.figures(say)
	x.load(say)
	if x.Upstream.Target != "" {
		say("upstream", "%s", x.target())
	}
	if l := x.Upstream.Latency; l.Learned {
		say("latency", "p50 %s, p99 %s, of %.0f recent first attempts", brief(l.P50), brief(l.P99), l.Samples)
	} else {
		say("latency", "not known yet: %d first attempts observed", l.Observed)
	}
	say("reason", "%s", p.Plan.Reason)
	for _, warning := range p.Warnings {
		say("warning", "%s", warning)
	}

	if _, err := fmt.Fprintf(w, "%s  (%s:%d, revision %s)\n\n", p.Policy, p.Place, p.Line, p.Revision); err != nil {
		return err
	}
	if err := rows.Write(w, "  "); err != nil {
		return err
	}
	if _, err := fmt.Fprintln(w); err != nil {
		return err
	}
	return x.endpoints().Write(w, "  ")
}

// adaptive reports whether the controller decides on the plan: only then it has a state.
func (x *Explanation) adaptive() bool { return x.Policy.Plan.State != "" }

// measured reports whether the controller had figures to decide by.
func (x *Explanation) measured() bool { return x.adaptive() && x.Upstream.Latency.Learned }

// state is what the controller takes the upstream's state for, in a table.
func (x *Explanation) state() string {
	return orDash(string(x.Policy.Plan.State))
}

// mode is how far the policy goes.
func (x *Explanation) mode() string {
	return string(cmp.Or(x.Policy.Spec.Mode, v1alpha1.ModeEnforce))
}

func (x *Explanation) modes() string {
	var b strings.Builder
	b.WriteString(x.mode())
	switch x.Policy.Spec.Mode {
	case v1alpha1.ModeShadow:
		b.WriteString(" (calls have one attempt; what follows is what they would have)")
	case v1alpha1.ModeDisabled:
		b.WriteString(" (calls have one attempt, as in a plain proxy)")
	default:
	}
	spec := &x.Policy.Spec
	if spec.FanOut.Adaptive {
		b.WriteString(", adaptive fan-out")
		if spec.FanOut.SuccessTarget != nil {
			fmt.Fprintf(&b, " for %s success", percentage(*spec.FanOut.SuccessTarget))
		}
		if spec.FanOut.Within != nil {
			fmt.Fprintf(&b, " within %s", spec.FanOut.Within.Duration)
		}
	} else {
		b.WriteString(", given fan-out")
	}
	fmt.Fprintf(&b, ", stagger %s", cmp.Or(spec.Stagger.Mode, v1alpha1.StaggerAuto))
	return b.String()
}

func (x *Explanation) hedges() string {
	plan := &x.Policy.Plan
	if plan.Hedges == 0 {
		return "none"
	}
	text := fmt.Sprintf("%d: %s after the newest attempt", plan.Hedges, schedule(plan.Gaps))
	if plan.HedgeShare < 1 {
		text += fmt.Sprintf("; %s of the calls still waiting send the first one then", percentage(plan.HedgeShare))
		if plan.Defer != "" {
			text += fmt.Sprintf(", the rest %s later", brief(plan.Defer))
		}
	}
	return text
}

func schedule(gaps []string) string {
	var all []string
	for _, gap := range gaps {
		all = append(all, brief(gap))
	}
	return strings.Join(all, ", then ")
}

func (x *Explanation) retries() string {
	plan := &x.Policy.Plan
	switch {
	case plan.FanOut <= 1:
		return "none"
	case plan.State == adapt.Pushback:
		return "none until the upstream's pushback is over"
	default:
		return "at once after a failure, within the fan-out"
	}
}

func (x *Explanation) deadline() string {
	plan := &x.Policy.Plan
	text := plan.Deadline
	if plan.LeastRemaining != "0s" {
		text += fmt.Sprintf("; no further attempt with less than %s left", brief(plan.LeastRemaining))
	}
	if plan.AttemptTimeout != "" {
		text += fmt.Sprintf("; an attempt may take %s", plan.AttemptTimeout)
	}
	return text
}

// figures are what an adaptive plan was decided by.
func (x *Explanation) figures(say func(what, format string, args ...any)) {
	plan := &x.Policy.Plan
	if !x.measured() {
		return
	}
	f := &plan.Figures
	say("failures", "%s of first attempts have no good answer by the deadline; %s fail explicitly", percentage(f.FailureRate), percentage(f.Explicit))
	say("success", "%s by the deadline, as planned", percentage(f.Planned))
	say("conditional", "a hedge succeeds %.2f times as often as a first attempt of its age, a retry %.2f times", f.OfHedges, f.OfRetries)
	say("independence", "hedging is left alone %s; the median latency is %.2f times its least of the last minute", percentage(f.Independence), f.LatencyRatio)
}

// load is what further attempts cost, and what they may.
func (x *Explanation) load(say func(what, format string, args ...any)) {
	plan, b := &x.Policy.Plan, &x.Upstream.Budget
	if x.Upstream.Shadow != nil {
		b = x.Upstream.Shadow
	}
	soFar := fmt.Sprintf("%d further for %s so far", b.Taken, command.Count(int(b.Calls), "call", "calls")) //nolint:gosec // a count
	if b.Calls > 0 {
		soFar += fmt.Sprintf(" (%s)", percentage(float64(b.Taken)/float64(b.Calls)))
	}
	if x.measured() {
		f := &plan.Figures
		soFar = fmt.Sprintf("%s planned, of %s that the budget earns; early hedges may cost %s now; ", percentage(f.Cost), percentage(f.Budget), percentage(f.Ceiling)) + soFar
	}
	say("load", "%s; the budget refused %d", soFar, b.Refused)
	say("budget", "%g %% of the calls, at least %g a second; %.1f of at most %.1f tokens in stock", b.Percent, b.MinPerSecond, b.Tokens, b.Capacity)
}

// target is what the endpoints are found by, and what is wrong with that.
func (x *Explanation) target() string {
	if x.Upstream.Problem == "" {
		return x.Upstream.Target
	}
	return x.Upstream.Target + "; " + x.Upstream.Problem
}

// endpoints is the table of the upstream's endpoints.
func (x *Explanation) endpoints() command.Table {
	t := command.Table{{"endpoint", "breaker", "in flight", "score", "attempts", "bad"}}
	for _, e := range x.Upstream.Endpoints {
		state := e.State
		if !e.HeldOutUntil.IsZero() {
			state += ", held out by pushback"
		}
		t = append(t, []string{e.Address, state, fmt.Sprint(e.InFlight), fmt.Sprintf("%.3f", e.Score), fmt.Sprint(e.Attempts), fmt.Sprint(e.Bad)})
	}
	if n := x.Upstream.Bypassed; n > 0 {
		t = append(t, []string{fmt.Sprintf("%d first attempts went out although no breaker admitted them", n)})
	}
	return t
}

// closed is how many endpoints take calls.
func (x *Explanation) closed() string {
	n := 0
	for _, e := range x.Upstream.Endpoints {
		if e.State == "closed" && e.HeldOutUntil.IsZero() {
			n++
		}
	}
	return fmt.Sprintf("%d of %d", n, len(x.Upstream.Endpoints))
}

// figure is a share that only a plan that was decided by figures has.
func (x *Explanation) figure(share float64) string {
	if !x.measured() {
		return "-"
	}
	return percentage(share)
}

// brief leaves four digits of a duration.
func brief(text string) string {
	d, err := time.ParseDuration(text)
	if err != nil {
		return text
	}
	unit := time.Duration(1)
	for d/unit >= 10_000 {
		unit *= 10
	}
	return d.Round(unit).String()
}

func percentage(share float64) string { return fmt.Sprintf("%.4g %%", 100*share) }

func orDash(text string) string { return cmp.Or(text, "-") }
