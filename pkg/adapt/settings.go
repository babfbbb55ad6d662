package adapt

import "time"

// Mode is how the stagger is found.
type Mode uint8

// The modes. The zero value is Fixed.
const (
	Fixed    Mode = iota // it is given
	Quantile             // it is a quantile of the latency of answered attempts
	Auto                 // the controller searches for it
)

func (m Mode) String() string { return [...]string{"Fixed", "Quantile", "Auto"}[m] }

// Settings are what a policy says about its plan.
type Settings struct {
	Deadline       time.Duration // from the call's arrival to its outcome
	AttemptTimeout time.Duration // 0: only the deadline bounds an attempt
	FanOut         int           // the most attempts of a call, the first included

	// Adaptive leaves to the controller how many attempts of FanOut there are to
	// be, and whether any; otherwise it is always all of them when due.
	Adaptive bool
	// Target is the share of calls that are to succeed: an adaptive plan has no
	// more attempts than that needs. Above 0 and below 1.
	Target float64
	// Within is the time from a call's arrival within which Target of the calls are to
	// be answered; at most the deadline. 0: the deadline is the only target.
	Within time.Duration
	// TrustUpstream says that losses are known to be exogenous: failing further
	// attempts do not stop hedging.
	TrustUpstream bool

	Mode     Mode
	Fixed    time.Duration // the stagger in mode Fixed
	Quantile float64       // in mode Quantile, above 0 and below 1
	Min, Max time.Duration // bounds of the stagger in modes Quantile and Auto; a Max of 0 is the deadline
	Initial  time.Duration // the stagger in these until enough has been observed; 0: a part of the deadline
}

// bound returns the stagger within its bounds, and the name of the bound that
// holds it there, if one does.
func (s *Settings) bound(stagger time.Duration) (time.Duration, string) {
	switch longest := s.longest(); {
	case stagger < s.Min:
		return s.Min, "stagger.min"
	case stagger > longest:
		return longest, "stagger.max"
	default:
		return stagger, ""
	}
}

// longest returns the upper bound of the stagger.
func (s *Settings) longest() time.Duration {
	if s.Max == 0 {
		return s.Deadline
	}
	return s.Max
}

// initial returns the stagger until enough has been observed.
func (s *Settings) initial() time.Duration {
	if s.Initial == 0 {
		return InitialStagger(s.Deadline)
	}
	return s.Initial
}

// InitialStagger returns the stagger until enough has been observed, where the policy
// does not say it: what is late beside the deadline, in most services.
func InitialStagger(deadline time.Duration) time.Duration { return deadline / cold }
