package sim

// queue is the attempts at one endpoint that serves few at once.
type queue struct {
	busy    int   // slots in use
	waiting []job // from head on, first come first
	head    int
	alive   int // of those, the ones that nobody has given up
}

// job is an attempt in a queue.
type job struct {
	who     attemptID
	service int64
	failed  bool
}

// enter puts an attempt into the endpoint's queue, or sheds it.
func (r *run) enter(endpoint uint16, j job) {
	q, model := &r.fleet.queues[endpoint], r.fleet.model.Queue
	switch {
	case q.busy < r.fleet.at(endpoint).slots:
		r.serve(endpoint, j)
	case model.Limit > 0 && q.alive >= model.Limit:
		r.agenda.add(event{at: r.now + int64(model.Shed), what: result, who: j.who, failed: true})
	default:
		r.attempt(j.who).queued = true
		q.waiting = append(q.waiting, j)
		q.alive++
	}
}

func (r *run) serve(endpoint uint16, j job) {
	r.fleet.queues[endpoint].busy++
	if r.underWay(j.who) { // else it was given up, and nobody told the endpoint
		a := r.attempt(j.who)
		a.queued, a.serving = true, true
	}
	service := r.fleet.through(endpoint, r.now, j.service)
	r.agenda.add(event{at: r.now + service, what: leaving, who: j.who, endpoint: endpoint, failed: j.failed})
}

// leave frees the slot of an attempt that has been served, and hands its result on.
// Where cancelling is honoured an attempt that was given up has left before.
func (r *run) leave(e event) {
	known := r.underWay(e.who)
	if r.fleet.model.Queue.Cancel && !known {
		return
	}
	r.release(e.endpoint)
	if !known {
		return
	}
	a := r.attempt(e.who)
	a.queued, a.serving = false, false // also when the daemon sees it later
	e.what = result
	r.handle(e)
}

// release frees a slot and gives it to the next that waits.
func (r *run) release(endpoint uint16) {
	r.fleet.queues[endpoint].busy--
	r.fill(endpoint)
}

// fill gives free slots to those that wait.
func (r *run) fill(endpoint uint16) {
	q := &r.fleet.queues[endpoint]
	for q.busy < r.fleet.at(endpoint).slots && q.head < len(q.waiting) {
		j := q.waiting[q.head]
		q.head++
		if r.fleet.model.Queue.Cancel && !r.underWay(j.who) {
			continue
		}
		q.alive--
		r.serve(endpoint, j)
	}
	if q.head > len(q.waiting)/2 {
		q.waiting = q.waiting[:copy(q.waiting, q.waiting[q.head:])]
		q.head = 0
	}
}

// giveUp tells the endpoint of an attempt whose answer nobody wants any more.
func (r *run) giveUp(a *attempt) {
	q := r.fleet.model.Queue
	if q == nil || !q.Cancel || !a.queued {
		return
	}
	if a.serving {
		r.release(a.endpoint)
	} else {
		r.fleet.queues[a.endpoint].alive--
	}
}
