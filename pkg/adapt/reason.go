package adapt

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
	"time"

	"hedged.dev/hedged/pkg/hedge"
)

// describe completes a plan: what the engine needs to know of it, and the reason in
// words and figures.
func (p *Plan) describe(s *Settings) {
	most := min(max(s.FanOut, 1), hedge.MaxFanOut)
	if p.Rule == Given && !(s.Adaptive && p.State == Cold) {
		p.Retries = most - 1
	} else if p.Rule == Given {
		p.Retries = 0
	}
	p.FanOut, p.Most = min(most, 1+p.Hedges+p.Spares+p.Retries), most
	for i := p.Hedges + p.Spares; i < len(p.Gaps); i++ {
		p.Gaps[i] = hedge.Never
	}
	p.Stagger = p.Gaps[0]
	if p.Rule == Given {
		p.Reason = p.givenWords(s)
		return
	}
	p.Reason = p.words()
}

func (p *Plan) givenWords(s *Settings) string {
	switch {
	case p.Hedges == 0:
		return "fan-out is 1: no further attempt"
	case s.Mode == Fixed:
		return fmt.Sprintf("fixed: stagger %v", s.Fixed)
	case !p.Learned:
		return fmt.Sprintf("initial: %.0f first attempts observed, too few or none answered (needs %d); stagger %v%s",
			p.Samples, enough, p.Stagger, p.boundWords(s.initial()))
	default:
		found := p.found
		return fmt.Sprintf("quantile: p%s of answered attempts, from %.0f samples; stagger %v%s",
			percent(s.Quantile), p.Samples, round(p.Stagger), p.boundWords(found))
	}
}

func (p *Plan) boundWords(instead time.Duration) string {
	if p.bound == "" {
		return ""
	}
	return fmt.Sprintf(" (%s binds, else %v)", p.bound, round(instead))
}

// words are the reason for a plan that was searched for.
func (p *Plan) words() string {
	var b strings.Builder
	f := &p.Figures
	fmt.Fprintf(&b, "%s, %s: ", cmp.Or(string(p.State), "auto"), p.Rule)
	if p.Rule == Stopped {
		fmt.Fprintf(&b, "no hedge, %s", p.retryWords())
	} else {
		p.planWords(&b)
	}
	fmt.Fprintf(&b, "; first attempts fail %s", share(f.FailureRate))
	if f.Explicit > 0 {
		fmt.Fprintf(&b, " (explicitly %s)", share(f.Explicit))
	}
	fmt.Fprintf(&b, ", planned success %s at %s extra load of %s", share(f.Planned), share(f.Cost), share(f.Budget))
	fmt.Fprintf(&b, "; hedges do %.2f and retries %.2f of a first attempt, efficacy %.2f, gradient %.2f, gate %.2f, %.0f tokens in stock",
		f.OfHedges, f.OfRetries, f.Efficacy, f.Gradient, f.Gate, f.Stock)
	return b.String()
}

func (p *Plan) planWords(b *strings.Builder) {
	switch p.Hedges {
	case 0:
		b.WriteString("no hedge")
	case 1:
		fmt.Fprintf(b, "a hedge after %v", round(p.Gaps[0]))
	default:
		fmt.Fprintf(b, "%d hedges after", p.Hedges)
		for i := range p.Hedges {
			fmt.Fprintf(b, " %v", round(p.at(i)))
		}
	}
	if p.HedgeShare < 1 {
		fmt.Fprintf(b, " (the last in %s of calls%s)", share(p.HedgeShare), p.againWords())
	}
	if p.Spares > 0 {
		fmt.Fprintf(b, ", %d to spare from %v on", p.Spares, round(p.at(p.Hedges)))
	}
	if p.bound != "" {
		fmt.Fprintf(b, " (%s binds)", p.bound)
	}
	b.WriteString(", " + p.retryWords())
	if p.Rule == Tail {
		fmt.Fprintf(b, ", for the target within %v", round(p.Figures.Horizon))
	}
}

// at returns when hedge i is due that follows on hedges only.
func (p *Plan) at(i int) time.Duration {
	at := time.Duration(0)
	for _, gap := range p.Gaps[:i+1] {
		at += gap
	}
	return at
}

func (p *Plan) againWords() string {
	if p.Defer == 0 {
		return ""
	}
	return fmt.Sprintf(", in the others after %v", round(p.at(p.Hedges-1)+p.Defer))
}

func (p *Plan) retryWords() string {
	switch {
	case p.Retries == 0:
		return "no retry"
	case p.RetryShare < 1:
		return fmt.Sprintf("up to %s after %s of failures", retries(p.Retries), share(p.RetryShare))
	default:
		return "up to " + retries(p.Retries)
	}
}

func retries(n int) string {
	if n == 1 {
		return "1 retry"
	}
	return fmt.Sprintf("%d retries", n)
}

// percent writes 0.95 as 95 and 0.999 as 99.9.
func percent(q float64) string { return strconv.FormatFloat(q*100, 'g', 6, 64) }

// share writes 0.01234 as 1.23 % and 0.99993 as 99.993 %.
func share(q float64) string {
	digits := 3
	if q > 0.99 && q < 1 {
		digits = 5
	}
	return strconv.FormatFloat(q*100, 'g', digits, 64) + " %"
}

// round leaves the digits that mean something.
func round(d time.Duration) time.Duration { return d.Round(max(d/1000, 1)) }
