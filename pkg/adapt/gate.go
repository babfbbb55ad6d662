package adapt

import "time"

const (
	gradientOpen   = 1.3 // up to which the gate is wide open
	gradientShut   = 1.9 // above which it is shut
	gradientResume = 1.6
	efficacyShut   = 0.45 // below which further attempts only add to what ails the upstream
	efficacyResume = 0.6
	resumeAfter    = 300 * time.Millisecond
	holdShortest   = 500 * time.Millisecond
	holdLongest    = 30 * time.Second
	soon           = 10 * time.Second // after opening: a trip within it makes the hold longer
	opening        = 0.02             // a tick, after saturation

	slots     = 6 // of the least median
	slotLasts = 10 * time.Second

	calmFor   = 5 * time.Second // after which a slower upstream is the new normal
	calmRange = 1.2             // within which its median stays for so long
)

// gate decides whether it is wise to hedge at all. Hiccups move the 99th
// percentile, saturation moves the median: the gradient is the median over the
// least one of the last minute.
type gate struct {
	least    [slots]time.Duration // by slot; the first is the present one
	began    time.Time            // of the present slot
	gradient float64              // smoothed by halves
	rise     float64              // what is left of the opening after saturation, 0 to 1

	shut     State         // why it is shut; "" is open
	since    time.Time     // when it shut
	hold     time.Duration // how long it stays shut at least
	opened   time.Time     // when it last opened
	queued   bool          // whether it shut because requests queued
	suspect  bool          // whether they have since hedges were last seen to help
	good     time.Time     // since when the conditions to open are met; zero: they are not
	settling time.Time     // since when the median stays where it is
	settled  time.Duration // where it stays
}

// signs are what a tick tells the gate.
type signs struct {
	now      time.Time
	median   time.Duration // of what was answered last; 0: not known
	floor    time.Duration // of enough answers to be taken for the least
	efficacy float64
	trust    bool // failing further attempts do not shut it
	losing   bool // calls miss, or attempts are lost beyond the usual
	pushed   bool // the upstream asked to be left alone
}

// open returns how wide the gate is open, 0 to 1.
func (g *gate) open() float64 {
	if g.shut != "" {
		return 0
	}
	return min(g.rise, max(0, (gradientShut-g.gradient)/(gradientShut-gradientOpen)), 1)
}

// calm returns how sure it is that nothing queues, 0 to 1.
func (g *gate) calm() float64 {
	return min(1, max(0, (gradientResume-g.gradient)/(gradientResume-gradientOpen)))
}

func (g *gate) follow(s signs) {
	if g.began.IsZero() {
		g.began, g.gradient, g.rise = s.now, 1, 1
	}
	if s.median > 0 && s.floor > 0 {
		g.measure(s)
	}
	switch {
	case s.pushed:
		g.trip(OverloadHold, s.now)
	case g.gradient > gradientShut:
		g.trip(OverloadQueueing, s.now)
	case s.efficacy < efficacyShut && !s.trust:
		g.trip(OverloadCorrelated, s.now)
	case g.shut != "":
		g.resume(s)
	}
}

// measure follows the median.
func (g *gate) measure(s signs) {
	if s.now.Sub(g.began) >= slots*slotLasts { // idle for so long
		g.least, g.began = [slots]time.Duration{}, s.now
	}
	for ; s.now.Sub(g.began) >= slotLasts; g.began = g.began.Add(slotLasts) {
		copy(g.least[1:], g.least[:slots-1])
		g.least[0] = 0
	}
	if g.least[0] == 0 || s.floor < g.least[0] {
		g.least[0] = s.floor
	}
	g.gradient = (g.gradient + float64(s.median)/float64(g.floor())) / 2
	if g.gradient > gradientShut {
		g.rise /= 2
	} else {
		g.rise = min(g.rise+opening, 1)
	}
	g.settle(s)
}

// floor returns the least median of the last minute.
func (g *gate) floor() time.Duration {
	least := g.least[0]
	for _, l := range g.least[1:] {
		if l > 0 && l < least {
			least = l
		}
	}
	return least
}

// settle takes a slower upstream for the new normal once it has been calm, with
// nothing lost, for a while.
func (g *gate) settle(s signs) {
	ratio := float64(s.median) / float64(max(g.settled, 1))
	if s.losing || ratio > calmRange || ratio < 1/calmRange {
		g.settled, g.settling = s.median, s.now
		return
	}
	if g.gradient <= gradientOpen || s.now.Sub(g.settling) < calmFor {
		return
	}
	g.least = [slots]time.Duration{s.median}
	g.began, g.gradient, g.rise = s.now, 1, opening
	g.shut, g.queued, g.suspect = "", false, false
}

func (g *gate) trip(why State, now time.Time) {
	if g.shut == "" {
		switch {
		case why == OverloadCorrelated:
			g.hold = resumeAfter
		case !g.opened.IsZero() && now.Sub(g.opened) < max(2*g.hold, soon):
			g.hold = min(2*g.hold, holdLongest)
		default:
			g.hold = holdShortest
		}
		g.since = now
	}
	if why != OverloadHold || g.shut == "" {
		g.shut = why
	}
	if why == OverloadQueueing {
		g.queued, g.suspect = true, true
	}
	g.good = time.Time{}
}

// resume opens the gate when the upstream has been well for long enough.
func (g *gate) resume(s signs) {
	if g.gradient >= gradientResume || s.efficacy < efficacyResume && !s.trust {
		g.good = time.Time{}
		return
	}
	if g.good.IsZero() {
		g.good = s.now
	}
	if s.now.Sub(g.good) >= resumeAfter && s.now.Sub(g.since) >= g.hold {
		g.shut, g.opened = "", s.now
		if g.queued {
			g.queued, g.rise = false, opening
		}
		return
	}
	g.shut = OverloadHold
}
