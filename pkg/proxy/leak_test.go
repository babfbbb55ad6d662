package proxy_test

import (
	"context"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// volley makes many calls at a time and fails the test for each that fails.
func (f *front) volley(t testing.TB, calls int, edit ...func(*http.Request)) {
	t.Helper()
	const workers = 8
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			for range calls / workers {
				if got, err := f.try(t, http.MethodGet, "/", nil, edit...); err != nil || got.StatusCode != http.StatusOK || got.err != nil {
					t.Errorf("%v %v", got.Response, err)
				}
			}
		})
	}
	wg.Wait()
}

func TestP11LostAttemptsLeaveNothingBehind(t *testing.T) {
	for _, protocol := range []string{"HTTP1", "H2C"} {
		t.Run(protocol, func(t *testing.T) {
			replicas := some(t, 2, byAttempt(hangs, says(http.StatusOK, "second")))
			f := start(t, two+"stagger: {mode: Fixed, fixed: 0s}\nupstream.protocol: "+protocol, replicas...)
			f.volley(t, 16)
			before := runtime.NumGoroutine()
			f.volley(t, 400)
			if n := f.connections().Cancelled; n < 400 {
				t.Fatalf("only %d attempts were lost", n)
			}
			await(t, "every handler to be told", func() bool { return replicas[0].live.Load()+replicas[1].live.Load() == 0 })
			await(t, "the connections to go", func() bool { return f.connections().Open <= 20 })
			await(t, "the goroutines to end", func() bool { return runtime.NumGoroutine() <= before+40 })
			for _, e := range f.registry.Endpoints() {
				await(t, "the leases to be back", func() bool { return e.InFlight() == 0 })
			}
		})
	}
}

func TestP17TheChurnIsCounted(t *testing.T) {
	t.Parallel()
	f := start(t, two+"stagger: {mode: Fixed, fixed: 1ms}", some(t, 2, byAttempt(hangs, says(http.StatusOK, "second")))...)
	const calls = 20
	for range calls {
		f.get(t, "/")
	}
	got := f.connections()
	if got.Cancelled != calls {
		t.Errorf("%d cancelled", got.Cancelled)
	}
	if got.Opened < calls { // each lost attempt took its connection with it
		t.Errorf("%d opened", got.Opened)
	}
	metrics := f.metrics(t)
	for _, name := range []string{"hedged_endpoint_attempts_cancelled", "hedged_endpoint_connections_opened", "hedged_endpoint_connections"} {
		if !strings.Contains(metrics, "\n"+name) {
			t.Errorf("no metric %s", name)
		}
	}
}

func TestAClientThatGoesCancelsEveryAttempt(t *testing.T) {
	t.Parallel()
	for _, protocol := range []string{"HTTP1", "H2C"} {
		for client, set := range map[string]func(*http.Protocols, bool){"HTTP/1.1": (*http.Protocols).SetHTTP1, "h2c": (*http.Protocols).SetUnencryptedHTTP2} {
			t.Run(client+" to "+protocol, func(t *testing.T) {
				replicas := some(t, 3, hangs)
				f := start(t, "upstream.protocol: "+protocol, replicas...)
				f.client = speaker(t, set)
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				go func() {
					await(t, "three attempts", func() bool { return served(replicas) == 3 })
					cancel()
				}()
				r, _ := http.NewRequestWithContext(ctx, http.MethodGet, f.URL, http.NoBody)
				r.Host = "shop"
				if answer, err := f.client.Do(r); err == nil {
					_ = answer.Body.Close()
					t.Fatal(answer.Status)
				}
				for _, replica := range replicas {
					await(t, "the upstream to be told", func() bool { return replica.live.Load() == 0 })
				}
				if d := cmp.Diff([]string{"client_gone", "client_gone", "client_gone"}, f.attempts(t, 1)); d != "" {
					t.Error(d)
				}
				for _, e := range f.upstream().Endpoints {
					if e.Bad != 0 || e.Breaker.Failures != 0 {
						t.Errorf("%+v", e)
					}
				}
			})
		}
	}
}

func TestAClientThatGoesDuringAStream(t *testing.T) {
	t.Parallel()
	over := newGate()
	f := start(t, "", serve(t, func(w http.ResponseWriter, r *http.Request) {
		says(http.StatusOK, "the beginning")(w, r)
		flush(w)
		hangs(w, r)
		over.open()
	}))
	answer := f.open(t, "/")
	_ = answer.Body.Close()
	over.must(t, "the upstream to be told")
	if got := f.callAttr(t, "hedged.call.outcome"); got == "failed" {
		t.Error(got)
	}
}
