package e2e

import (
	"context"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"hedged.dev/hedged/test/cluster/build"
	"hedged.dev/hedged/test/cluster/trace"
)

// Where the recipes have Jaeger, and a collector before it, take spans by gRPC.
const (
	tracing        = "tracing"
	jaegerSpans    = "http://jaeger." + tracing + ":4317"
	collectorSpans = "http://collector." + tracing + ":4317"
)

// jaeger installs Jaeger by the recipe that users get, and returns its query API.
func jaeger(t *testing.T) *trace.Jaeger {
	t.Helper()
	apply(t, recipe(t, "jaeger.yaml"))
	t.Cleanup(func() {
		now := int64(0)
		if err := world.client.CoreV1().Namespaces().Delete(context.Background(), tracing, metav1.DeleteOptions{GracePeriodSeconds: &now}); err != nil {
			t.Error(err)
		}
		// The namespace is the recipe's: the next test makes it again.
		gone := []string{"kubectl", "wait", "--for=delete", "namespace/" + tracing, "--timeout=90s"}
		if out, err := execute(context.Background(), "", append([]string{program(gone[0])}, gone[1:]...)...); err != nil {
			t.Errorf("%v: %v\n%s", gone, err, out)
		}
	})
	kubectl(t, "", "rollout", "status", "--timeout=90s", "-n", tracing, "deployment/jaeger")
	s, err := world.client.CoreV1().Services(tracing).Get(t.Context(), "jaeger", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return &trace.Jaeger{URL: "http://" + net.JoinHostPort(s.Spec.ClusterIP, port(t, s, "query")), Client: client}
}

// recipe is a recipe of the documentation. Its image is that of a registry, which
// is not to be had here: Jaeger of this machine takes its place, which is a
// collector too.
func recipe(t *testing.T, name string) string {
	t.Helper()
	checkout, err := build.Find(os.Stderr)
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(checkout.Checkout, "docs", "recipes", name))
	if err != nil {
		t.Fatal(err)
	}
	image := regexp.MustCompile(`image: \S+`)
	if found := len(image.FindAll(text, -1)); found != 1 {
		t.Fatalf("%s has %d images", name, found)
	}
	return image.ReplaceAllString(string(text), "image: "+build.Registry+"jaeger:1")
}

func port(t *testing.T, s *corev1.Service, name string) string {
	t.Helper()
	for _, p := range s.Spec.Ports {
		if p.Name == name {
			return strconv.Itoa(int(p.Port))
		}
	}
	t.Fatalf("Service %s has no port %s", s.Name, name)
	return ""
}

// traced installs hedged with spans of every call sent to an address.
func traced(t *testing.T, replicas int, spans string) *installation {
	t.Helper()
	return install(t, replicas, "telemetry.otlp.endpoint="+spans, "telemetry.traces.sampler=parentbased_always_on")
}

// TestTailSampling has a collector by the recipe keep the calls that are worth
// looking at, and few others.
func TestTailSampling(t *testing.T) {
	j := jaeger(t)
	apply(t, recipe(t, "collector.yaml"))
	kubectl(t, "", "rollout", "status", "--timeout=90s", "-n", tracing, "deployment/collector")
	i := traced(t, 1, collectorSpans)
	i.upstream("catalog", 2, map[string]string{"DELAY": "5ms", "OTEL_EXPORTER_OTLP_ENDPOINT": collectorSpans})
	i.create("catalog", fixedPlan("catalog", host, "catalog"))
	i.inForce(i.pods(), "catalog", "", 20*time.Second)
	client := i.recorder()
	begin := time.Now()
	calls := client.record(host, 400)
	i.control("catalog", "delay=60ms") // more than the stagger
	calls = append(calls, client.record(host, 20)...)

	kept := func() (hedged, others int) {
		t.Helper()
		for _, r := range calls {
			got, err := j.Trace(t.Context(), r.id)
			if err != nil {
				continue // it was not kept, or is not there yet
			}
			if c := got.Calls(); len(c) == 1 && len(c[0].Attempts) > 1 {
				hedged++
			} else {
				others++
			}
		}
		return hedged, others
	}
	var hedged, others int
	eventually(t, "the hedged calls in Jaeger", time.Minute, func(context.Context) error {
		if hedged, others = kept(); hedged < 20 {
			return errNotYet
		}
		return nil
	})
	note(t, "tail sampling: hedged calls in Jaeger after", time.Since(begin).Round(time.Second).String(), nil)
	hold(t, hedged >= 20 && others > 0 && others < len(calls)/4, "tail sampling: traces kept of "+strconv.Itoa(len(calls))+" calls, 20 of them hedged",
		strconv.Itoa(hedged)+" with more than one attempt, "+strconv.Itoa(others)+" others", "all that were hedged, and one in twenty of the others", nil)
}
