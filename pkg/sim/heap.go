package sim

// event is something that happens at an instant of virtual time.
type event struct {
	at       int64  // nanoseconds since the start
	turn     uint64 // of those at one instant
	who      attemptID
	what     kind
	endpoint uint16
	failed   bool // of a result: explicitly
}

// kind is what an event is.
type kind uint8

const (
	wake       kind = iota // of a call: a hedge or an attempt timeout may be due
	result                 // of an attempt: what it came to has arrived
	leaving                // of an attempt: a replica has finished it
	turning                // of the upstream: a change begins or ends
	ticking                // of the controllers
	editing                // of the policy
	restarting             // of daemons
	pausing                // of daemons: a pause begins
	resuming               // of a daemon: it may be over
	arriving               // of a call at a daemon that stood still
	expiring               // of a call whose deadline came while its daemon stood still
)

// agenda is what is going to happen, the next first; what happens at one instant
// does so in the order in which it was entered. It is a heap with four branches
// and holds values: nothing is allocated once it has grown.
type agenda struct {
	events  []event
	entered uint64
}

const branches = 4

func (a *agenda) add(e event) {
	a.entered++
	e.turn = a.entered
	a.events = append(a.events, e)
	i := len(a.events) - 1
	for i > 0 {
		up := (i - 1) / branches
		if !e.before(&a.events[up]) {
			break
		}
		a.events[i] = a.events[up]
		i = up
	}
	a.events[i] = e
}

// next is when the first event happens; never if there is none.
func (a *agenda) next() int64 {
	if len(a.events) == 0 {
		return never
	}
	return a.events[0].at
}

// take removes the first event, of which there must be one.
func (a *agenda) take() event {
	first := a.events[0]
	last := len(a.events) - 1
	e := a.events[last]
	a.events = a.events[:last]
	i := 0
	for {
		least, from := i, i*branches+1
		for k := from; k < min(from+branches, last); k++ {
			if least == i && a.events[k].before(&e) || least != i && a.events[k].before(&a.events[least]) {
				least = k
			}
		}
		if least == i {
			break
		}
		a.events[i] = a.events[least]
		i = least
	}
	if last > 0 {
		a.events[i] = e
	}
	return first
}

func (e *event) before(o *event) bool {
	return e.at < o.at || e.at == o.at && e.turn < o.turn
}
