package demo

import (
	"context"
	"errors"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"
)

func TestArrivalsArePoisson(t *testing.T) {
	l := load{seed: 5, rate: 500, warmUp: 20 * time.Second, duration: 180 * time.Second}
	instants, warm := l.arrivals()
	f := func(what string, got int, want float64) {
		t.Helper()
		if math.Abs(float64(got)-want) > 4*math.Sqrt(want) {
			t.Errorf("%d calls %s, want about %.0f", got, what, want)
		}
	}
	f("in all", len(instants), 100_000)
	f("in the warm-up", warm, 10_000)
	// A Poisson process leaves e⁻¹ of the gaps longer than the mean.
	long := 0
	for i := 1; i < len(instants); i++ {
		if instants[i]-instants[i-1] > 2*time.Millisecond {
			long++
		}
	}
	f("after a gap above the mean", long, 100_000/math.E)
	if again, _ := l.arrivals(); !slices.Equal(again, instants) {
		t.Error("one seed gave two loads")
	}
}

// The server answers nothing before every call is there: a load that waited
// for answers would not get past its first.
func TestLoadDoesNotWaitForAnswers(t *testing.T) {
	l := load{seed: 5, rate: 1000, duration: 300 * time.Millisecond, deadline: 10 * time.Second}
	instants, _ := l.arrivals()
	var arrived sync.WaitGroup
	arrived.Add(len(instants))
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Host != "some.demo" {
			t.Errorf("called %s", r.Host)
		}
		arrived.Done()
		arrived.Wait()
		_, _ = io.WriteString(w, "done")
	}))
	defer server.Close()
	l.url, l.host = server.URL, "some.demo"
	samples, err := l.run(t.Context(), time.Now(), instants)
	if err != nil {
		t.Fatal(err)
	}
	for i, s := range samples {
		if s.end != succeeded {
			t.Fatalf("call %d ended %d", i, s.end)
		}
		// Nobody was answered before the last call was due.
		if least := instants[len(instants)-1] - s.at; s.elapsed < least {
			t.Fatalf("call %d took %v, counted from its instant at least %v", i, s.elapsed, least)
		}
	}
}

func TestLoadJudgesAnswers(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch number, _ := strconv.Atoi(r.Header.Get(callHeader)); number {
		case 1:
			w.WriteHeader(http.StatusServiceUnavailable)
		case 2:
			panic(http.ErrAbortHandler)
		case 3:
			<-r.Context().Done() // until the client's patience ends
		case 4:
			w.Header().Set("Content-Length", "10")
			_, _ = io.WriteString(w, "cut")
		}
	}))
	defer server.Close()
	l := load{url: server.URL, deadline: 300 * time.Millisecond}
	samples, err := l.run(t.Context(), time.Now(), make([]time.Duration, 5))
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []end{succeeded, failed, unanswered, unanswered, unanswered} {
		if samples[i].end != want {
			t.Errorf("call %d ended %d, want %d", i, samples[i].end, want)
		}
	}
	if s := samples[1]; s.latency(l.deadline) != l.deadline {
		t.Errorf("a fast failure counts as %v, want the deadline", s.latency(l.deadline))
	}
	if s := samples[3]; s.latency(l.deadline) < patience*l.deadline {
		t.Errorf("a call without an answer counts as %v, want its own time", s.latency(l.deadline))
	}
}

// A call whose instant lies a deadline back is late whatever it is answered.
func TestLoadCountsFromTheInstant(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer server.Close()
	l := load{url: server.URL, deadline: time.Minute}
	samples, err := l.run(t.Context(), time.Now().Add(-61*time.Second), []time.Duration{0})
	if err != nil {
		t.Fatal(err)
	}
	if s := samples[0]; s.end != late || s.elapsed < 61*time.Second {
		t.Errorf("ended %d after %v, want late", s.end, s.elapsed)
	}
}

func TestLoadEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		cancel()
		<-r.Context().Done()
	}))
	defer server.Close()
	l := load{url: server.URL, deadline: time.Hour}
	_, err := l.run(ctx, time.Now(), []time.Duration{0, time.Hour})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("ended with %v", err)
	}
}

func TestAwait(t *testing.T) {
	asked := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if asked++; asked < 3 {
			w.WriteHeader(http.StatusNotFound)
		}
	}))
	defer server.Close()
	if err := await(t.Context(), server.URL, "some.demo"); err != nil || asked != 3 {
		t.Errorf("asked %d times: %v", asked, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := await(ctx, server.URL, "some.demo"); !errors.Is(err, context.Canceled) {
		t.Errorf("without a context: %v", err)
	}
}
