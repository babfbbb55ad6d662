package selftest

import (
	"context"
	"errors"
	"fmt"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

// GRPC tests that a call by gRPC is hedged: a health check that goes to the address of
// hedged, with the authority of a policy whose upstream is Serve.
func GRPC(address, authority string) Test {
	return Test{
		What: fmt.Sprintf("calling grpc.health.v1.Health at %s with authority %s, which only a hedge can answer", address, authority),
		Look: func(ctx context.Context) Finding {
			a, err := check(ctx, address, authority)
			if err != nil {
				return unanswered(address, err)
			}
			return a.finding(authority)
		},
	}
}

// check makes one call, over a connection of its own.
func check(ctx context.Context, address, authority string) (answer, error) {
	connection, err := grpc.NewClient(address, grpc.WithAuthority(authority), grpc.WithNoProxy(),
		grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return answer{}, err
	}
	defer connection.Close()
	begun := time.Now()
	var header, trailer metadata.MD
	_, err = grpc_health_v1.NewHealthClient(connection).Check(ctx, &grpc_health_v1.HealthCheckRequest{Service: slowService},
		grpc.Header(&header), grpc.Trailer(&trailer))
	fields := metadata.Join(header, trailer) // an answer of trailers only has no header
	code := status.Code(err)
	if len(fields) == 0 && (code == codes.Unavailable || code == codes.DeadlineExceeded) { // the client's own words
		return answer{}, errors.New(status.Convert(err).Message())
	}
	return answer{
		good: code == codes.OK, code: code.String(), detail: status.Convert(err).Message(),
		proxy: first(fields.Get("Proxy-Status")), attempt: first(fields.Get(attemptField)), name: first(fields.Get(nameField)),
		took: time.Since(begun),
	}, nil
}
