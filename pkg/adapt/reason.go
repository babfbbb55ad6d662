package adapt

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// words are the plan's reason: one sentence that says what calls do and why.
func (p *Plan) words(s *Settings) string {
	switch {
	case p.Hedges == 0 && p.Rule == Given:
		return "No further attempts: the fan-out is 1."
	case p.State == Pushback:
		return "No further attempts: the upstream asked to be left alone."
	case p.Rule == Stopped:
		return fmt.Sprintf("No hedge: the upstream is %.1f times slower than at its best of the last minute, and hedges have not been seen to help since. Failures are retried.", p.Figures.LatencyRatio)
	case !p.Learned:
		return p.coldWords(s)
	case !p.Adaptive:
		return fmt.Sprintf("Hedging after %s in every call: %s.", p.schedule(), p.modeWords(s))
	}
	return p.learnedWords(s)
}

func (p *Plan) coldWords(s *Settings) string {
	if s.Mode == Fixed {
		return fmt.Sprintf("Hedging after %s: the policy says so.", p.schedule())
	}
	return fmt.Sprintf("Hedging after %s until %d first attempts have been observed (%.0f so far)%s.", p.schedule(), enough, p.Samples, p.boundWords())
}

func (p *Plan) modeWords(s *Settings) string {
	switch {
	case s.Mode == Fixed:
		return "the policy says so"
	case s.Mode == Auto:
		return "these are equal parts of the deadline" + p.boundWords()
	}
	return fmt.Sprintf("%s %% of answers have come by then%s", percent(s.Quantile), p.boundWords())
}

func (p *Plan) learnedWords(s *Settings) string {
	f := &p.Figures
	var b strings.Builder
	if p.HedgeShare < 1 {
		fmt.Fprintf(&b, "Hedging in %s of calls after %s, in the others from %s on", share(p.HedgeShare), p.schedule(), brief(p.Gaps[0]+p.Defer))
	} else {
		fmt.Fprintf(&b, "Hedging after %s", p.schedule())
	}
	if s.Mode != Auto {
		fmt.Fprintf(&b, " (%s)", p.modeWords(s))
	}
	switch {
	case p.Rule == Late:
		b.WriteString(", as late as a retry would come: an earlier hedge would save too little")
	case p.Rule == BudgetBound && p.HedgeShare == 1:
		b.WriteString(", as late as a retry would come")
	default:
		fmt.Fprintf(&b, ": %s of first attempts take longer, and a hedge answers %s of those in time", share(f.Slow), share(f.Helped))
	}
	fmt.Fprintf(&b, "; this costs %s of the %s budget", share(f.Cost), share(f.Budget))
	if p.Rule == BudgetBound {
		b.WriteString(", which pays for no more")
	}
	if s.Mode == Auto {
		b.WriteString(p.boundWords())
	}
	b.WriteString(".")
	if f.Independence < 0.95 {
		fmt.Fprintf(&b, " Hedging is held to %s of that: the upstream is %.1f times slower than at its best of the last minute, and hedges succeed %s as often as first attempts.",
			share(f.Independence), f.LatencyRatio, share(f.OfHedges))
	}
	return b.String()
}

func (p *Plan) boundWords() string {
	if p.bound == "" {
		return ""
	}
	return fmt.Sprintf(" (%s binds, else %s)", p.bound, brief(p.found))
}

// schedule names the instants of a call's hedges.
func (p *Plan) schedule() string {
	at := time.Duration(0)
	var all []string
	for _, gap := range p.Gaps[:p.Hedges] {
		at += gap
		all = append(all, brief(at))
	}
	if n := len(all); n > 1 {
		return strings.Join(all[:n-1], ", ") + " and " + all[n-1]
	}
	return strings.Join(all, "")
}

// percent writes 0.95 as 95 and 0.999 as 99.9.
func percent(q float64) string { return strconv.FormatFloat(q*100, 'g', 6, 64) }

// share writes 0.01234 as 1.23 % and 0.99993 as 99.993 %.
func share(q float64) string {
	digits := 2
	if q > 0.99 && q < 1 {
		digits = 5
	}
	if q >= 1 {
		digits = 3
	}
	return strconv.FormatFloat(q*100, 'g', digits, 64) + " %"
}

// brief writes a duration with three digits: 3.61ms, 107ms.
func brief(d time.Duration) string {
	unit := time.Nanosecond
	for d >= 1000*unit {
		unit *= 10
	}
	return d.Round(unit).String()
}
