package adapt

import (
	"math"
	"math/bits"
	"time"
)

// Latencies are counted in buckets that grow by the same factor: 16 to each
// doubling, from 50 µs to 105 s.
const (
	octaves   = 21
	perOctave = 16
	buckets   = octaves * perOctave
	shortest  = 50 * time.Microsecond
)

// stepTable[j] is the lower edge, in nanoseconds, of bucket j of the first octave;
// those of the later ones are exact doublings of it.
var stepTable = func() (s [perOctave]uint64) {
	for j := range s {
		s[j] = uint64(math.Ceil(float64(shortest) * math.Exp2(float64(j)/perOctave)))
	}
	return s
}()

// edge returns the lower edge of bucket i, which is the upper edge of the one
// before. The first bucket also holds what is shorter, the last what is longer.
func edge(i int) time.Duration {
	return time.Duration(stepTable[i%perOctave] << (i / perOctave))
}

// edgeTable holds the edges of all buckets, for those who look many up.
var edgeTable = func() (e [buckets + 1]time.Duration) {
	for i := range e {
		e[i] = edge(i)
	}
	return e
}()

// bucketOf returns the bucket that a latency falls into.
func bucketOf(d time.Duration) int {
	if d < shortest {
		return 0
	}
	octave := bits.Len64(uint64(d/shortest)) - 1
	if octave >= octaves {
		return buckets - 1
	}
	mantissa := uint64(d) >> octave
	j := 0
	for half := perOctave / 2; half > 0; half /= 2 {
		if mantissa >= stepTable[j+half] {
			j += half
		}
	}
	return octave*perOctave + j
}
