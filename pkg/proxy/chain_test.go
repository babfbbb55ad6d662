package proxy_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestP20AHedgeIsNotHedgedAgain(t *testing.T) {
	t.Parallel()
	f := func(name, value, out string) {
		t.Run(name, func(t *testing.T) {
			var m remembers
			r := serve(t, func(w http.ResponseWriter, r *http.Request) {
				w.WriteHeader(http.StatusServiceUnavailable)
				m.serve(w, r)
			})
			f := start(t, unhurried, r)
			f.get(t, "/", set(name, value))
			if n := r.served.Load(); n != 1 {
				t.Errorf("%d attempts", n)
			}
			if s := f.suppressed(t); !strings.Contains(s, "2:failure:chain_stop") {
				t.Error(s)
			}
			if n := m.last(t).Header.Get("Hedged-Attempt"); n != out {
				t.Errorf("it goes on as attempt %s", n)
			}
		})
	}
	f("Hedged-Attempt", "2", "2")
	f("X-Envoy-Attempt-Count", "3", "3")
	f("Grpc-Previous-Rpc-Attempts", "1", "2")
}

// Two layers of hedged: the outer one's first attempt may be hedged by the
// inner one, its hedge may not.
func TestP20TwoLayersDoNotMultiply(t *testing.T) {
	t.Parallel()
	replicas := some(t, 3, says(http.StatusServiceUnavailable, ""))
	inner := start(t, unhurried, replicas...)
	f := start(t, unhurried, &replica{Server: inner.Server})
	f.get(t, "/")
	if n := served(replicas); n != 3+1+1 {
		t.Errorf("%d attempts arrived at the bottom", n)
	}
}

func TestTheFirstAttemptOfAClientIsHedged(t *testing.T) {
	t.Parallel()
	replicas := some(t, 3, says(http.StatusServiceUnavailable, ""))
	f := start(t, "", replicas...)
	f.get(t, "/", set("X-Envoy-Attempt-Count", "1"), set("Hedged-Attempt", "1"), set("Grpc-Previous-Rpc-Attempts", "0"))
	if n := served(replicas); n != 3 {
		t.Errorf("%d attempts", n)
	}
}

func TestAttemptNumbersOut(t *testing.T) {
	t.Parallel()
	f := func(edit func(*http.Request), names []string, want [][]string) {
		t.Helper()
		var seen gather[[]string]
		f := start(t, unhurried, some(t, 3, func(w http.ResponseWriter, r *http.Request) {
			var values []string
			for _, name := range names {
				values = append(values, r.Header.Get(name))
			}
			seen.add(values)
			w.WriteHeader(http.StatusServiceUnavailable)
		})...)
		f.get(t, "/", edit)
		if d := cmp.Diff(want, seen.list()); d != "" {
			t.Error(d)
		}
	}
	names := []string{"Hedged-Attempt", "X-Envoy-Attempt-Count", "Grpc-Previous-Rpc-Attempts"}
	f(set("X", "y"), names, [][]string{{"1", "", ""}, {"2", "2", ""}, {"3", "3", ""}})
	f(set("Content-Type", "application/grpc"), names, [][]string{{"1", "", ""}, {"2", "2", "1"}, {"3", "3", "2"}})
}
