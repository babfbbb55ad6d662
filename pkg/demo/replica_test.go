package demo

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"testing"
	"time"
)

// always is a timeline without an end to its peak.
func always() timeline { return timeline{{from: 0, to: timelineSpan}} }

// callWith returns the number of a call whose first attempt meets the fate.
func callWith(want fate, peaking bool) int {
	for call := uint64(0); ; call++ {
		if met, _ := drawFate(1, 0, call, 1, peaking); met == want {
			return int(call)
		}
	}
}

func startReplica(t *testing.T, peaks timeline) (*replica, *tally) {
	t.Helper()
	count := newTally(1, 1000)
	r, err := newReplica(1, 0, peaks, count)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.close(); err != nil {
			t.Error(err)
		}
	})
	return r, count
}

func attempt(ctx context.Context, r *replica, call int) (*http.Response, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+r.address()+"/", http.NoBody)
	if err != nil {
		return nil, err
	}
	request.Header.Set(callHeader, strconv.Itoa(call))
	request.Header.Set(attemptHeader, "1")
	return (&http.Transport{DisableKeepAlives: true}).RoundTrip(request)
}

func TestReplicaAnswers(t *testing.T) {
	f := func(peaks timeline, met fate, status int) {
		t.Helper()
		r, count := startReplica(t, peaks)
		call := callWith(met, peaks != nil)
		response, err := attempt(t.Context(), r, call)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = response.Body.Close() }()
		var body struct {
			Replica string
			Call    int
		}
		if err := json.NewDecoder(response.Body).Decode(&body); err != nil {
			t.Fatal(err)
		}
		if response.StatusCode != status || body.Replica != "replica-1" || body.Call != call {
			t.Errorf("answered %d %+v, want %d from replica-1 to call %d", response.StatusCode, body, status, call)
		}
		if got := count.attempts(0); got != 1 {
			t.Errorf("counted %d attempts", got)
		}
	}
	f(nil, served, http.StatusOK)
	f(always(), served, http.StatusOK)
	f(always(), shed, http.StatusServiceUnavailable)
}

func TestReplicaDropsTheConnection(t *testing.T) {
	r, _ := startReplica(t, always())
	response, err := attempt(t.Context(), r, callWith(dropped, true))
	if err == nil {
		_ = response.Body.Close()
		t.Fatalf("answered %d, want a broken connection", response.StatusCode)
	}
}

func TestReplicaEndsAnAttemptWhoseSenderIsGone(t *testing.T) {
	r, count := startReplica(t, always())
	ctx, cancel := context.WithCancel(t.Context())
	call := callWith(stalled, true)
	ended := make(chan error, 1)
	go func() {
		response, err := attempt(ctx, r, call)
		if err == nil {
			_ = response.Body.Close()
			err = fmt.Errorf("answered %d", response.StatusCode)
		}
		ended <- err
	}()
	eventually(t, "the attempt arrives", func() bool { return count.attempts(0) == 1 })
	cancel()
	if err := <-ended; err == nil || ctx.Err() == nil {
		t.Errorf("a stalled attempt ended with %v", err)
	}
	gone := make(chan struct{})
	go func() {
		r.handlers.Wait()
		close(gone)
	}()
	select {
	case <-gone:
	case <-time.After(stallBound / 2):
		t.Error("the replica still holds an attempt that nobody waits for")
	}
}

func TestFleetCountsEachStrategyAnew(t *testing.T) {
	f, err := newFleet(1, 3)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := f.close(); err != nil {
			t.Error(err)
		}
	}()
	first := f.begin(10)
	for _, r := range f {
		response, err := attempt(t.Context(), r, 4)
		if err == nil {
			_ = response.Body.Close()
		}
	}
	second := f.begin(10)
	response, err := attempt(t.Context(), f[0], 10) // none of its calls
	if err == nil {
		_ = response.Body.Close()
	}
	if got := first.attempts(0); got != 3 {
		t.Errorf("counted %d attempts of the first strategy, want 3", got)
	}
	if got := first.attempts(5); got != 0 {
		t.Errorf("counted %d attempts of the calls from 5 on, want 0", got)
	}
	if got, all := second.attempts(0), second.replica[0].Load(); got != 0 || all != 1 {
		t.Errorf("counted %d attempts of the second strategy's calls and %d in all, want 0 and 1", got, all)
	}
}
