package proxy_test

import (
	"context"
	"io"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	health1 "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

// serveRPC starts a gRPC server that takes any method.
func serveRPC(t testing.TB, h grpc.StreamHandler) *replica {
	t.Helper()
	return listenGRPC(t, grpc.NewServer(grpc.UnknownServiceHandler(h)))
}

const lookUp = "/shop.Catalog/LookUp"

// invoke calls lookUp by a client of host shop.
func invoke(ctx context.Context, c *grpc.ClientConn) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	return c.Invoke(ctx, lookUp, &health1.HealthCheckRequest{}, &health1.HealthCheckResponse{})
}

// answers is a method that answers and then ends with a status.
func answers(code codes.Code) grpc.StreamHandler {
	return func(_ any, s grpc.ServerStream) error {
		if err := s.SendMsg(&health1.HealthCheckResponse{}); err != nil {
			return err
		}
		return status.Error(code, "")
	}
}

// ends is a method that ends with a status and nothing else.
func ends(code codes.Code) grpc.StreamHandler {
	return func(any, grpc.ServerStream) error { return status.Error(code, "") }
}

// waits is a method that ends when it is given up.
func waits(_ any, s grpc.ServerStream) error {
	<-s.Context().Done()
	return s.Context().Err()
}

// second answers every attempt but the first, which waits.
func second(srv any, s grpc.ServerStream) error {
	if md, _ := metadata.FromIncomingContext(s.Context()); strings.Join(md.Get("hedged-attempt"), "") == "1" {
		return waits(srv, s)
	}
	return answers(codes.OK)(srv, s)
}

var rpcCount = regexp.MustCompile(`(?m)^grpc_client_attempt_duration_seconds_count\{(.*)\} (\d+)$`)

// rpcs is how many attempts were recorded, by their labels.
func (f *front) rpcs(t testing.TB) map[string]int {
	t.Helper()
	counts := map[string]int{}
	for _, m := range rpcCount.FindAllStringSubmatch(f.metrics(t), -1) {
		counts[m[1]], _ = strconv.Atoi(m[2])
	}
	return counts
}

func TestRPCs(t *testing.T) {
	t.Parallel()
	const always = "upstream.protocol: H2C\nidempotency: Always\n"
	const once = always + "fanOut: {max: 1, adaptive: false}\n"
	type counts map[string]int // by status
	// attempt is what the span of the last attempt says, as it ends before an
	// answer does; call what that of the call says.
	f := func(name, extra string, r *replica, attempt, call string, want counts) {
		t.Helper()
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := start(t, extra, r)
			_ = invoke(t.Context(), f.dial(t, "shop")) // what clients get, the other tests are about
			if got := f.callAttr(t, "rpc.response.status_code"); got != call {
				t.Errorf("the call's status is %q, want %q", got, call)
			}
			spans := f.kind("client")
			for _, s := range append(spans, f.kind("server")...) {
				if system, method := attributeOf(s, "rpc.system.name"), attributeOf(s, "rpc.method"); system != "grpc" || method != lookUp[1:] {
					t.Errorf("%s: %s %s", s.Name, system, method)
				}
			}
			if name := f.kind("server")[0].Name; name != "POST" {
				t.Errorf("the call is named %s", name)
			}
			for _, s := range spans {
				if s.Name != lookUp[1:] {
					t.Errorf("an attempt is named %s", s.Name)
				}
			}
			if got := attributeOf(spans[len(spans)-1], "rpc.response.status_code"); got != attempt {
				t.Errorf("the attempt's status is %q, want %q", got, attempt)
			}
			labels := map[string]int{}
			for status, n := range want {
				labels[`grpc_method="shop.Catalog/LookUp",grpc_status="`+status+`",grpc_target="`+attributeOf(spans[0], "server.address")+`"`] = n
			}
			if d := cmp.Diff(labels, f.rpcs(t)); d != "" {
				t.Errorf("attempts (-want +got):\n%s", d)
			}
		})
	}
	f("OK", once, serveRPC(t, answers(codes.OK)), "", "OK", counts{"OK": 1})
	f("a status in the trailer", once, serveRPC(t, answers(codes.NotFound)), "", "NOT_FOUND", counts{"NOT_FOUND": 1})
	f("a status that came before the answer was committed", once+"commit: Body\n", serveRPC(t, answers(codes.NotFound)),
		"NOT_FOUND", "NOT_FOUND", counts{"NOT_FOUND": 1})
	f("trailers only", once, serveRPC(t, ends(codes.NotFound)), "NOT_FOUND", "NOT_FOUND", counts{"NOT_FOUND": 1})
	f("lost", always+"stagger: {mode: Fixed, fixed: 1ms}\nfanOut: {max: 2, adaptive: false}\n",
		serveRPC(t, second), "CANCELLED", "OK", counts{"CANCELLED": 1, "OK": 1})
	f("deadline", once+"deadline: 50ms", serveRPC(t, waits), "DEADLINE_EXCEEDED", "DEADLINE_EXCEEDED", counts{"DEADLINE_EXCEEDED": 1})
	f("refused", once+"upstream.distinct: Require\n", nobody(t), "UNAVAILABLE", "UNAVAILABLE", counts{"UNAVAILABLE": 1})
	f("broken", once, serve(t, resets), "UNAVAILABLE", "UNAVAILABLE", counts{"UNAVAILABLE": 1})
	f("broken after it had won", once, serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/grpc")
		flush(w)
		panic(http.ErrAbortHandler)
	}), "", "UNAVAILABLE", counts{"UNAVAILABLE": 1})
	f("a failure without gRPC", once, serve(t, says(http.StatusServiceUnavailable, "busy")), "UNAVAILABLE", "UNAVAILABLE", counts{"UNAVAILABLE": 1})
	f("an accepted answer without gRPC", once, serve(t, says(http.StatusNotFound, "what?")), "", "UNIMPLEMENTED", counts{"UNIMPLEMENTED": 1})
}

// The client leaves before there is an answer, and while it is being written.
func TestRPCsOfAClientThatLeaves(t *testing.T) {
	t.Parallel()
	for name, early := range map[string]bool{"before": true, "meanwhile": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			arrived := newGate()
			f := start(t, "upstream.protocol: H2C\n", serveRPC(t, func(srv any, s grpc.ServerStream) error {
				if !early {
					_ = s.SendMsg(&health1.HealthCheckResponse{})
				}
				arrived.open()
				return waits(srv, s)
			}))
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			s, err := f.dial(t, "shop").NewStream(ctx, &grpc.StreamDesc{ServerStreams: true}, lookUp)
			if err != nil {
				t.Fatal(err)
			}
			if err := s.SendMsg(&health1.HealthCheckRequest{}); err != nil {
				t.Fatal(err)
			}
			if !early {
				if err := s.RecvMsg(&health1.HealthCheckResponse{}); err != nil {
					t.Fatal(err)
				}
			}
			arrived.must(t, "the request")
			cancel()
			if got := f.callAttr(t, "rpc.response.status_code"); got != "CANCELLED" {
				t.Errorf("the call's status is %q", got)
			}
			for labels, n := range f.rpcs(t) {
				if !strings.Contains(labels, `"CANCELLED"`) || n != 1 {
					t.Errorf("%d of %s", n, labels)
				}
			}
			if len(f.rpcs(t)) != 1 {
				t.Error("the attempt was not recorded")
			}
		})
	}
}

// The caller's deadline passes while its answer is being written. This caller does
// not leave at it, as one of gRPC's would at the same time.
func TestRPCPastTheDeadlineOfTheCaller(t *testing.T) {
	t.Parallel()
	f := start(t, "upstream.protocol: H2C\n", serve(t, func(w http.ResponseWriter, r *http.Request) {
		flush(w)
		hangs(w, r)
	}))
	f.client = speaker(t, (*http.Protocols).SetUnencryptedHTTP2)
	_, _ = f.try(t, http.MethodPost, lookUp, nil, set("Content-Type", "application/grpc"), set("Grpc-Timeout", "50m"))
	if got := f.callAttr(t, "rpc.response.status_code"); got != "DEADLINE_EXCEEDED" {
		t.Errorf("the call's status is %q", got)
	}
}

// A path alone does not make a call one of gRPC, and gRPC has one form of path.
func TestWhatIsNoRPC(t *testing.T) {
	t.Parallel()
	f := func(path, contentType, method, original string) {
		t.Helper()
		f := start(t, "", serve(t, echoes))
		f.call(t, http.MethodPost, path, strings.NewReader("x"), set("Content-Type", contentType))
		f.attempts(t, 1)
		for _, s := range f.spans.GetSpans() {
			got := [...]string{s.Name, attributeOf(s, "rpc.method"), attributeOf(s, "rpc.method_original")}
			if want := [...]string{http.MethodPost, method, original}; got != want {
				t.Errorf("%s of %s: %q, want %q", path, contentType, got, want)
			}
		}
		for labels := range f.rpcs(t) {
			if method == "" || !strings.Contains(labels, `grpc_method="other"`) {
				t.Errorf("%s of %s: %s is recorded", path, contentType, labels)
			}
		}
	}
	f(lookUp, "application/json", "", "")
	f(lookUp, "application/grpc-web", "", "")
	f("/api"+lookUp, "application/grpc", "_OTHER", "api"+lookUp)
	f("/shop.Catalog/", "application/grpc", "_OTHER", "shop.Catalog/")
}

// Both directions of a stream that goes on for longer than its header are one
// attempt, recorded at its end.
func TestAnRPCIsRecordedAtItsEnd(t *testing.T) {
	t.Parallel()
	f := start(t, "upstream.protocol: H2C\n", serveRPC(t, func(_ any, s grpc.ServerStream) error {
		if err := s.RecvMsg(&health1.HealthCheckRequest{}); err != nil {
			return err
		}
		if err := s.SendMsg(&health1.HealthCheckResponse{}); err != nil {
			return err
		}
		return s.RecvMsg(&health1.HealthCheckRequest{})
	}))
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	s, err := f.dial(t, "shop").NewStream(ctx, &grpc.StreamDesc{ServerStreams: true, ClientStreams: true}, lookUp)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if len(f.rpcs(t)) != 0 {
			t.Error("it is recorded before its end")
		}
		if err := s.SendMsg(&health1.HealthCheckRequest{}); err != nil {
			t.Fatal(err)
		}
		if err := s.RecvMsg(&health1.HealthCheckResponse{}); err != nil && err != io.EOF { //nolint:errorlint // gRPC returns io.EOF itself
			t.Fatal(err)
		}
	}
	f.attempts(t, 1)
	if n := len(f.rpcs(t)); n != 1 {
		t.Errorf("%d series", n)
	}
}
