package admin

import (
	"io"
	"net/http"
)

// HealthOptions say what the health handler asks.
type HealthOptions struct {
	Ready   func() error // nil error: calls can be served; else why not
	Metrics http.Handler
}

// Health returns the handler of /livez, /readyz and /metrics. /livez is about
// the process alone: whatever else is wrong, a restart would not mend it.
func Health(o HealthOptions) http.Handler {
	return handler("hedged: health and metrics", []page{
		{Path: "/livez", About: "200 while the process runs", Handler: http.HandlerFunc(live)},
		{Path: "/readyz", About: "200 when calls can be served, else 503 and the reason", Handler: ready(o.Ready)},
		{Path: "/metrics", About: "metrics in the formats of Prometheus", Handler: o.Metrics},
	})
}

func live(w http.ResponseWriter, _ *http.Request) { plain(w, http.StatusOK, "ok") }

func ready(check func() error) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if err := check(); err != nil {
			plain(w, http.StatusServiceUnavailable, err.Error())
			return
		}
		plain(w, http.StatusOK, "ok")
	})
}

// plain answers with one line of text that no cache keeps.
func plain(w http.ResponseWriter, status int, line string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, line+"\n") // the client went away: nobody is left to tell
}
