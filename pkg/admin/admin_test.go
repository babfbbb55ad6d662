package admin_test

import (
	"encoding/json"
	"errors"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"hedged.dev/hedged/pkg/admin"
	"hedged.dev/hedged/pkg/record"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// reply is what a test looks at of an answer.
type reply struct {
	status int
	header http.Header
	body   string
}

// serve serves h on a real socket and returns what asks it.
func serve(t *testing.T, h http.Handler) func(method, path string) reply {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return func(method, path string) reply {
		t.Helper()
		req, err := http.NewRequest(method, s.URL+path, http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		res, err := s.Client().Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		body, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		return reply{res.StatusCode, res.Header, string(body)}
	}
}

func health(ready error) http.Handler {
	return admin.Health(admin.HealthOptions{
		Ready: func() error { return ready },
		Metrics: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, "hedged_calls_total 3\n")
		}),
	})
}

func debug() http.Handler {
	return admin.Debug(admin.DebugOptions{
		Config:    func() any { return map[string]string{"default/catalog": "path <= /v1"} },
		Upstreams: func() any { return []string{} },
		Stats:     func() any { return math.NaN() },
		Attempts:  new(record.Log),
	})
}

func TestPages(t *testing.T) {
	f := func(name string, h http.Handler, method, path string, status int, contentType, body string) {
		t.Helper()
		t.Run(name, func(t *testing.T) {
			got := serve(t, h)(method, path)
			if got.status != status {
				t.Errorf("status %d, want %d", got.status, status)
			}
			if ct := got.header.Get("Content-Type"); !strings.HasPrefix(ct, contentType) {
				t.Errorf("content type %q, want %q", ct, contentType)
			}
			if got.body != body {
				t.Errorf("body %q, want %q", got.body, body)
			}
		})
	}
	booting := errors.New("no policy has been read yet")

	f("live", health(nil), "GET", "/livez", 200, "text/plain", "ok\n")
	f("live while not ready", health(booting), "GET", "/livez", 200, "text/plain", "ok\n")
	f("live without body", health(nil), "HEAD", "/livez", 200, "text/plain", "")
	f("ready", health(nil), "GET", "/readyz", 200, "text/plain", "ok\n")
	f("not ready", health(booting), "GET", "/readyz", 503, "text/plain", "no policy has been read yet\n")
	f("metrics", health(nil), "GET", "/metrics", 200, "text/plain", "hedged_calls_total 3\n")
	f("no page of health", health(nil), "GET", "/config_dump", 404, "text/plain",
		"no page \"/config_dump\" here; there are /livez, /readyz, /metrics\n")
	f("no page of debug", debug(), "GET", "/livez", 404, "text/plain",
		"no page \"/livez\" here; there are /config_dump, /upstreams, /attempts, /stats, /debug/pprof/\n")
	f("a path beneath a page", health(nil), "GET", "/livez/x", 404, "text/plain",
		"no page \"/livez/x\" here; there are /livez, /readyz, /metrics\n")

	f("config", debug(), "GET", "/config_dump", 200, "application/json", "{\n  \"default/catalog\": \"path <= /v1\"\n}\n")
	f("upstreams", debug(), "GET", "/upstreams", 200, "application/json", "[]\n")
	f("attempts, their header", debug(), "HEAD", "/attempts", 200, "application/x-ndjson", "")
	f("no JSON", debug(), "GET", "/stats", 500, "text/plain",
		"not written as JSON: json: unsupported value: NaN\n")
}

func TestChangesAreRefused(t *testing.T) {
	f := func(h http.Handler, path string) {
		t.Helper()
		ask := serve(t, h)
		for _, method := range []string{"POST", "PUT", "DELETE", "PATCH", "OPTIONS"} {
			got := ask(method, path)
			if got.status != 405 || got.header.Get("Allow") != "GET, HEAD" {
				t.Errorf("%s %s: %d, Allow %q", method, path, got.status, got.header.Get("Allow"))
			}
			if want := method + " is not served here: use GET or HEAD\n"; got.body != want {
				t.Errorf("%s %s: body %q, want %q", method, path, got.body, want)
			}
		}
	}
	f(health(nil), "/livez")
	f(health(nil), "/metrics")
	f(debug(), "/config_dump")
	f(debug(), "/debug/pprof/symbol")
}

// The index names every page with a link that works.
func TestIndex(t *testing.T) {
	f := func(h http.Handler, paths ...string) {
		t.Helper()
		got := serve(t, h)("GET", "/")
		if got.status != 200 || !strings.HasPrefix(got.header.Get("Content-Type"), "text/html") {
			t.Errorf("%d %s", got.status, got.header.Get("Content-Type"))
		}
		if n := strings.Count(got.body, "<li>"); n != len(paths) {
			t.Errorf("%d entries, want %d:\n%s", n, len(paths), got.body)
		}
		for _, path := range paths {
			if !strings.Contains(got.body, `<a href="`+path+`">`+path+`</a> `) {
				t.Errorf("%s is not on the index:\n%s", path, got.body)
			}
		}
	}
	f(health(nil), "/livez", "/readyz", "/metrics")
	f(debug(), "/config_dump", "/upstreams", "/attempts", "/stats", "/debug/pprof/")
}

func TestProfiles(t *testing.T) {
	f := func(path, contentType string) {
		t.Helper()
		got := serve(t, debug())("GET", path)
		if got.status != 200 || !strings.HasPrefix(got.header.Get("Content-Type"), contentType) || got.body == "" {
			t.Errorf("%s: %d %s, %d bytes", path, got.status, got.header.Get("Content-Type"), len(got.body))
		}
	}
	f("/debug/pprof/", "text/html")
	f("/debug/pprof/goroutine?debug=1", "text/plain")
	f("/debug/pprof/heap", "application/octet-stream")
	f("/debug/pprof/cmdline", "text/plain")
	f("/debug/pprof/symbol", "text/plain")
	f("/debug/pprof/trace?seconds=0.01", "application/octet-stream")
}

// State is asked for anew by each request.
func TestStateIsOfNow(t *testing.T) {
	n := 0
	ask := serve(t, admin.Debug(admin.DebugOptions{Stats: func() any { n++; return n }}))
	for want := 1; want <= 3; want++ {
		var got int
		if err := json.Unmarshal([]byte(ask("GET", "/stats").body), &got); err != nil || got != want {
			t.Errorf("got %d, %v, want %d", got, err, want)
		}
	}
}
