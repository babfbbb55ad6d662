package sim

import (
	"slices"
	"time"
)

// fleet is an upstream's endpoints in one run: what becomes of an attempt at one
// of them at an instant.
type fleet struct {
	model   *Upstream
	seed    uint64
	latency sampler
	random  source // of the attempt that is looked at

	condition             // of all endpoints
	own       []condition // of each endpoint, where changes tell them apart

	peaks   []peak // of each endpoint, or one of all
	queues  []queue
	hiccups stops
}

// condition is what the changes that hold now make of an endpoint.
type condition struct {
	slower float64
	slots  int
	losses []Loss
}

// peak is the stretch of loss in the present period.
type peak struct {
	from, to int64
	until    int64 // the end of the period
}

func newFleet(model *Upstream, seed uint64) *fleet {
	f := &fleet{model: model, seed: seed}
	if model.recorded == nil {
		f.latency = model.Latency.sampler()
	}
	if p := model.Peaks; p != nil {
		f.peaks = make([]peak, 1)
		if p.Scope == OfEach {
			f.peaks = make([]peak, model.Endpoints)
		}
	}
	if model.Queue != nil {
		f.queues = make([]queue, model.Endpoints)
	}
	f.hiccups = stops{seed: seed, stream: hiccupStream}
	for _, h := range model.Hiccups {
		f.hiccups.each = append(f.hiccups.each, h.Stop)
	}
	if slices.ContainsFunc(model.Changes, func(c Change) bool { return c.Endpoint > 0 }) {
		f.own = make([]condition, model.Endpoints)
	}
	f.turn(0)
	return f
}

// turn takes up the changes that hold from now on.
func (f *fleet) turn(now int64) {
	f.condition.turn(f.model, now, 0)
	for i := range f.own {
		f.own[i].turn(f.model, now, i+1)
	}
}

// turn takes up the changes of all endpoints, and those of one, counted from 1.
func (c *condition) turn(model *Upstream, now int64, endpoint int) {
	c.slower, c.losses = 1, c.losses[:0]
	capacity := 1.0
	if model.Loss != nil {
		c.losses = append(c.losses, *model.Loss)
	}
	for _, g := range model.Changes {
		if now < int64(g.From) || g.To > 0 && now >= int64(g.To) || g.Endpoint > 0 && g.Endpoint != endpoint {
			continue
		}
		if g.Latency > 0 {
			c.slower *= g.Latency
		}
		if g.Capacity > 0 {
			capacity *= g.Capacity
		}
		if g.Loss.Share > 0 {
			c.losses = append(c.losses, g.Loss)
		}
	}
	if q := model.Queue; q != nil {
		c.slots = int(float64(q.Slots)*capacity + 0.5)
	}
}

// at is what holds for an endpoint now.
func (f *fleet) at(endpoint uint16) *condition {
	if f.own == nil {
		return &f.condition
	}
	return &f.own[endpoint]
}

// fate is what becomes of an attempt.
type fate uint8

const (
	answered fate = iota
	failing       // explicitly, when the answer was due
	silent        // never heard of
)

// fate draws what becomes of an attempt and how long that takes. It depends on the
// call, the attempt's number, the endpoint and the instant only.
func (f *fleet) fate(call uint64, n int, endpoint uint16, now int64) (fate, int64) {
	f.random = newSource(f.seed, fateStream, call, uint64(endpoint)<<8|uint64(n))
	lot, kind := f.random.float(), f.random.float()
	if f.model.recorded != nil {
		return f.model.recorded.fate(endpoint, now, lot)
	}
	is := f.at(endpoint)
	took := int64(f.latency(&f.random) * is.slower)
	if f.queues == nil { // else it is not known yet when the service begins
		took = f.through(endpoint, now, took)
	}
	for i := range is.losses {
		if is.losses[i].takes(&lot) {
			return is.losses[i].kind(kind), took
		}
	}
	if f.peaks != nil && f.peaking(endpoint, now) && f.model.Peaks.Loss.takes(&lot) {
		return f.model.Peaks.Loss.kind(kind), took
	}
	return answered, took
}

// takes reports whether the lot falls into the loss. If not, what is left of the
// lot is spread out again, so that the next loss can draw on it.
func (l *Loss) takes(lot *float64) bool {
	if *lot < l.Share {
		return true
	}
	*lot = (*lot - l.Share) / (1 - l.Share)
	return false
}

func (l *Loss) kind(lot float64) fate {
	if lot < l.Silent {
		return silent
	}
	return failing
}

// through returns how long something takes at an endpoint that would take so long if
// there were no hiccups: the endpoint does nothing in one.
func (f *fleet) through(endpoint uint16, now, took int64) int64 {
	if len(f.hiccups.each) == 0 {
		return took
	}
	at, left := now, took
	for {
		from, to := f.hiccup(endpoint, at)
		if from == never || at+left <= from {
			return at + left - now
		}
		left -= max(from-at, 0)
		at = to
	}
}

// hiccup returns the endpoint's first hiccup that ends after the instant.
func (f *fleet) hiccup(endpoint uint16, now int64) (from, to int64) {
	from, to = never, never
	for i, h := range f.model.Hiccups {
		if h.Endpoint > 0 && h.Endpoint != int(endpoint)+1 {
			continue
		}
		if begins, ends := f.hiccups.next(i, now); begins < from {
			from, to = begins, ends
		}
	}
	return from, to
}

// peaking reports whether the endpoint is in a peak. Instants come in order.
func (f *fleet) peaking(endpoint uint16, now int64) bool {
	which := int(endpoint) % len(f.peaks)
	p := &f.peaks[which]
	if now >= p.until {
		every, length := int64(f.model.Peaks.Every), int64(f.model.Peaks.Length)
		period := now / every
		place := newSource(f.seed, peakStream, uint64(which), uint64(period))
		p.from = period*every + int64(place.float()*float64(every-length))
		p.to, p.until = p.from+length, (period+1)*every
	}
	return now >= p.from && now < p.to
}

// edges returns the instants at which changes begin and end.
func (f *fleet) edges() []time.Duration {
	var at []time.Duration
	for _, c := range f.model.Changes {
		at = append(at, c.From)
		if c.To > 0 {
			at = append(at, c.To)
		}
	}
	return at
}
