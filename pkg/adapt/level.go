package adapt

import "time"

// slots is in how many parts the time is divided in which the least median is looked for.
const slots = 6

// level follows the median latency, and tells how surely it has moved lately: an upstream
// whose requests queue is slower as a whole, and so is one that has a slow spell of
// another cause. Which of the two it is only the evidence of hedges tells.
type level struct {
	least   [slots]time.Duration // the least median by slot; the first is the present one
	began   time.Time            // of the present slot
	ratio   float64              // the median ÷ the least one, smoothed over ticks by halves
	highest float64              // its highest value of late
	looked  time.Time            // when that was last found
	settled time.Duration        // where the median stays
	since   time.Time            // since when it does
	renewed time.Time            // when a slower one was last taken for the new normal
	before  time.Duration        // the least median until then
}

// follow takes up the present median, and that of a longer time, which is less noisy, and
// whether hedges do worse than first attempts.
func (l *level) follow(median, usual, deadline time.Duration, harmed bool, now time.Time) {
	if median <= 0 || usual <= 0 {
		return
	}
	if l.began.IsZero() {
		*l = level{began: now, looked: now, ratio: 1, highest: 1, since: now}
	}
	least := l.lowest(min(usual, deadline), now)
	l.ratio = (l.ratio + min(float64(median)/float64(least), ratioMost)) / 2
	l.highest = max(l.ratio, 1+(l.highest-1)*decay(max(now.Sub(l.looked), 0), movedFor))
	l.looked = now
	l.settle(median, deadline, harmed, now)
}

// moved returns from 0 to 1 how surely the median has moved lately.
func (l *level) moved() float64 { return clamp((l.highest - ratioCalm) / (ratioMoved - ratioCalm)) }

// lowest returns the least median of late, the given one included.
func (l *level) lowest(usual time.Duration, now time.Time) time.Duration {
	if now.Sub(l.began) >= slots*movedFor { // nothing was seen for so long
		l.least, l.began = [slots]time.Duration{}, now
	}
	for ; now.Sub(l.began) >= movedFor; l.began = l.began.Add(movedFor) {
		copy(l.least[1:], l.least[:slots-1])
		l.least[0] = 0
	}
	if l.least[0] == 0 || usual < l.least[0] {
		l.least[0] = usual
	}
	lowest := l.least[0]
	for _, m := range l.least[1:] {
		if m > 0 {
			lowest = min(lowest, m)
		}
	}
	return lowest
}

// settle takes a median that stays where it is for the new normal, and a move for over
// once it stays where it was. One at the deadline is neither: hardly anything is answered.
func (l *level) settle(median, deadline time.Duration, harmed bool, now time.Time) {
	change := float64(median) / float64(max(l.settled, 1))
	if median >= deadline || change > ratioCalm || change < 1/ratioCalm {
		l.settled, l.since = median, now
		return
	}
	switch {
	case now.Sub(l.since) < settleFor:
	case l.ratio > ratioCalm && harmed && now.Sub(l.since) < movedFor: // Hedging may be what keeps the median high.
	case l.ratio > ratioCalm:
		l.renewed, l.before = now, l.lowest(median, now)
		l.least, l.began, l.ratio = [slots]time.Duration{median}, now, 1
	case now.Sub(l.renewed) >= movedFor || float64(median) <= ratioCalm*float64(l.before):
		l.highest = l.ratio // Soon after a new normal the cause of the move is still unknown, so that this waits.
	}
}
