package telemetry

import (
	"fmt"
	"log/slog"
	"net/http"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/prometheus/otlptranslator"
	promexporter "go.opentelemetry.io/otel/exporters/prometheus"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
)

// newEndpoint makes the handler that Prometheus scrapes and the reader that a
// meter provider feeds it by. Its registry is its own, so that two daemons in
// one process do not meet.
func newEndpoint(log *slog.Logger) (http.Handler, sdkmetric.Reader, error) {
	registry := prometheus.NewRegistry()
	registry.MustRegister(
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	reader, err := promexporter.New(
		promexporter.WithRegisterer(registry),
		promexporter.WithTranslationStrategy(otlptranslator.UnderscoreEscapingWithSuffixes),
		promexporter.WithoutScopeInfo()) // every metric is of one scope
	if err != nil {
		return nil, nil, err
	}
	return promhttp.HandlerFor(registry, promhttp.HandlerOpts{
		ErrorLog:          scrapeLog{log},
		ErrorHandling:     promhttp.ContinueOnError,
		EnableOpenMetrics: true, // the only format with exemplars
	}), reader, nil
}

// scrapeLog writes the errors of a scrape to the log.
type scrapeLog struct{ log *slog.Logger }

// Println is what promhttp calls with an error.
func (l scrapeLog) Println(v ...any) { l.log.Warn("metrics not collected", "err", fmt.Sprint(v...)) }
