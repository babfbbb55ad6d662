package proxy

import (
	"net/http"
	"strings"
	"time"

	"hedged.dev/hedged/pkg/wire"
)

// rpc is the method that a gRPC request names, as telemetry has it; "" of any
// other request.
func rpc(r *http.Request) string {
	if !wire.IsGRPC(fields(r.Header)) {
		return ""
	}
	return strings.TrimPrefix(r.URL.Path, "/")
}

// readStatus takes gRPC's status from an answer whose body has been read to its
// end: only then is the trailer there.
func (a *attempt) readStatus(answer *http.Response) {
	if a.grpc == "" {
		a.grpc = wire.GRPCStatus(fields(answer.Trailer))
	}
	if a.grpc == "" {
		a.grpc = wire.GRPCStatusOf(answer.StatusCode)
	}
}

// finalStatus is gRPC's status of the call that this attempt's answer was sent
// to the client for, as far as err let it. If the attempt ended before it had a
// status, it gets this one.
func (c *call) finalStatus(a *attempt, answer *http.Response, err error) string {
	told := a.grpc != ""
	switch {
	case err == nil:
		a.readStatus(answer)
	case !c.callerBy.IsZero() && !time.Now().Before(c.callerBy):
		a.grpc = wire.GRPCDeadlineExceeded
	case c.request.Context().Err() != nil:
		a.grpc = wire.GRPCCancelled
	default:
		a.grpc = wire.GRPCUnavailable
	}
	if !told {
		a.record.Answered(a.grpc)
	}
	return a.grpc
}
