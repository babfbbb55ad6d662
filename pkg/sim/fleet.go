package sim

import "time"

// fleet is an upstream's endpoints in one run: what becomes of an attempt at one
// of them at an instant.
type fleet struct {
	model   *Upstream
	seed    uint64
	latency sampler
	random  source // of the attempt that is looked at

	// Of the changes that hold now.
	slower float64
	slots  int
	losses []Loss

	peaks  []peak // of each endpoint, or one of all
	queues []queue
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
	f.turn(0)
	return f
}

// turn takes up the changes that hold from now on.
func (f *fleet) turn(now int64) {
	f.slower, f.losses = 1, f.losses[:0]
	capacity := 1.0
	if f.model.Loss != nil {
		f.losses = append(f.losses, *f.model.Loss)
	}
	for _, c := range f.model.Changes {
		if now < int64(c.From) || c.To > 0 && now >= int64(c.To) {
			continue
		}
		if c.Latency > 0 {
			f.slower *= c.Latency
		}
		if c.Capacity > 0 {
			capacity *= c.Capacity
		}
		if c.Loss.Share > 0 {
			f.losses = append(f.losses, c.Loss)
		}
	}
	if q := f.model.Queue; q != nil {
		f.slots = int(float64(q.Slots)*capacity + 0.5)
	}
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
	took := int64(f.latency(&f.random) * f.slower)
	for i := range f.losses {
		if f.losses[i].takes(&lot) {
			return f.losses[i].kind(kind), took
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
