package chart_test

import (
	"strings"
	"testing"
)

// TestSchema renders with values that nobody can mean. Helm refuses each, and names it.
func TestSchema(t *testing.T) {
	f := func(name, want string, arguments ...string) {
		t.Helper()
		t.Run(name, func(t *testing.T) {
			out, err := try(t, "", "helm", append([]string{"template", release, chart}, arguments...)...)
			if err == nil {
				t.Fatalf("it was rendered:\n%.500s", out)
			}
			if !strings.Contains(err.Error(), "don't meet the specifications of the schema") || !strings.Contains(err.Error(), want) {
				t.Errorf("the message does not have %q: %v", want, err)
			}
		})
	}
	unknown := func(path, field string) {
		t.Helper()
		f(path+"."+field, field, "--set", strings.TrimPrefix(path+"."+field, ".")+"=1")
	}
	wrong := func(path, value string) {
		t.Helper()
		f(path+"="+value, "/"+strings.ReplaceAll(path, ".", "/"), "--set-json", path+"="+value)
	}

	for path, field := range map[string]string{
		"":                          "replicaCont",
		"image":                     "repositry",
		"policies":                  "namespace",
		"policies.starter":          "enabled",
		"config":                    "loglevel",
		"shutdown":                  "preStopSecond",
		"webhook":                   "failPolicy",
		"webhook.certificate":       "issuer",
		"telemetry":                 "oltp",
		"telemetry.otlp":            "endpoints",
		"telemetry.traces":          "ratio",
		"service":                   "ports",
		"rbac":                      "clusterWide",
		"podDisruptionBudget":       "maxUnavailible",
		"autoscaling":               "targetCPU",
		"networkPolicy.ingress":     "form",
		"monitoring.serviceMonitor": "intervall",
		"monitoring.prometheusRule": "disable",
		"monitoring.dashboard":      "label",
		"probes":                    "alive",
		"tests":                     "enable",
	} {
		unknown(path, field)
	}
	wrong("replicaCount", `"two"`)
	wrong("image.pullPolicy", `"Sometimes"`)
	wrong("image.digest", `"latest"`)
	wrong("policies.namespaces", `"shop"`)
	wrong("config.logLevel", `"loud"`)
	wrong("config.idleTimeout", `"two minutes"`)
	wrong("shutdown.drainSeconds", `"30s"`)
	wrong("shutdown.drainSeconds", `-1`)
	wrong("webhook.failurePolicy", `"ignore"`)
	wrong("webhook.timeoutSeconds", `31`)
	wrong("webhook.certificate.source", `"selfSigned"`)
	wrong("telemetry.otlp.protocol", `"http"`)
	wrong("service.port", `70000`)
	wrong("service.type", `"LoadBalanced"`)
	wrong("podDisruptionBudget.enabled", `"yes"`)
	wrong("autoscaling.minReplicas", `0`)
	wrong("extraEnv", `{"A": "b"}`)
	f("a front's typo", "hostname", "--set-json", `fronts=[{"name": "a", "hostname": "b"}]`)
	f("a front without a name", "name", "--set-json", `fronts=[{"port": 80}]`)
	f("a front's name", "/fronts/0/name", "--set-json", `fronts=[{"name": "catalog.shop"}]`)
}

// TestSchemaGlobal renders with values of a parent chart, which are anybody's.
func TestSchemaGlobal(t *testing.T) {
	render(t, "--set", "global.team=shop")
}
