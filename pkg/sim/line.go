package sim

// line is a queue of calls with the instants at which their deadline comes, which
// are in order: cheaper than a place on the agenda, which few would ever need.
type line struct {
	entries []expiry
	head    int
}

type expiry struct {
	at   int64
	call int32
	life uint32
}

func (l *line) add(e expiry) {
	if l.head > 1024 && l.head > len(l.entries)/2 {
		l.entries = l.entries[:copy(l.entries, l.entries[l.head:])]
		l.head = 0
	}
	l.entries = append(l.entries, e)
}

// next is when the first deadline comes; never if there is none.
func (l *line) next() int64 {
	if l.head == len(l.entries) {
		return never
	}
	return l.entries[l.head].at
}

// take removes the first, of which there must be one.
func (l *line) take() expiry {
	l.head++
	return l.entries[l.head-1]
}
