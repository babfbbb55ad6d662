package hedge_test

import (
	"context"
	"testing"
	"time"

	"hedged.dev/hedged/pkg/hedge"
)

// instant is a Caller that answers at once.
type instant struct{}

func (instant) Admit(hedge.Ask) hedge.Reason { return hedge.Admitted }
func (instant) Run(context.Context, int) hedge.Result[int] {
	return hedge.Result[int]{Value: 1, HasValue: true}
}
func (instant) Ended(hedge.Attempt) {}
func (instant) Discard(int)         {}

func callOnce(ctx context.Context, plan *hedge.Plan) {
	o := hedge.DoInline(ctx, plan, time.Now().Add(time.Second), hedge.Caller[int](instant{}))
	o.Release()
}

func BenchmarkNoHedge(b *testing.B) {
	ctx, plan := b.Context(), gaps(3, 100*ms)
	b.ReportAllocs()
	for b.Loop() {
		callOnce(ctx, plan)
	}
}

func BenchmarkNoHedgeOwnGoroutine(b *testing.B) {
	ctx, plan := b.Context(), gaps(3, 100*ms)
	b.ReportAllocs()
	for b.Loop() {
		o := hedge.Do(ctx, plan, time.Now().Add(time.Second), hedge.Caller[int](instant{}))
		o.Release()
	}
}

func TestAllocationCeilingOfACallWithoutAHedge(t *testing.T) {
	ctx, plan := t.Context(), gaps(3, 100*ms)
	// The call, the attempt's context with its cancel function and its entry
	// in the parent's list, the timer with its function.
	const ceiling = 6
	if n := testing.AllocsPerRun(1000, func() { callOnce(ctx, plan) }); n > ceiling {
		t.Errorf("%.0f allocations, want at most %d", n, ceiling)
	}
}
