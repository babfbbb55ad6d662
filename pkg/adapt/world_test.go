package adapt

import (
	"container/heap"
	"math"
	"math/rand/v2"
	"time"

	"hedged.dev/hedged/pkg/budget"
	"hedged.dev/hedged/pkg/hedge"
)

const ms = time.Millisecond

// world is an upstream in virtual time, and calls that follow a controller's plans. Each
// call is a hedge.Race, so that the rules of hedging are those of the engine.
type world struct {
	*Controller
	budget   *budget.Budget
	settings Settings
	random   *rand.Rand
	rate     float64 // calls a second

	// answer returns how long an attempt that is launched at that instant takes, and
	// what it comes to: Success, Failure, or Expired for one that is never answered.
	answer func(at time.Duration) (time.Duration, Kind)
	// lost is told of first attempts and hedges that were cancelled; nil has them observed
	// as they are.
	lost func(t hedge.Trigger, age time.Duration)
	// ticked, if set, is called after each tick.
	ticked func()

	now, tick, arrival time.Duration // since the epoch: the present, the next tick and call
	held               time.Duration // until when the upstream answers nothing
	calls              agenda        // under way
	tally
}

// tally is what came of calls.
type tally struct {
	begun, hedges, retries, answered, ended int
	latency                                 []time.Duration // of those answered
}

func (t *tally) load() float64    { return float64(t.hedges+t.retries) / float64(t.begun) }
func (t *tally) success() float64 { return float64(t.answered) / float64(t.ended) }

// tick is the usual time between ticks.
const tick = 100 * time.Millisecond

// meet puts a controller that has learned nothing before an upstream with nothing wrong.
func meet(s Settings, percent float64, seed uint64) *world {
	b := budget.New(budget.Settings{Percent: percent}, epoch)
	w := &world{Controller: New(s, b), budget: b, settings: s, random: rand.New(rand.NewPCG(seed, 5)), rate: 500, tick: tick}
	w.answer = w.heavy(10*ms, 0, 0)
	return w
}

// heavy is an upstream whose latency is lognormal, and for a share of attempts longer by extra.
func (w *world) heavy(median time.Duration, share float64, extra time.Duration) func(time.Duration) (time.Duration, Kind) {
	return func(time.Duration) (time.Duration, Kind) {
		d := time.Duration(float64(median) * math.Exp(0.3*w.random.NormFloat64()))
		if w.random.Float64() < share {
			d += extra
		}
		return d, Success
	}
}

// lossy is an upstream that leaves a share of attempts unanswered and fails another at once.
func (w *world) lossy(median time.Duration, silent, failing float64) func(time.Duration) (time.Duration, Kind) {
	sound := w.heavy(median, 0, 0)
	return func(at time.Duration) (time.Duration, Kind) {
		switch lot := w.random.Float64(); {
		case lot < silent:
			return hedge.Forever, Expired
		case lot < silent+failing:
			return median / 4, Failure
		}
		return sound(at)
	}
}

// queue is an upstream of so many workers that serve attempts in order of arrival, even
// those that were cancelled.
func (w *world) queue(workers int, service time.Duration) func(time.Duration) (time.Duration, Kind) {
	free := make([]time.Duration, workers)
	return func(at time.Duration) (time.Duration, Kind) {
		least := 0
		for i, f := range free {
			if f < free[least] {
				least = i
			}
		}
		free[least] = max(free[least], at) + time.Duration(float64(service)*w.random.ExpFloat64())
		return free[least] - at, Success
	}
}

// call is one call under way. Instants are since its begin, as the race has them.
type call struct {
	race    hedge.Race
	plan    *Plan
	begun   time.Duration // since the epoch
	due     time.Duration // since the epoch: when something happens next
	results [hedge.MaxFanOut]result
}

// result is what an attempt comes to, and when.
type result struct {
	at   time.Duration
	kind Kind
}

// agenda is a heap of calls by when something happens next.
type agenda []*call

func (a agenda) Len() int           { return len(a) }
func (a agenda) Less(i, j int) bool { return a[i].due < a[j].due }
func (a agenda) Swap(i, j int)      { a[i], a[j] = a[j], a[i] }
func (a *agenda) Push(x any)        { *a = append(*a, x.(*call)) }
func (a *agenda) Pop() any {
	last := len(*a) - 1
	c := (*a)[last]
	*a = (*a)[:last]
	return c
}

// run lets time pass and returns what came of the calls meanwhile.
func (w *world) run(d time.Duration) tally {
	w.tally = tally{}
	end := w.now + d
	w.arrival = w.next(w.now)
	for {
		due := hedge.Forever
		if len(w.calls) > 0 {
			due = w.calls[0].due
		}
		at := min(due, w.arrival, w.tick)
		if at > end {
			w.now = max(w.now, end)
			return w.tally
		}
		w.now = max(w.now, at) // what a pause has delayed happens now
		switch at {
		case due:
			w.advance(heap.Pop(&w.calls).(*call))
		case w.arrival:
			w.arrival = w.next(w.now)
			w.begun++
			c := &call{plan: w.Begin(), begun: w.now}
			c.race.Start(&c.plan.Plan, w.settings.Deadline)
			w.advance(c)
		default:
			w.Tick(epoch.Add(w.now))
			w.tick = w.now + tick
			if w.ticked != nil {
				w.ticked()
			}
			if w.rate == 0 && len(w.calls) == 0 {
				w.tick = max(w.tick, end) // ticks of silence find nothing
			}
		}
	}
}

// next returns when the next call begins.
func (w *world) next(now time.Duration) time.Duration {
	if w.rate == 0 {
		return hedge.Forever
	}
	return now + time.Duration(w.random.ExpFloat64()/w.rate*1e9)
}

// quiet lets time pass without calls.
func (w *world) quiet(d time.Duration) {
	rate := w.rate
	w.rate = 0
	w.run(d)
	w.rate = rate
}

// pause stops the daemon's clock: what would have happened meanwhile happens afterwards.
func (w *world) pause(d time.Duration) { w.now += d }

// hiccup has the upstream answer nothing for so long, and then all at once.
func (w *world) hiccup(d time.Duration) {
	w.held = w.now + d
	for _, c := range w.calls {
		for i := range c.race.Launched() {
			if r := &c.results[i]; r.at < hedge.Forever {
				r.at = max(r.at, w.held-c.begun)
			}
		}
		c.due = c.next()
	}
	heap.Init(&w.calls)
}

// next returns when something happens to the call.
func (c *call) next() time.Duration {
	due := c.race.Wake()
	for i := range c.race.Launched() {
		if c.race.Running(i + 1) {
			due = min(due, c.results[i].at)
		}
	}
	return c.begun + due
}

// advance lets the present happen to a call.
func (w *world) advance(c *call) {
	now := w.now - c.begun
	for n := 1; n <= c.race.Launched(); n++ {
		if r := c.results[n-1]; c.race.Running(n) && r.at <= now {
			w.settle(c, n, r.kind, now)
		}
	}
	for {
		switch a := c.race.Next(now); a.Kind {
		case hedge.Launch:
			w.launch(c, a.Ask, now)
		case hedge.Cancel:
			w.cancelled(c, a, now)
		case hedge.Finish:
			w.ended++
			return
		case hedge.Wait:
			c.due = c.next()
			heap.Push(&w.calls, c)
			return
		}
	}
}

func (w *world) launch(c *call, a hedge.Ask, now time.Duration) {
	if a.Trigger != hedge.Initial {
		if reason := w.Admit(c.plan, a, w.random.Float64(), epoch.Add(w.now)); reason != hedge.Admitted {
			c.race.Refuse(reason)
			return
		}
	}
	switch a.Trigger {
	case hedge.Stagger:
		w.hedges++
	case hedge.Failure:
		w.retries++
	}
	c.race.Launch(now)
	takes, kind := w.answer(w.now)
	at := hedge.Forever
	if takes < hedge.Forever {
		at = max(now+takes, w.held-c.begun)
	}
	c.results[a.Number-1] = result{at, kind}
}

func (w *world) settle(c *call, n int, k Kind, now time.Duration) {
	verdict := hedge.Accepted
	if k == Failure {
		verdict = hedge.NonFatal
	}
	if _, ok := c.race.Answer(now, n, hedge.Answer{Verdict: verdict}); !ok {
		return
	}
	w.Observe(c.race.Trigger(n), k, now-c.race.Started(n))
	if k == Success {
		w.answered++
		w.latency = append(w.latency, now)
	}
}

func (w *world) cancelled(c *call, a hedge.Action, now time.Duration) {
	t, age := c.race.Trigger(a.Ask.Number), now-c.race.Started(a.Ask.Number)
	switch {
	case a.End == hedge.TimedOut:
		w.Observe(t, Expired, age)
	case w.lost != nil:
		w.lost(t, age)
	default:
		w.Observe(t, Censored, age)
	}
}
