package sim

// stops are stretches of several things in which these stand still. Those that come back
// have their places drawn from a stream of their own.
type stops struct {
	each   []Stop
	seed   uint64
	stream uint64
}

// next returns the first stretch of one of them that ends after the instant; never and
// never if there is none.
func (s *stops) next(which int, now int64) (from, to int64) {
	one := &s.each[which]
	if one.Every == 0 {
		if from, to = int64(one.At), int64(one.At+one.Length); to <= now {
			return never, never
		}
		return from, to
	}
	every, length := int64(one.Every), int64(one.Length)
	for period := now / every; ; period++ {
		place := newSource(s.seed, s.stream, uint64(which), uint64(period))
		from = period*every + int64(place.float()*float64(every-length))
		if to = from + length; to > now {
			return from, to
		}
	}
}
