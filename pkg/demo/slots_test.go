package demo

import (
	"context"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"hedged.dev/hedged/pkg/sim"
)

// line plays attempts that arrive at instants through slots, each of which takes a
// service of 10 ms, and returns when each service begins; -1: it was shed.
func line(t *testing.T, s *slots, arrivals ...time.Duration) []time.Duration {
	t.Helper()
	start, begins := time.Now(), make([]time.Duration, len(arrivals))
	var attempts sync.WaitGroup
	for i, at := range arrivals {
		wait(t.Context(), at-time.Since(start))
		synctest.Wait() // those before have entered
		attempts.Go(func() {
			begin, met := s.enter(t.Context(), at)
			if begins[i] = begin; met != served {
				begins[i] = -1
				return
			}
			// The machine is late: no service may begin later for that.
			wait(t.Context(), begin+13*ms-time.Since(start))
			s.leave(begin + 10*ms)
		})
	}
	attempts.Wait()
	return begins
}

func TestSlotsServeInOrderOfArrivalAtTheModelsPace(t *testing.T) {
	two := func(time.Duration) int { return 2 }
	more := func(at time.Duration) int {
		if at >= 15*ms {
			return 3
		}
		return 1
	}
	for _, c := range []struct {
		name           string
		slots          *slots
		arrivals, want []time.Duration
	}{
		{"a line", &slots{count: two}, []time.Duration{0, 0, 0, 5 * ms, 5 * ms, 100 * ms}, []time.Duration{0, 0, 10 * ms, 10 * ms, 20 * ms, 100 * ms}},
		{"a limit", &slots{count: two, queue: sim.Queue{Limit: 1}}, []time.Duration{0, 0, 1 * ms, 2 * ms}, []time.Duration{0, 0, 10 * ms, -1}},
		{"more slots", &slots{count: more}, []time.Duration{0, 0, 0, 16 * ms}, []time.Duration{0, 10 * ms, 16 * ms, 16 * ms}},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				if got := line(t, c.slots, c.arrivals...); !slices.Equal(got, c.want) {
					t.Errorf("services begin at %v, want %v", got, c.want)
				}
			})
		})
	}
}

func TestSlotsForgetThoseWhoAreGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &slots{count: func(time.Duration) int { return 1 }}
		s.enter(t.Context(), 0)
		ctx, cancel := context.WithCancel(t.Context())
		left := make(chan fate)
		go func() {
			_, met := s.enter(ctx, 1*ms)
			left <- met
		}()
		synctest.Wait()
		cancel()
		if met := <-left; met != gone {
			t.Errorf("who gave up met %d", met)
		}
		s.leave(10 * ms)
		if begin, met := s.enter(t.Context(), 20*ms); met != served || begin != 20*ms {
			t.Errorf("the next met %d at %v: the one who is gone has kept the slot", met, begin)
		}
	})
}
