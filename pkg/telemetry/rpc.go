package telemetry

import (
	"strings"
	"sync"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"

	"hedged.dev/hedged/pkg/hedge"
	"hedged.dev/hedged/pkg/wire"
)

// The attributes of gRPC's own metrics (gRFC A66).
const (
	grpcMethodKey = attribute.Key("grpc.method")
	grpcTargetKey = attribute.Key("grpc.target")
	grpcStatusKey = attribute.Key("grpc.status")
)

// rpcBuckets are those that gRFC A66 advises, in seconds.
var rpcBuckets = []float64{
	0, 0.00001, 0.00005, 0.0001, 0.0003, 0.0006, 0.0008, 0.001, 0.002, 0.003, 0.004, 0.005, 0.006, 0.008,
	0.01, 0.013, 0.016, 0.02, 0.025, 0.03, 0.04, 0.05, 0.065, 0.08, 0.1, 0.13, 0.16, 0.2, 0.25, 0.3, 0.4, 0.5,
	0.65, 0.8, 1, 2, 5, 10, 20, 50, 100,
}

// Nobody tells the daemon which methods there are: clients make them up by
// calling. These bound what they can make of it, at 1,000 histograms a status.
const (
	maxRPCs      = 1000 // methods that are kept apart in one process
	maxRPCLength = 256  // bytes of a method that is
)

// otherRPC stands for every method that is not kept apart, as gRFC A66 has it
// for those that are not registered.
const otherRPC = "other"

// rpc is a gRPC method that attempts are counted under.
type rpc struct {
	name    string // pkg.Service/Method, or otherRPC
	options cache[rpcKey, []metric.RecordOption]
}

// rpcKey is what the duration of a gRPC attempt is labelled by besides its method.
type rpcKey struct{ target, status string }

// recordOptions returns the measurement options of an attempt, made once per key.
func (m *rpc) recordOptions(k rpcKey) []metric.RecordOption {
	return m.options.get(k, func(k rpcKey) []metric.RecordOption {
		return []metric.RecordOption{metric.WithAttributeSet(attribute.NewSet(
			grpcMethodKey.String(m.name), grpcTargetKey.String(k.target), grpcStatusKey.String(k.status)))}
	})
}

// rpcs are the gRPC methods that the process has seen.
type rpcs struct {
	mu    sync.RWMutex
	named map[string]*rpc
	other rpc
}

func newRPCs() *rpcs { return &rpcs{named: map[string]*rpc{}, other: rpc{name: otherRPC}} }

// get returns the method of a call, or nil if there is none.
func (r *rpcs) get(name string) *rpc {
	if name == "" {
		return nil
	}
	r.mu.RLock()
	m, ok := r.named[name]
	full := len(r.named) >= maxRPCs
	r.mu.RUnlock()
	switch {
	case ok:
		return m
	case full || !isRPC(name):
		return &r.other
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if m, ok := r.named[name]; ok {
		return m
	}
	if len(r.named) >= maxRPCs {
		return &r.other
	}
	m = &rpc{name: strings.Clone(name)} // name is part of a request
	r.named[m.name] = m
	return m
}

// isRPC reports whether a text has the form pkg.Service/Method, in ASCII that
// can be printed.
func isRPC(s string) bool {
	service, method, _ := strings.Cut(s, "/")
	return service != "" && method != "" && !strings.Contains(method, "/") && len(s) <= maxRPCLength &&
		!strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' })
}

// attemptName returns what the spans of the call's attempts are called, of
// which the HTTP method is a known one.
func (c *Call) attemptName(method string) string {
	if c.rpc != nil && c.rpc.name != otherRPC {
		return c.rpc.name
	}
	return spanMethod(method)
}

// rpcAttributes appends the gRPC method of the call, if it has one.
func (c *Call) rpcAttributes(attrs []attribute.KeyValue) []attribute.KeyValue {
	switch {
	case c.rpc == nil:
		return attrs
	case c.rpc.name == otherRPC:
		attrs = append(attrs, semconv.RPCSystemNameGRPC, semconv.RPCMethod("_OTHER"))
		return text(attrs, semconv.RPCMethodOriginalKey, c.rpcName)
	}
	return append(attrs, semconv.RPCSystemNameGRPC, semconv.RPCMethod(c.rpc.name))
}

// rpcStatusAttribute appends the gRPC status of the call or one of its
// attempts, if it is a gRPC call and the status is known.
func (c *Call) rpcStatusAttribute(attrs []attribute.KeyValue, status string) []attribute.KeyValue {
	if c.rpc == nil {
		return attrs
	}
	return text(attrs, semconv.RPCResponseStatusCodeKey, status)
}

// rpcStatus returns the gRPC status that the attempt has ended with, as far as
// gRPC would know it: "" while its answer is to tell yet.
func (e *AttemptEnd) rpcStatus() string {
	switch {
	case e.End == hedge.Lost, e.End == hedge.ClientGone:
		return wire.GRPCCancelled
	case e.End == hedge.TimedOut:
		return wire.GRPCDeadlineExceeded
	case e.End == hedge.Failed && e.RPCStatus == "":
		return wire.GRPCUnavailable
	}
	return e.RPCStatus
}
