package proxy_test

import (
	"context"
	"net"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health"
	health1 "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/reflection"
	reflection1 "google.golang.org/grpc/reflection/grpc_reflection_v1"
	"google.golang.org/grpc/status"
)

// serveGRPC starts a gRPC server with the health and reflection services.
func serveGRPC(t testing.TB) (*replica, *health.Server) {
	t.Helper()
	s, h := grpc.NewServer(), health.NewServer()
	health1.RegisterHealthServer(s, h)
	reflection.Register(s)
	return listenGRPC(t, s), h
}

// listenGRPC has a gRPC server serve until the test is over.
func listenGRPC(t testing.TB, s *grpc.Server) *replica {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var serving sync.WaitGroup
	serving.Go(func() { _ = s.Serve(l) })
	t.Cleanup(func() {
		s.Stop()
		serving.Wait()
	})
	return &replica{Server: &httptest.Server{URL: "http://" + l.Addr().String()}}
}

// dial connects a gRPC client to the front.
func (f *front) dial(t testing.TB, authority string) *grpc.ClientConn {
	t.Helper()
	c, err := grpc.NewClient("passthrough:///"+f.Listener.Addr().String(),
		grpc.WithTransportCredentials(insecure.NewCredentials()), grpc.WithAuthority(authority))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func check(t testing.TB, c *grpc.ClientConn, service string) (health1.HealthCheckResponse_ServingStatus, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	got, err := health1.NewHealthClient(c).Check(ctx, &health1.HealthCheckRequest{Service: service})
	return got.GetStatus(), err
}

const grpcMatch = "match: [{hosts: [shop], path: {type: PathPrefix, value: /grpc.health.v1.Health}}, {hosts: [shop], path: {type: PathPrefix, value: /grpc.reflection.v1.ServerReflection}}]\nupstream.protocol: H2C\n"

func TestP21TrailersOnlyAnswersComeThrough(t *testing.T) {
	t.Parallel()
	for name, extra := range map[string]string{"once": "", "hedged": "idempotency: Always\nstagger: {mode: Fixed, fixed: 0s}\n"} {
		t.Run(name, func(t *testing.T) {
			a, _ := serveGRPC(t)
			b, _ := serveGRPC(t)
			f := start(t, grpcMatch+two+extra, a, b)
			c := f.dial(t, "shop")
			const workers, calls = 8, 1000
			var wg sync.WaitGroup
			for range workers {
				wg.Go(func() {
					for range calls / workers {
						if _, err := check(t, c, "nonsense"); status.Code(err) != codes.NotFound || status.Convert(err).Message() != "unknown service" {
							t.Errorf("an error: %v", err)
							return
						}
						if got, err := check(t, c, ""); err != nil || got != health1.HealthCheckResponse_SERVING {
							t.Errorf("an answer: %v %v", got, err)
							return
						}
					}
				})
			}
			wg.Wait()
		})
	}
}

func TestGRPCStreams(t *testing.T) {
	t.Parallel()
	r, h := serveGRPC(t)
	f := start(t, grpcMatch, r)
	c := f.dial(t, "shop")
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	updates, err := health1.NewHealthClient(c).Watch(ctx, &health1.HealthCheckRequest{Service: "x"})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []health1.HealthCheckResponse_ServingStatus{
		health1.HealthCheckResponse_SERVICE_UNKNOWN, health1.HealthCheckResponse_SERVING, health1.HealthCheckResponse_NOT_SERVING,
	} {
		if want != health1.HealthCheckResponse_SERVICE_UNKNOWN {
			h.SetServingStatus("x", want)
		}
		if got, err := updates.Recv(); err != nil || got.GetStatus() != want {
			t.Fatalf("%v %v, want %v", got, err, want)
		}
	}
}

// Both sides talk in turns on one call.
func TestGRPCBothWays(t *testing.T) {
	t.Parallel()
	r, _ := serveGRPC(t)
	f := start(t, grpcMatch, r)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	talk, err := reflection1.NewServerReflectionClient(f.dial(t, "shop")).ServerReflectionInfo(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for range 5 {
		question := &reflection1.ServerReflectionRequest{MessageRequest: &reflection1.ServerReflectionRequest_ListServices{}}
		if err := talk.Send(question); err != nil {
			t.Fatal(err)
		}
		if got, err := talk.Recv(); err != nil || len(got.GetListServicesResponse().GetService()) == 0 {
			t.Fatalf("%v %v", got, err)
		}
	}
	if err := talk.CloseSend(); err != nil {
		t.Fatal(err)
	}
	if got, err := talk.Recv(); err == nil {
		t.Errorf("more comes: %v", got)
	}
}

func TestProblemsForGRPCClients(t *testing.T) {
	t.Parallel()
	f := start(t, "upstream.protocol: H2C\ndeadline: 100ms", serve(t, hangs))
	if _, err := check(t, f.dial(t, "shop"), ""); status.Code(err) != codes.DeadlineExceeded || status.Convert(err).Message() == "" {
		t.Errorf("deadline: %v", err)
	}
	if _, err := check(t, f.dial(t, "elsewhere"), ""); status.Code(err) != codes.Unimplemented {
		t.Errorf("no policy: %v", err)
	}
	f = start(t, "upstream.protocol: H2C", nobody(t))
	if _, err := check(t, f.dial(t, "shop"), ""); status.Code(err) != codes.Unavailable {
		t.Errorf("nobody there: %v", err)
	}
}

// The deadline of a gRPC client shortens the policy's, and it is the client
// that gets it.
func TestGRPCDeadlineOfTheClient(t *testing.T) {
	t.Parallel()
	r := serve(t, hangs)
	f := start(t, "upstream.protocol: H2C", r)
	ctx, cancel := context.WithTimeout(t.Context(), 150*time.Millisecond)
	defer cancel()
	_, err := health1.NewHealthClient(f.dial(t, "shop")).Check(ctx, &health1.HealthCheckRequest{})
	if status.Code(err) != codes.DeadlineExceeded {
		t.Error(err)
	}
	await(t, "the upstream to be told", func() bool { return r.live.Load() == 0 })
}
