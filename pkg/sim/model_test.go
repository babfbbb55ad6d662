package sim

import (
	"testing"
	"time"
)

const modelDocument = `
name: model
calls: 400
rate: 400
daemons: 2
policy: {deadline: 100ms}
upstream:
  endpoints: 2
  latency: {lognormal: {median: 5ms, sigma: 0.4}}
  loss: {share: 0.1, silent: 0.5}
  queue: {slots: 4}
  hiccups: [{at: 100ms, length: 30ms}]
  changes: [{from: 300ms, to: 600ms, latency: 3, capacity: 0.5}, {from: 400ms, to: 500ms, endpoint: 1, capacity: 0.5}]
`

func loadModel(t *testing.T) Scenario {
	t.Helper()
	s, err := Load([]byte(modelDocument), "model.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// The calls and the fates are the simulator's own: a run of the same seed sends the
// same calls at the same instants to the same daemons, and they meet the same.
func TestModelIsWhatTheSimulatorPlays(t *testing.T) {
	s := loadModel(t)
	m, err := newSimulation(s, Options{Seed: 7})
	if err != nil {
		t.Fatal(err)
	}
	r := m.run(func() strategy { return staggered(1, 0) }, atRandom, m.calls)
	model := s.Model(7)
	calls, played := model.Calls(), 0
	inner := r.fate
	r.fate = func(call uint64, n int, endpoint uint16, now int64) (fate, int64) {
		what, took := inner(call, n, endpoint, now)
		if got := calls[call]; int64(got.At) != now || got.Daemon != daemonOf(7, call, 2) {
			t.Errorf("call %d is %+v, the simulator sends it at %v", call, got, time.Duration(now))
		}
		want := Outcome{Took: time.Duration(took), Failed: what == failing, Silent: what == silent}
		if got := model.Meet(call, n, int(endpoint), time.Duration(now)); got != want {
			t.Errorf("call %d meets %+v, in the simulator %+v", call, got, want)
		}
		played++
		return what, took
	}
	if err := r.play(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	if played != 400 || len(calls) != 400 {
		t.Errorf("%d calls were played and %d told of, want 400", played, len(calls))
	}
}

func TestModelSlotsFollowTheChanges(t *testing.T) {
	m := loadModel(t).Model(7)
	for _, want := range []struct {
		at    time.Duration
		slots int
	}{{0, 4}, {299 * time.Millisecond, 4}, {300 * time.Millisecond, 2}, {200 * time.Millisecond, 2}, {450 * time.Millisecond, 2}, {600 * time.Millisecond, 4}} {
		if got := m.Slots(1, want.at); got != want.slots {
			t.Errorf("%d slots when %v is asked for, want %d", got, want.at, want.slots)
		}
	}
}

func TestModelServesThroughHiccups(t *testing.T) {
	m := loadModel(t).Model(7)
	for _, want := range []struct{ begin, end time.Duration }{
		{80 * time.Millisecond, 90 * time.Millisecond},
		{95 * time.Millisecond, 135 * time.Millisecond},
		{110 * time.Millisecond, 140 * time.Millisecond},
		{130 * time.Millisecond, 140 * time.Millisecond},
	} {
		if got := m.Served(1, want.begin, 10*time.Millisecond); got != want.end {
			t.Errorf("10 ms from %v on end at %v, want %v", want.begin, got, want.end)
		}
	}
}
