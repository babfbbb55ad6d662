package sim

import (
	"math"
	"math/bits"
	"time"
)

const (
	digestOctaves = 40                     // from a microsecond to twelve days
	digestSteps   = 32                     // to a doubling
	digestMemory  = 30 * time.Second       // time constant with which it forgets
	digestEnough  = 50.0                   // samples without which it knows nothing
	tickEvery     = 100 * time.Millisecond // of all strategies, as of the daemon's controllers
)

// digest is a histogram of latencies that forgets.
type digest struct {
	counts [digestOctaves * digestSteps]float64
	total  float64
}

func (d *digest) add(latency time.Duration) {
	micros := max(uint64(latency/time.Microsecond), 1)
	octave := bits.Len64(micros) - 1
	step := int(float64(digestSteps) * (float64(micros)/float64(uint64(1)<<octave) - 1))
	d.counts[min(octave, digestOctaves-1)*digestSteps+step]++
	d.total++
}

// fade forgets what a tick forgets.
func (d *digest) fade() {
	kept := math.Exp(-tickEvery.Seconds() / digestMemory.Seconds())
	for i := range d.counts {
		d.counts[i] *= kept
	}
	d.total *= kept
}

// quantile returns the latency that a share of the samples do not exceed. It is not
// ok while there are few.
func (d *digest) quantile(share float64) (latency time.Duration, ok bool) {
	if d.total < digestEnough {
		return 0, false
	}
	left := share * d.total
	for i, n := range &d.counts {
		if left -= n; left <= 0 {
			octave, step := i/digestSteps, i%digestSteps
			micros := math.Exp2(float64(octave)) * (1 + float64(step+1)/digestSteps)
			return time.Duration(micros * float64(time.Microsecond)), true
		}
	}
	return 0, false
}
