package wire

import "strconv"

// The names of gRPC statuses that are used without a code.
const (
	GRPCCancelled        = "CANCELLED"
	GRPCUnknown          = "UNKNOWN"
	GRPCDeadlineExceeded = "DEADLINE_EXCEEDED"
	GRPCUnimplemented    = "UNIMPLEMENTED"
	GRPCInternal         = "INTERNAL"
	GRPCUnavailable      = "UNAVAILABLE"
)

// grpcNames are the names of gRPC's status codes.
var grpcNames = [...]string{
	"OK", GRPCCancelled, GRPCUnknown, "INVALID_ARGUMENT", GRPCDeadlineExceeded, "NOT_FOUND", "ALREADY_EXISTS",
	"PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION", "ABORTED", "OUT_OF_RANGE", GRPCUnimplemented,
	GRPCInternal, GRPCUnavailable, "DATA_LOSS", "UNAUTHENTICATED",
}

// GRPCName returns the name of a gRPC status code. A code without one is
// UNKNOWN, as clients take it.
func GRPCName(code int) string {
	if code < 0 || code >= len(grpcNames) {
		return GRPCUnknown
	}
	return grpcNames[code]
}

// GRPCStatus returns the name of the status that an answer's header or trailer
// holds, or "" if it holds none.
func GRPCStatus(h Header) string {
	v := h.Get("Grpc-Status")
	if v == "" {
		return ""
	}
	code, err := strconv.ParseUint(v, 10, 16)
	if err != nil {
		return GRPCUnknown
	}
	return GRPCName(int(code))
}

// GRPCStatusOf returns what a gRPC client makes of an answer that holds no
// status, by the answer's HTTP status.
func GRPCStatusOf(status int) string {
	switch status {
	case 400:
		return GRPCInternal
	case 401:
		return "UNAUTHENTICATED"
	case 403:
		return "PERMISSION_DENIED"
	case 404:
		return GRPCUnimplemented
	case 429, 502, 503, 504:
		return GRPCUnavailable
	default:
		return GRPCUnknown
	}
}
