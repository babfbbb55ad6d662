package demo

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// dumping serves /config_dump with what the function says.
func dumping(t *testing.T, body func(look int64) string) *watcher {
	t.Helper()
	var looks atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, body(looks.Add(1)))
	}))
	t.Cleanup(server.Close)
	w := startWatcher(t.Context(), server.URL, "default/adaptive", time.Now())
	eventually(t, "three looks", func() bool { return looks.Load() > 3 })
	return w
}

func TestWatcherSeesThePlanChange(t *testing.T) {
	w := dumping(t, func(look int64) string {
		if look == 1 {
			return `{"policies": [{"policy": "default/none", "plan": {"fanOut": 1}},
				{"policy": "default/adaptive", "plan": {"fanOut": 3, "hedges": 2, "stagger": "4ms",
				 "state": "moved", "rule": "early", "reason": "because", "figures": {"independence": 0.5}}}]}`
		}
		return `{"policies": [{"policy": "default/adaptive", "plan": {"fanOut": 2, "hedges": 0, "state": "steady"}}]}`
	})
	plans, err := w.end(0)
	if err != nil {
		t.Fatal(err)
	}
	first, last := plans[0], plans[len(plans)-1]
	if d, ok := first.offset(); !ok || d != 4*ms || first.FanOut != 3 || first.State != "moved" || first.Rule != "early" ||
		first.Reason != "because" || first.Figures.Independence != 0.5 {
		t.Errorf("saw %+v first", first)
	}
	if d, ok := last.offset(); ok || last.FanOut != 2 || last.at <= first.at {
		t.Errorf("saw %+v last, with a hedge after %v", last, d)
	}
	if later, err := w.end(plans[1].at); err != nil || len(later) != len(plans)-1 || later[0].at != 0 {
		t.Errorf("from the second on: %+v, %v", later, err)
	}
}

func TestWatcherTellsThatItSawNothing(t *testing.T) {
	f := func(body, want string) {
		t.Helper()
		w := dumping(t, func(int64) string { return body })
		if plans, err := w.end(0); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("saw %v, %v, want an error with %q", plans, err, want)
		}
	}
	f(`{"policies": []}`, "no plan of default/adaptive")
	f(`gone`, "invalid character")
}
