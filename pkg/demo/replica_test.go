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

// doomed is the behaviour of a replica where every attempt meets one fate.
func doomed(met fate) func(int) behaviour {
	h := map[fate]habits{
		served: {}, shed: {shed: 1}, dropped: {drop: 1}, stalled: {stall: 1},
	}[met]
	return func(int) behaviour { return careless{habits: func(time.Duration) habits { return h }} }
}

func startFleet(t *testing.T, n int) fleet {
	t.Helper()
	f, err := newFleet(n)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := f.close(); err != nil {
			t.Error(err)
		}
	})
	return f
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
	f := func(met fate, status int) {
		t.Helper()
		replicas := startFleet(t, 1)
		count := replicas.begin(doomed(met), 1000)
		response, err := attempt(t.Context(), replicas[0], 7)
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
		if response.StatusCode != status || body.Replica != "replica-1" || body.Call != 7 {
			t.Errorf("answered %d %+v, want %d from replica-1 to call 7", response.StatusCode, body, status)
		}
		if got := count.attempts(0); got != 1 {
			t.Errorf("counted %d attempts", got)
		}
	}
	f(served, http.StatusOK)
	f(shed, http.StatusServiceUnavailable)
}

func TestReplicaDropsTheConnection(t *testing.T) {
	replicas := startFleet(t, 1)
	f := func(when string) {
		t.Helper()
		response, err := attempt(t.Context(), replicas[0], 7)
		if err == nil {
			_ = response.Body.Close()
			t.Errorf("%s: answered %d, want a broken connection", when, response.StatusCode)
		}
	}
	f("before the first run")
	replicas.begin(doomed(dropped), 1000)
	f("in a run")
}

func TestReplicaEndsAnAttemptWhoseSenderIsGone(t *testing.T) {
	replicas := startFleet(t, 1)
	count := replicas.begin(doomed(stalled), 1000)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		response, err := attempt(ctx, replicas[0], 7)
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
		replicas[0].handlers.Wait()
		close(gone)
	}()
	select {
	case <-gone:
	case <-time.After(stallBound / 2):
		t.Error("the replica still holds an attempt that nobody waits for")
	}
}

func TestFleetCountsEachStrategyAnew(t *testing.T) {
	f := startFleet(t, 3)
	first := f.begin(doomed(served), 10)
	for _, r := range f {
		response, err := attempt(t.Context(), r, 4)
		if err == nil {
			_ = response.Body.Close()
		}
	}
	second := f.begin(doomed(served), 10)
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
