package daemon

import "testing"

func TestGCPercent(t *testing.T) {
	for live, want := range map[uint64]int{0: 400, 1 << 20: 400, 4 << 20: 400, 8 << 20: 200, 16 << 20: 100, 1 << 30: 100} {
		if got := gcPercent(live); got != want {
			t.Errorf("live heap of %d bytes: %d %%, want %d", live, got, want)
		}
	}
}

func TestCollectorLeavesTheUsersGOGCAlone(t *testing.T) {
	t.Setenv("GOGC", "50")
	c := newCollector()
	c.adjust()
	if c.percent != 100 {
		t.Errorf("percent %d", c.percent)
	}
	t.Setenv("GOGC", "")
	c = newCollector()
	c.adjust()
	defer c.restore()
	if c.percent <= 100 {
		t.Errorf("percent %d with the small heap of a test", c.percent)
	}
}
