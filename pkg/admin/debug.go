package admin

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/pprof"

	"hedged.dev/hedged/pkg/record"
)

// DebugOptions are what the debug handler shows: functions that it asks for
// state, each time anew, whose results are written as JSON, and the attempts.
type DebugOptions struct {
	Config    func() any // the policies, their status and plans
	Upstreams func() any // the endpoints, their breakers and latencies
	Stats     func() any // the counts of the process
	// Attempts are streamed as they end. Closing the log ends the streams.
	Attempts *record.Log
}

// Debug returns the handler of /config_dump, /upstreams, /attempts, /stats and
// /debug/pprof/. It shows what is inside and has no authentication: it belongs
// on a loopback address.
func Debug(o DebugOptions) http.Handler {
	return handler("hedged: state", []page{
		{Path: "/config_dump", About: "the policies: revision, status, plan in force", Handler: state(o.Config)},
		{Path: "/upstreams", About: "the endpoints: breaker, calls in flight, latency", Handler: state(o.Upstreams)},
		{Path: "/attempts", About: "every attempt as it ends, as JSON lines (?policy=namespace/name: of one policy)", Handler: attempts(o.Attempts)},
		{Path: "/stats", About: "what the process has counted", Handler: state(o.Stats)},
		{Path: "/debug/pprof/", About: "profiles of the process", Handler: profiles()},
	})
}

// state answers with what f returns, as indented JSON. It is written in full
// before the answer begins, so that a value that has no JSON is a 500 and not
// half a document.
func state(f func() any) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		var body bytes.Buffer
		e := json.NewEncoder(&body)
		e.SetEscapeHTML(false)
		e.SetIndent("", "  ")
		if err := e.Encode(f()); err != nil {
			plain(w, http.StatusInternalServerError, "not written as JSON: "+err.Error())
			return
		}
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("X-Content-Type-Options", "nosniff")
		w.Header().Set("Cache-Control", "no-store")
		_, _ = w.Write(body.Bytes()) // the client went away: nobody is left to tell
	})
}

// profiles is net/http/pprof without its registration on the default mux.
func profiles() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/debug/pprof/", pprof.Index) // the index serves the named profiles too
	mux.HandleFunc("/debug/pprof/cmdline", pprof.Cmdline)
	mux.HandleFunc("/debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("/debug/pprof/symbol", pprof.Symbol)
	mux.HandleFunc("/debug/pprof/trace", pprof.Trace)
	return mux
}
