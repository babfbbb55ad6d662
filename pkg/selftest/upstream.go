package selftest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"strings"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"hedged.dev/hedged/pkg/wire"
)

// What is slow of the upstream: the path, and the service whose health is asked for.
const (
	slowPath    = "/slow"
	slowService = "slow"
)

// The fields of an answer that say which attempt it answers (0: the request was
// none of hedged's), and who answers.
const (
	attemptField = "Selftest-Attempt"
	nameField    = "Selftest-Name"
)

// Serve is an upstream for the tests, until the context ends: HTTP/1.1, h2c and gRPC
// at one listener. What is slow it leaves unanswered for a first attempt, until
// that is cancelled; everything else it answers at once, with its name.
func Serve(ctx context.Context, listener net.Listener, name string) error {
	rpc := grpc.NewServer()
	defer rpc.Stop()
	grpc_health_v1.RegisterHealthServer(rpc, healthService{name: name})
	server := &http.Server{
		ReadHeaderTimeout: bound,
		Protocols:         new(http.Protocols),
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if wire.IsGRPC(r.Header) {
				rpc.ServeHTTP(w, r)
				return
			}
			answerHTTP(w, r, name)
		}),
	}
	server.Protocols.SetHTTP1(true)
	server.Protocols.SetUnencryptedHTTP2(true)
	defer context.AfterFunc(ctx, func() { _ = server.Close() })()
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("upstream: %w", err)
	}
	return nil
}

func answerHTTP(w http.ResponseWriter, r *http.Request, name string) {
	n := attempt(r.Header.Get(wire.AttemptNumber))
	if n == 1 && r.URL.Path == slowPath {
		<-r.Context().Done()
		return
	}
	w.Header().Set(attemptField, strconv.Itoa(n))
	w.Header().Set(nameField, name)
	fmt.Fprintf(w, "%s answers attempt %d\n", name, n)
}

// healthService says that everything is well, as answerHTTP does.
type healthService struct {
	grpc_health_v1.UnimplementedHealthServer
	name string
}

// Check implements grpc_health_v1.HealthServer.
func (s healthService) Check(ctx context.Context, r *grpc_health_v1.HealthCheckRequest) (*grpc_health_v1.HealthCheckResponse, error) {
	n := attempt(first(metadata.ValueFromIncomingContext(ctx, strings.ToLower(wire.AttemptNumber))))
	if n == 1 && r.GetService() == slowService {
		<-ctx.Done()
		return nil, status.FromContextError(ctx.Err()).Err()
	}
	fields := metadata.Pairs(attemptField, strconv.Itoa(n), nameField, s.name)
	if err := grpc.SetHeader(ctx, fields); err != nil {
		return nil, status.Error(codes.Internal, err.Error())
	}
	return &grpc_health_v1.HealthCheckResponse{Status: grpc_health_v1.HealthCheckResponse_SERVING}, nil
}

// attempt reads the number of an attempt; what is none is 0.
func attempt(field string) int {
	n, err := strconv.Atoi(field)
	if err != nil {
		return 0
	}
	return n
}

func first(values []string) string {
	if len(values) == 0 {
		return ""
	}
	return values[0]
}
