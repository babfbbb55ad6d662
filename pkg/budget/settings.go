package budget

// Settings say how many further attempts a budget earns. A budget that can earn
// nothing, as the zero value, refuses every take.
type Settings struct {
	// Percent is the share of calls that further attempts may add: 10 earns one
	// token in ten calls, 700 pays for a fan-out of 8 all at once. Negative
	// counts as 0.
	Percent float64
	// MinPerSecond is what is earned in a second however few calls there are.
	// Negative counts as 0.
	MinPerSecond float64
}

// share returns the tokens that one call earns.
func (s Settings) share() float64 { return max(s.Percent, 0) / 100 }

// floor returns the tokens that one second earns at least.
func (s Settings) floor() float64 { return max(s.MinPerSecond, 0) }

// earned returns what a slot of so many calls and seconds earns.
func (s Settings) earned(calls, seconds float64) float64 {
	return max(s.share()*calls, s.floor()*seconds)
}

// capacity returns the largest stock at so many calls a second.
func (s Settings) capacity(rate float64) float64 {
	if s.share() == 0 && s.floor() == 0 {
		return 0
	}
	return max(leastCapacity, s.earned(rate*burst.Seconds(), burst.Seconds()))
}
