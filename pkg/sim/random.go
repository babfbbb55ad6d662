package sim

import "math"

// The random streams of a run. Each kind of draw has its own, and all but the
// arrivals' are keyed by what they are drawn for: so every strategy meets the same
// arrivals, and an attempt of the same call, number and endpoint the same fate.
const (
	arrivalStream uint64 = iota + 1
	fateStream
	pickStream
	drawStream
	peakStream
	daemonStream
	hiccupStream
	pauseStream
)

// source is a stream of random numbers: splitmix64 (Steele, Lea, Flood 2014), whose
// state is one word, so that a stream for each attempt costs nothing.
type source uint64

// newSource returns the stream of a kind that belongs to a pair of numbers.
func newSource(seed, kind, a, b uint64) source {
	return source(scramble(scramble(scramble(seed^kind*0xd1342543de82ef95)+a) + b))
}

func scramble(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

func (s *source) next() uint64 {
	x := scramble(uint64(*s))
	*s += 0x9e3779b97f4a7c15
	return x
}

// float returns a number above 0 and below 1.
func (s *source) float() float64 { return (float64(s.next()>>11) + 0.5) / (1 << 53) }

// below returns a whole number from 0 to n-1.
func (s *source) below(n int) int { return int(s.float() * float64(n)) }

// exponential returns a number of mean 1.
func (s *source) exponential() float64 { return -math.Log(s.float()) }

// normal returns a number of mean 0 and deviation 1.
func (s *source) normal() float64 { return math.Sqrt2 * math.Erfinv(2*s.float()-1) }
