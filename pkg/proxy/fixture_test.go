package proxy_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"go.opentelemetry.io/otel/attribute"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.uber.org/goleak"

	"hedged.dev/hedged/pkg/proxy"
	"hedged.dev/hedged/pkg/telemetry"
	"hedged.dev/hedged/pkg/transport"
	"hedged.dev/hedged/pkg/upstream"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience bounds every wait for an event on a socket.
const patience = 10 * time.Second

// front is a Handler on a real socket, with what it recorded.
type front struct {
	*httptest.Server
	handler  *proxy.Handler
	registry *upstream.Registry
	tel      *telemetry.Telemetry
	spans    *tracetest.InMemoryExporter
	log      *journal
	client   *http.Client
}

// begin starts a front without policies.
func begin(t testing.TB, o proxy.Options) *front {
	t.Helper()
	return beginOver(t, o, transport.Options{})
}

// beginOver is begin with other transports than usual.
func beginOver(t testing.TB, o proxy.Options, carriers transport.Options) *front {
	t.Helper()
	f := &front{spans: tracetest.NewInMemoryExporter(), log: &journal{}}
	tel, err := telemetry.Setup(t.Context(), telemetry.Options{
		Service: "hedged", LogWriter: f.log, Processors: []sdktrace.SpanProcessor{sdktrace.NewSimpleSpanProcessor(f.spans)},
	})
	if err != nil {
		t.Fatal(err)
	}
	f.tel = tel
	f.registry = upstream.NewRegistry(transport.Opener(carriers))
	o.Registry, o.Telemetry = f.registry, tel
	f.handler, err = proxy.New(o)
	if err != nil {
		t.Fatal(err)
	}
	f.Server = httptest.NewUnstartedServer(f.handler)
	f.Config.Protocols = new(http.Protocols)
	f.Config.Protocols.SetHTTP1(true)
	f.Config.Protocols.SetUnencryptedHTTP2(true)
	f.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelInfo)
	f.Start()
	f.client = speaker(t, (*http.Protocols).SetHTTP1)
	t.Cleanup(func() {
		f.client.CloseIdleConnections()
		f.CloseClientConnections()
		f.Close()
		f.handler.Close()
		_ = tel.Shutdown(context.Background())
	})
	return f
}

// journal is a log that may be read while it is written.
type journal struct {
	mu   sync.Mutex
	text strings.Builder
}

func (j *journal) Write(b []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.Write(b)
}

// count is how many lines have these words.
func (j *journal) count(words string) (n int) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for line := range strings.Lines(j.text.String()) {
		if strings.Contains(line, words) {
			n++
		}
	}
	return n
}

// reply is an answer, read whole.
type reply struct {
	*http.Response
	body string
	err  error // of reading the body
	took time.Duration
}

// speaker is a client of one version of HTTP.
func speaker(t testing.TB, set func(*http.Protocols, bool)) *http.Client {
	protocols := new(http.Protocols)
	set(protocols, true)
	c := &http.Client{
		Transport:     &http.Transport{DisableCompression: true, Protocols: protocols},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	t.Cleanup(c.CloseIdleConnections)
	return c
}

// call sends a request for host shop.
func (f *front) call(t testing.TB, method, path string, body io.Reader, edit ...func(*http.Request)) reply {
	t.Helper()
	got, err := f.try(t, method, path, body, edit...)
	if err != nil {
		t.Fatalf("%s %s: %v", method, path, err)
	}
	return got
}

// try is call for a call that may get no answer at all, or on another goroutine
// than the test's.
func (f *front) try(t testing.TB, method, path string, body io.Reader, edit ...func(*http.Request)) (reply, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, method, f.URL+path, body)
	if err != nil {
		return reply{}, err
	}
	r.Host = "shop"
	for _, e := range edit {
		e(r)
	}
	begun := time.Now()
	answer, err := f.client.Do(r)
	if err != nil {
		return reply{}, err
	}
	defer func() { _ = answer.Body.Close() }()
	text, err := io.ReadAll(answer.Body)
	return reply{answer, string(text), err, time.Since(begun)}, nil
}

func (f *front) get(t testing.TB, path string, edit ...func(*http.Request)) reply {
	t.Helper()
	return f.call(t, http.MethodGet, path, nil, edit...)
}

func set(name, value string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set(name, value) }
}

// attempts returns the attempt spans' outcomes, by number, once as many calls
// have been recorded.
func (f *front) attempts(t testing.TB, calls int) []string {
	t.Helper()
	await(t, "the call's span", func() bool { return len(f.kind("server")) >= calls })
	var out []string
	for _, s := range f.kind("client") {
		number, outcome := 0, ""
		for _, a := range s.Attributes {
			switch a.Key {
			case telemetry.AttemptNumberKey:
				number = int(a.Value.AsInt64())
			case telemetry.AttemptOutcomeKey:
				outcome = a.Value.AsString()
			}
		}
		for len(out) < number {
			out = append(out, "")
		}
		out[number-1] = outcome
	}
	return out
}

// callAttr is an attribute of the only call's span.
func (f *front) callAttr(t testing.TB, key string) string {
	t.Helper()
	await(t, "the call's span", func() bool { return len(f.kind("server")) >= 1 })
	return attributeOf(f.kind("server")[0], attribute.Key(key))
}

// attributeOf is an attribute of a span; "" if it has none of that key.
func attributeOf(s tracetest.SpanStub, key attribute.Key) string {
	for _, a := range s.Attributes {
		if a.Key == key {
			return a.Value.String()
		}
	}
	return ""
}

func (f *front) kind(kind string) tracetest.SpanStubs {
	var out tracetest.SpanStubs
	for _, s := range f.spans.GetSpans() {
		if s.SpanKind.String() == kind {
			out = append(out, s)
		}
	}
	return out
}

// await waits for a condition that an event will bring about.
func await(t testing.TB, what string, f func() bool) {
	t.Helper()
	bound, poll := time.After(patience), time.NewTicker(time.Millisecond)
	defer poll.Stop()
	for !f() {
		select {
		case <-poll.C:
		case <-bound:
			t.Fatalf("waited in vain for %s", what)
		}
	}
}

// launched is what each attempt of the only call was launched for.
func (f *front) launched(t testing.TB) []string {
	t.Helper()
	out := make([]string, len(f.attempts(t, 1)))
	for _, s := range f.kind("client") {
		number, trigger := 1, ""
		for _, a := range s.Attributes {
			switch a.Key {
			case telemetry.AttemptNumberKey:
				number = int(a.Value.AsInt64())
			case telemetry.AttemptTriggerKey:
				trigger = a.Value.AsString()
			}
		}
		out[number-1] = trigger
	}
	return out
}

// suppressed is what the only call's span says of attempts that were due.
func (f *front) suppressed(t testing.TB) string {
	t.Helper()
	return f.callAttr(t, string(telemetry.SuppressedKey))
}

// upstream is what /upstreams shows of the only policy.
func (f *front) upstream() proxy.UpstreamView { return f.handler.Upstreams().Upstreams[0] }

// connections is the sum over all carriers.
func (f *front) connections() (sum transport.Stats) {
	for _, e := range f.handler.Upstreams().Endpoints {
		sum.Open += e.Connections.Open
		sum.Opened += e.Connections.Opened
		sum.Cancelled += e.Connections.Cancelled
		sum.Rotated += e.Connections.Rotated
	}
	return sum
}

// open sends a GET and returns its answer with the body still to come.
func (f *front) open(t testing.TB, path string) *http.Response {
	t.Helper()
	return f.send(t, http.MethodGet, path, nil)
}

// send is open with a body.
func (f *front) send(t testing.TB, method, path string, body io.Reader) *http.Response {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	r, err := http.NewRequestWithContext(ctx, method, f.URL+path, body)
	if err != nil {
		t.Fatal(err)
	}
	r.Host = "shop"
	answer, err := f.client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = answer.Body.Close() })
	return answer
}

// metrics is what a scrape shows now.
func (f *front) metrics(t testing.TB) string {
	t.Helper()
	w := httptest.NewRecorder()
	f.tel.MetricsHandler().ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", nil))
	return w.Body.String()
}
