package demo

import (
	"testing"
	"time"
)

// fanOuts are plans with these fan-outs, one a second from 0 on.
func fanOuts(counts ...int) []planned {
	plans := make([]planned, len(counts))
	for i, n := range counts {
		plans[i] = planned{at: time.Duration(i) * time.Second, plan: plan{FanOut: n}}
	}
	return plans
}

func TestFollow(t *testing.T) {
	trouble := peak{from: 4 * time.Second, to: 8 * time.Second}
	f := func(what string, plans []planned, want following, text string) {
		t.Helper()
		got := follow(plans, trouble)
		if got != want {
			t.Errorf("%s: %+v, want %+v", what, got, want)
		}
		if got.text() != text {
			t.Errorf("%s: %q, want %q", what, got.text(), text)
		}
	}
	f("up and down", fanOuts(1, 1, 2, 1, 1, 3, 4, 4, 4, 3, 1, 1),
		following{before: 1, during: 4, up: 2 * time.Second, down: 2 * time.Second, changes: 6, turns: 3},
		"fan-out 1 → 4, up after 2.0 s, down 2.0 s after the end; changes: 6, turns: 3")
	f("at once", fanOuts(2, 2, 2, 2, 3, 3, 3, 3, 2, 2),
		following{before: 2, during: 3, changes: 2, turns: 1},
		"fan-out 2 → 3, up after 0.0 s, down 0.0 s after the end; changes: 2, turns: 1")
	f("not at all", fanOuts(2, 2, 2, 2, 2, 2, 2, 2, 2, 2),
		following{before: 2, during: 2, up: never},
		"fan-out 2 → 2, never up, down 0.0 s after the end; changes: 0, turns: 0")
	f("never down", fanOuts(1, 1, 1, 1, 1, 2, 3, 3, 3, 3),
		following{before: 1, during: 3, up: 2 * time.Second, down: never, changes: 2},
		"fan-out 1 → 3, up after 2.0 s, never down; changes: 2, turns: 0")
	f("nothing seen", nil, following{up: never, down: never},
		"fan-out 0 → 0, never up, never down; changes: 0, turns: 0")
}
