package sim

import (
	"testing"
	"time"
)

func TestNothingIsDoneInAHiccup(t *testing.T) {
	u := &Upstream{Endpoints: 3, Latency: Latency{Constant: new(ms)}, Hiccups: []Hiccup{
		{Stop: Stop{At: 100 * ms, Length: 30 * ms}},
		{Stop: Stop{At: 150 * ms, Length: 10 * ms}},
		{Stop: Stop{At: 120 * ms, Length: 20 * ms}, Endpoint: 2},
	}}
	f := func(endpoint uint16, now, took, want time.Duration) {
		t.Helper()
		if got := time.Duration(newFleet(u, 1).through(endpoint, int64(now), int64(took))); got != want {
			t.Errorf("endpoint %d at %v: what takes %v takes %v, want %v", endpoint, now, took, got, want)
		}
	}
	f(0, 50*ms, 10*ms, 10*ms)
	f(0, 90*ms, 10*ms, 10*ms) // it is answered as the hiccup begins
	f(0, 95*ms, 10*ms, 40*ms)
	f(0, 100*ms, 10*ms, 40*ms)
	f(0, 110*ms, 10*ms, 30*ms)
	f(0, 130*ms, 10*ms, 10*ms)
	f(0, 95*ms, 30*ms, 70*ms) // two of them
	f(0, 200*ms, 10*ms, 10*ms)
	f(1, 95*ms, 10*ms, 50*ms) // its own goes on where the other ends
	f(1, 125*ms, 10*ms, 25*ms)
	f(2, 125*ms, 10*ms, 15*ms)
}

// All attempts in flight are late together, in a queue too.
func TestHiccups(t *testing.T) {
	f := func(what string, change func(u *Upstream), late int) {
		t.Helper()
		s := steady(t, "1s", "")
		change(&s.Upstream)
		r := played(t, s, atRandom, alone)
		if got := longer(r, 5*ms); got < late-12 || got > late+12 {
			t.Errorf("%s: %d calls took longer, want about %d", what, got, late)
		}
		if len(r.tally.answers) != 1000 {
			t.Errorf("%s: %d calls were answered", what, len(r.tally.answers))
		}
	}
	once := Hiccup{Stop: Stop{At: 200 * ms, Length: 30 * ms}}
	often := Hiccup{Stop: Stop{Every: 200 * ms, Length: 30 * ms}}
	own := Hiccup{Stop: Stop{At: 200 * ms, Length: 100 * ms}, Endpoint: 2}
	f("none", func(*Upstream) {}, 0)
	f("one", func(u *Upstream) { u.Hiccups = []Hiccup{once} }, 35)
	f("one in each period", func(u *Upstream) { u.Hiccups = []Hiccup{often} }, 5*35)
	f("of one endpoint", func(u *Upstream) { u.Hiccups = []Hiccup{own} }, 52)
	f("with a queue", func(u *Upstream) { u.Hiccups, u.Queue = []Hiccup{once}, &Queue{Slots: 1000} }, 35)
}

// A change of one endpoint is none of the others.
func TestEndpointsDiffer(t *testing.T) {
	s := load(t, `
name: differ
calls: 10
rate: 100
policy: {deadline: 1s}
upstream:
  endpoints: 3
  latency: {constant: 5ms}
  queue: {slots: 4}
  changes:
    - {endpoint: 2, latency: 4, capacity: 0.5}
    - {endpoint: 3, from: 1s, to: 2s, loss: {share: 1}}
    - {from: 3s, latency: 2}
`)
	f := newFleet(&s.Upstream, 1)
	at := func(now time.Duration, endpoint uint16, took time.Duration, what fate, slots int) {
		t.Helper()
		f.turn(int64(now))
		gotWhat, gotTook := f.fate(1, 1, endpoint, int64(now))
		if gotWhat != what || gotTook != int64(took) || f.at(endpoint).slots != slots {
			t.Errorf("endpoint %d at %v: %v after %v with %d slots", endpoint+1, now, gotWhat, time.Duration(gotTook), f.at(endpoint).slots)
		}
	}
	at(0, 0, 5*ms, answered, 4)
	at(0, 1, 20*ms, answered, 2)
	at(0, 2, 5*ms, answered, 4)
	at(time.Second, 0, 5*ms, answered, 4)
	at(time.Second, 2, 5*ms, failing, 4)
	at(2*time.Second, 2, 5*ms, answered, 4)
	at(3*time.Second, 0, 10*ms, answered, 4)
	at(3*time.Second, 1, 40*ms, answered, 2)

	// What holds all the time is how the upstream is, and not a disturbance.
	first, last, ok := s.disturbed()
	if !ok || first != time.Second || last != 3*time.Second {
		t.Errorf("disturbed from %v to %v: %v", first, last, ok)
	}
	if calm := s.calm(); len(calm.Upstream.Changes) != 1 || calm.Upstream.Changes[0].Endpoint != 2 {
		t.Errorf("calm, its changes are %+v", calm.Upstream.Changes)
	}
	s.Upstream.Changes = s.Upstream.Changes[:1]
	if _, _, ok := s.disturbed(); ok {
		t.Error("an endpoint that is slow all the time is a disturbance")
	}
}
