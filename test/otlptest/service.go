package otlptest

import (
	"compress/gzip"
	"context"
	"io"
	"net/http"

	collectorlogs "go.opentelemetry.io/proto/otlp/collector/logs/v1"
	collectormetrics "go.opentelemetry.io/proto/otlp/collector/metrics/v1"
	collectortrace "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"google.golang.org/protobuf/proto"
)

type traceService struct {
	collectortrace.UnimplementedTraceServiceServer
	r *Receiver
}

// Export takes spans.
func (s traceService) Export(_ context.Context, in *collectortrace.ExportTraceServiceRequest) (*collectortrace.ExportTraceServiceResponse, error) {
	s.r.add(spansOf(in.GetResourceSpans()), nil, nil)
	return &collectortrace.ExportTraceServiceResponse{}, nil
}

type metricsService struct {
	collectormetrics.UnimplementedMetricsServiceServer
	r *Receiver
}

// Export takes metrics.
func (s metricsService) Export(_ context.Context, in *collectormetrics.ExportMetricsServiceRequest) (*collectormetrics.ExportMetricsServiceResponse, error) {
	s.r.add(nil, metricsOf(in.GetResourceMetrics()), nil)
	return &collectormetrics.ExportMetricsServiceResponse{}, nil
}

type logsService struct {
	collectorlogs.UnimplementedLogsServiceServer
	r *Receiver
}

// Export takes log records.
func (s logsService) Export(_ context.Context, in *collectorlogs.ExportLogsServiceRequest) (*collectorlogs.ExportLogsServiceResponse, error) {
	s.r.add(nil, nil, logsOf(in.GetResourceLogs()))
	return &collectorlogs.ExportLogsServiceResponse{}, nil
}

// message is a pointer to a protobuf message's struct.
type message[T any] interface {
	*T
	proto.Message
}

// post serves a service's Export as OTLP over HTTP has it.
func post[In any, PIn message[In], Out proto.Message](export func(context.Context, PIn) (Out, error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		body := io.Reader(req.Body)
		if req.Header.Get("Content-Encoding") == "gzip" {
			unzipped, err := gzip.NewReader(body)
			if err != nil {
				http.Error(w, err.Error(), http.StatusBadRequest)
				return
			}
			body = unzipped
		}
		data, err := io.ReadAll(body)
		in := PIn(new(In))
		if err == nil {
			err = proto.Unmarshal(data, in)
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		out, err := export(req.Context(), in)
		if err == nil {
			data, err = proto.Marshal(out)
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "application/x-protobuf")
		_, _ = w.Write(data) // the sender went away: nobody is left to tell
	})
}
