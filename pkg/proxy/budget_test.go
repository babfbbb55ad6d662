package proxy_test

import (
	"net/http"
	"strings"
	"sync"
	"testing"
)

const spent = "budget: {percent: 0, minPerSecond: 0}\n"

func TestP10AnExhaustedBudgetDoesNotTouchTheAttemptInFlight(t *testing.T) {
	t.Parallel()
	refused := newGate()
	replicas := some(t, 3, func(w http.ResponseWriter, r *http.Request) {
		if refused.wait() {
			says(http.StatusOK, "first")(w, r)
		}
	})
	f := start(t, spent, replicas...)
	go func() {
		await(t, "the refusal", func() bool { return f.upstream().Budget.Refused == 2 })
		refused.open()
	}()
	if got := f.get(t, "/"); got.body != "first" {
		t.Fatalf("%s %q", got.Status, got.body)
	}
	if n := served(replicas); n != 1 {
		t.Errorf("%d attempts", n)
	}
	if s := f.suppressed(t); !strings.Contains(s, "2:stagger:budget") {
		t.Error(s)
	}
}

func TestP10AnExhaustedBudgetDoesNotHangTheCall(t *testing.T) {
	t.Parallel()
	f := start(t, spent+unhurried, some(t, 3, says(http.StatusServiceUnavailable, "busy"))...)
	got := f.get(t, "/")
	if got.StatusCode != http.StatusServiceUnavailable || got.body != "busy" || got.took.Seconds() > 3 {
		t.Fatalf("%s %q in %s", got.Status, got.body, got.took)
	}
	if s := f.suppressed(t); !strings.Contains(s, "2:failure:budget") {
		t.Error(s)
	}

	f = start(t, spent+unhurried, some(t, 3, resets)...)
	if got := f.get(t, "/"); got.StatusCode != http.StatusBadGateway || got.took.Seconds() > 3 {
		t.Fatalf("%s in %s", got.Status, got.took)
	}
}

// Every endpoint answers only when every call has tried for its two hedges.
func TestP12WhenEverythingIsSlowTheBudgetBoundsTheLoad(t *testing.T) {
	t.Parallel()
	const calls = 150
	slow := newGate()
	replicas := some(t, 3, func(w http.ResponseWriter, r *http.Request) {
		if slow.wait() {
			says(http.StatusOK, "ok")(w, r)
		}
	})
	f := start(t, "budget: {percent: 10, minPerSecond: 0}\nstagger: {mode: Fixed, fixed: 1ms}\ndeadline: 9s", replicas...)
	var wg sync.WaitGroup
	for range calls {
		wg.Go(func() {
			if got, err := f.try(t, http.MethodGet, "/", nil); err != nil || got.body != "ok" {
				t.Errorf("%q %v", got.body, err)
			}
		})
	}
	await(t, "every hedge to be due", func() bool {
		b := f.upstream().Budget
		return b.Taken+b.Refused == 2*calls
	})
	slow.open()
	wg.Wait()
	taken := int64(f.upstream().Budget.Taken)
	if n := served(replicas); n > calls+taken { // one may be lost before it is sent
		t.Errorf("%d attempts arrived, %d calls and %d extra", n, calls, taken)
	}
	if most := int64(10 + calls/10); taken > most { // what it starts with and a tenth of the calls
		t.Errorf("%d extra attempts, at most %d allowed", taken, most)
	}
	if taken == 0 {
		t.Error("no extra attempt at all")
	}
}
