package main

import (
	"path/filepath"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"hedged.dev/hedged/api/v1alpha1"
	"hedged.dev/hedged/pkg/adapt"
	"hedged.dev/hedged/pkg/proxy"
	"hedged.dev/hedged/pkg/upstream"
	"hedged.dev/hedged/test/apiserver"
)

// explained is a debug port with one policy whose plan has so many attempts.
func explained(t *testing.T, policy string, fanOut int) string {
	t.Helper()
	p := proxy.PolicyView{
		Policy: policy, Revision: "24fef0216492", Place: policy + "/catalog.yaml", Line: 1,
		Spec: v1alpha1.HedgePolicySpec{
			Mode: v1alpha1.ModeEnforce, FanOut: v1alpha1.FanOut{Max: 3}, Stagger: v1alpha1.Stagger{Mode: v1alpha1.StaggerFixed},
		},
		Plan: proxy.PlanView{
			FanOut: fanOut, Gaps: []string{}, Deadline: "250ms", LeastRemaining: "0s", Rule: adapt.Given, Reason: "as given",
		},
	}
	u := proxy.UpstreamView{Policy: policy, Endpoints: []upstream.EndpointStatus{{Address: "10.0.0.9:80", State: "closed"}}}
	return pages(t, map[string]any{
		"/config_dump": map[string]any{"policies": []proxy.PolicyView{p}}, "/upstreams": proxy.UpstreamsView{Upstreams: []proxy.UpstreamView{u}},
	})
}

func TestExplain(t *testing.T) {
	t.Parallel()
	namespace := server.Namespace(t)
	client := apiserver.Client(t, server.Config)
	runPod(t, client, namespace, "hedged-0")
	runPod(t, client, namespace, "hedged-1", corev1.ContainerPort{Name: "admin", ContainerPort: 9000})
	id := namespace + "/catalog"
	p := pods{"hedged-0": {8082: explained(t, id, 2)}, "hedged-1": {9000: explained(t, id, 3), 9001: explained(t, id, 1)}}

	f := func(name, stderr string, args ...string) {
		t.Helper()
		code, stdout, errs := plugin(t.Context(), t, namespace, p.reach, append([]string{"explain"}, args...)...)
		if code != 0 || errs != stderr {
			t.Errorf("%s: exit code %d, stderr %q, want %q", name, code, errs, stderr)
		}
		golden(t, filepath.Join("testdata", "explain", name+".txt"), namespace, stdout)
	}
	f("all", "", "catalog")
	f("one", "", id, "--pod", "hedged-1")
	f("json", "", "catalog", "-o", "json")
	f("port", "", "catalog", "--pod", namespace+"/hedged-1", "--admin-port", "9001")
	runPod(t, client, namespace, "hedged-2")
	f("broken-pod", "kubectl hedged: warning: pod hedged-2 broke\n", "catalog")

	wrong := func(want string, args ...string) {
		t.Helper()
		code, stdout, stderr := plugin(t.Context(), t, namespace, p.reach, append([]string{"explain"}, args...)...)
		if code != 1 || stdout != "" || !strings.HasSuffix(stderr, "kubectl hedged: "+want+"\n") {
			t.Errorf("exit code %d, stdout %q, stderr\n%swant\n%s", code, stdout, stderr, want)
		}
	}
	wrong("hedged has no policy catlog; did you mean catalog?", "catlog")
	wrong("no daemon runs in a pod hedged-9; did you mean hedged-0?", "catalog", "--pod", "hedged-9")
	wrong("no daemon runs in a pod frontend; there are hedged-0, hedged-1, hedged-2", "catalog", "--pod", "frontend")
	wrong("pod hedged-2 broke", "catalog", "--pod", "hedged-2")
}

// TestWrongPort: what is not a daemon's debug port is told as such.
func TestWrongPort(t *testing.T) {
	t.Parallel()
	namespace := server.Namespace(t)
	runPod(t, apiserver.Client(t, server.Config), namespace, "hedged-0")
	f := func(want, address string) {
		t.Helper()
		p := pods{"hedged-0": {8082: address}}
		code, _, stderr := plugin(t.Context(), t, namespace, p.reach, "explain", "catalog")
		if want = "kubectl hedged: " + strings.ReplaceAll(want, "POD", "pod "+namespace+"/hedged-0, port 8082") + "\n"; code != 1 || stderr != want {
			t.Errorf("exit code %d, stderr\n%swant\n%s", code, stderr, want)
		}
	}
	f("POD/config_dump answers 404: no debug port of hedged, which hedged serve opens at --admin-listen", pages(t, nil))
	f("nobody listens at POD: a daemon opens its debug port there with hedged serve --admin-listen ADDRESS", "127.0.0.1:1")
	f("POD/config_dump: json: cannot unmarshal string into Go value of type inspect.Config; is it a daemon of another version?",
		pages(t, map[string]any{"/config_dump": "hello"}))
}
