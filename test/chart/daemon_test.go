package chart_test

import (
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"hedged.dev/hedged/pkg/daemon"
	"hedged.dev/hedged/pkg/hedge"
	"hedged.dev/hedged/pkg/kube"
	"hedged.dev/hedged/pkg/telemetry"
	"hedged.dev/hedged/test/apiserver"
)

// instance is a daemon with policies of ConfigMaps.
type instance struct {
	*daemon.Daemon
	client *http.Client
}

// policyTable are policies by their host, one for each thing that only some export.
var policyTable = map[string]string{
	"adaptive": "fanOut: {max: 2}",
	"fixed":    "stagger: {mode: Fixed, fixed: 1s}\n  fanOut: {max: 2, adaptive: false}",
	"shadow":   "mode: Shadow",
}

// start runs a daemon with these policies, for an upstream that is there.
func start(t *testing.T) *instance {
	t.Helper()
	upstream := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost { // which is never sent twice: what is due after it is suppressed
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	}))
	t.Cleanup(upstream.Close)
	place := server.Namespace(t)
	var policies string
	for host, spec := range policyTable {
		policies += fmt.Sprintf(`---
apiVersion: hedged.dev/v1alpha1
kind: HedgePolicy
metadata: {name: %[1]s}
spec:
  match: [{hosts: [%[1]s]}]
  upstream: {endpoints: [%[2]q]}
  deadline: 5s
  %[3]s
`, host, upstream.URL, spec)
	}
	made := &corev1.ConfigMap{
		ObjectMeta: metav1.ObjectMeta{Name: "policies", Labels: map[string]string{"hedged.dev/policy": "true"}},
		Data:       map[string]string{"policies.yaml": policies},
	}
	if _, err := apiserver.Client(t, server.Config).CoreV1().ConfigMaps(place).Create(t.Context(), made, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}

	ctx, end := context.WithCancel(context.Background())
	d, err := daemon.New(ctx, daemon.Options{
		Listen: "127.0.0.1:0", HealthListen: "127.0.0.1:0", AdminListen: "127.0.0.1:0", Namespace: place,
		Cluster: &daemon.Cluster{
			Client:     kube.ClientOptions{Kubeconfig: kubeconfig(t)},
			ConfigMaps: []string{place}, Namespace: place, Release: "hedged", Pod: "hedged-0",
		},
		Telemetry: telemetry.Options{Service: "hedged", LogWriter: io.Discard},
	})
	if err != nil {
		end()
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- d.Run(ctx) }()
	transport := &http.Transport{}
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		end()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return &instance{d, &http.Client{Transport: transport}}
}

// call sends a call by each method to each policy, and one to none.
func (i *instance) call(t *testing.T) {
	t.Helper()
	for _, host := range append(slices.Collect(maps.Keys(policyTable)), "nobody") {
		for _, method := range []string{http.MethodGet, http.MethodPost} {
			i.fetch(t, method, host, "http://"+i.Addr().String())
		}
	}
}

func (i *instance) fetch(t *testing.T, method, host, url string) string {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, url, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	request.Host = host
	answer, err := i.client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

// scrape reads /metrics.
func (i *instance) scrape(t *testing.T) *page {
	t.Helper()
	parser := expfmt.NewTextParser(model.LegacyValidation)
	families, err := parser.TextToMetricFamilies(strings.NewReader(i.fetch(t, http.MethodGet, "", "http://"+i.HealthAddr().String()+"/metrics")))
	if err != nil {
		t.Fatal(err)
	}
	p := &page{series{}, map[string]map[string]bool{"hedged_suppressed_reason": reasons()}}
	for name, f := range families {
		var labels []string
		for _, m := range f.GetMetric() {
			for _, l := range m.GetLabel() {
				labels = append(labels, l.GetName())
				if p.values[l.GetName()] == nil {
					p.values[l.GetName()] = map[string]bool{}
				}
				p.values[l.GetName()][l.GetValue()] = true
			}
		}
		if f.GetType() == dto.MetricType_HISTOGRAM {
			p.series[name+"_bucket"] = append(labels, "le")
			p.series[name+"_sum"], p.series[name+"_count"] = labels, labels
		} else {
			p.series[name] = labels
		}
	}
	return p
}

// reasons are those to suppress an attempt. Each is exported once it has occurred, and
// most do not occur here.
func reasons() map[string]bool {
	known := map[string]bool{}
	for _, r := range []hedge.Reason{
		hedge.Budget, hedge.Breaker, hedge.NoEndpoint, hedge.NoTime, hedge.Pushback,
		hedge.NotIdempotent, hedge.BodyTooLarge, hedge.Draw, hedge.Overload,
	} {
		known[string(r)] = true
	}
	return known
}
