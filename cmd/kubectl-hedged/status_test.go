package main

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"hedged.dev/hedged/pkg/inspect"
	"hedged.dev/hedged/pkg/proxy"
	"hedged.dev/hedged/pkg/source"
	"hedged.dev/hedged/test/apiserver"
)

// pages stand for a port of a pod. It returns the address.
func pages(t *testing.T, pages map[string]any) string {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		page, ok := pages[r.URL.Path]
		if !ok {
			http.NotFound(w, r)
			return
		}
		_ = json.NewEncoder(w).Encode(page)
	}))
	t.Cleanup(s.Close)
	return s.Listener.Addr().String()
}

// serves is what a debug port shows of policies, by name and revision.
func serves(t *testing.T, revisions map[string]string, documents ...inspect.Document) string {
	t.Helper()
	config := inspect.Config{Policies: []proxy.PolicyView{}, Documents: documents}
	for policy, revision := range revisions {
		config.Policies = append(config.Policies, proxy.PolicyView{Policy: policy, Revision: revision})
	}
	return pages(t, map[string]any{"/config_dump": config})
}

func annotated(t *testing.T, client *kubernetes.Clientset, namespace, name, status string) {
	t.Helper()
	c := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{
		Name: name, Labels: map[string]string{"hedged.dev/policy": "true"}, Annotations: map[string]string{"hedged.dev/status": status},
	}}
	if _, err := client.CoreV1().ConfigMaps(namespace).Create(t.Context(), c, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
}

// TestStatus: one policy is in force everywhere, one is refused and its last good
// revision serves in two pods of three, one has no upstream, and of one the
// annotation knows an earlier text.
func TestStatus(t *testing.T) {
	t.Parallel()
	namespace := server.Namespace(t)
	client := apiserver.Client(t, server.Config)
	annotated(t, client, namespace, "catalog", `{"observedHash":"`+source.Hash(nil)+`","documents":[
		{"policy":"`+namespace+`/catalog","key":"catalog.yaml","line":1,"revision":"111111111111","serving":"111111111111","conditions":[
			{"type":"Accepted","status":"True","reason":"Accepted","message":"","lastTransitionTime":"2026-11-01T10:00:00Z"},
			{"type":"Programmed","status":"True","reason":"Programmed","message":"","lastTransitionTime":"2026-11-01T10:00:00Z"}]},
		{"policy":"`+namespace+`/basket","key":"catalog.yaml","line":12,"serving":"222222222222","conditions":[
			{"type":"Accepted","status":"False","reason":"Invalid","message":"`+namespace+`/catalog/catalog.yaml:18:13: spec.deadline: is wrong","lastTransitionTime":"2026-11-01T10:00:00Z"},
			{"type":"Programmed","status":"False","reason":"LastGood","message":"still serving revision 222222222222","lastTransitionTime":"2026-11-01T10:00:00Z"}]}]}`)
	annotated(t, client, namespace, "search", `{"observedHash":"`+source.Hash(nil)+`","documents":[
		{"policy":"`+namespace+`/search","key":"search.yaml","line":1,"revision":"333333333333","serving":"333333333333","conditions":[
			{"type":"Accepted","status":"True","reason":"Accepted","message":"","lastTransitionTime":"2026-11-01T10:00:00Z"},
			{"type":"Programmed","status":"False","reason":"UpstreamNotFound","message":"no Service search","lastTransitionTime":"2026-11-01T10:00:00Z"}]}]}`)
	annotated(t, client, namespace, "new", `{"observedHash":"of an earlier text","documents":[{"policy":"`+namespace+`/old","key":"young.yaml","line":1}]}`)
	young := inspect.Document{Policy: namespace + "/young", Place: namespace + "/new/young.yaml", Line: 1, Condition: "Accepted", Serving: "444444444444", Observed: "444444444444"}

	all := map[string]string{
		namespace + "/catalog": "111111111111", namespace + "/basket": "222222222222", namespace + "/search": "333333333333", namespace + "/young": "444444444444",
	}
	late := map[string]string{namespace + "/catalog": "111111111111", namespace + "/basket": "999999999999", namespace + "/search": "333333333333"}
	for _, name := range []string{"hedged-0", "hedged-1", "hedged-2"} {
		runPod(t, client, namespace, name)
	}
	// What the annotation knows is not told twice.
	catalog := inspect.Document{Policy: namespace + "/catalog", Place: namespace + "/catalog/catalog.yaml", Line: 1, Condition: "Accepted"}
	p := pods{"hedged-0": {8082: serves(t, all, catalog, young)}, "hedged-1": {8082: serves(t, late)}, "hedged-2": {8082: serves(t, all, young)}}

	f := func(name, stderr string, p pods, args ...string) {
		t.Helper()
		code, stdout, errs := plugin(t.Context(), t, namespace, p.reach, append([]string{"status"}, args...)...)
		if code != 0 || errs != stderr {
			t.Errorf("%s: exit code %d, stderr %q, want %q", name, code, errs, stderr)
		}
		golden(t, filepath.Join("testdata", "status", name+".txt"), namespace, stdout)
	}
	f("text", "", p)
	f("json", "", p, "-o", "json")
	f("yaml", "", p, "-o", "yaml")
	delete(p, "hedged-2")
	f("broken-pod", "kubectl hedged: warning: pod hedged-2 broke\n", p)
	f("no-pods", "kubectl hedged: warning: no pod has the labels app=other in namespace "+namespace+
		": give those of your daemons with -l, or their namespace with --daemon-namespace\n", p, "-l", "app=other")

	// A ConfigMap that nobody has judged is told of; one without a policy is not.
	fresh := server.Namespace(t)
	for name, key := range map[string]string{"fresh": "a.yaml", "notes": "readme.txt"} {
		object := &corev1.ConfigMap{
			ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{source.PolicyLabel: "true"}},
			Data:       map[string]string{key: "text"},
		}
		if _, err := apiserver.Client(t, server.Config).CoreV1().ConfigMaps(fresh).Create(t.Context(), object, metav1.CreateOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	_, got, _ := plugin(t.Context(), t, fresh, p.reach, "status")
	if want := "ConfigMap " + fresh + "/fresh is not judged yet: is hedged running, with --configmaps for its namespace?\n"; got != want {
		t.Errorf("stdout %q, want %q", got, want)
	}

	// The daemons may be elsewhere.
	elsewhere := server.Namespace(t)
	code, stdout, stderr := plugin(t.Context(), t, elsewhere, p.reach, "status", "-n", elsewhere, "--daemon-namespace", namespace)
	if want := "no policy: hedged reads the ConfigMaps that are labelled hedged.dev/policy=true\n"; code != 0 || stdout != want {
		t.Errorf("exit code %d, stdout %q, stderr %q", code, stdout, stderr)
	}
}

// TestForbidden: what is missing is named, with the remedy.
func TestForbidden(t *testing.T) {
	t.Parallel()
	namespace := server.Namespace(t)
	code, _, stderr := plugin(t.Context(), t, namespace, pods{}.reach, "status", "--as", "somebody")
	want := `kubectl hedged: user "somebody" may not list configmaps in namespace ` + namespace + `: allow it in a Role of namespace ` +
		namespace + ` with apiGroups [""], resources ["configmaps"], verbs ["list"]` + "\n"
	if code != 1 || stderr != want {
		t.Errorf("exit code %d, stderr\n%swant\n%s", code, stderr, want)
	}
}

func TestPodsThatDoNotRun(t *testing.T) {
	t.Parallel()
	namespace := server.Namespace(t)
	client := apiserver.Client(t, server.Config)
	pod := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: "hedged-0", Labels: map[string]string{"app.kubernetes.io/name": "hedged"}},
		Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "hedged", Image: "hedged"}}},
	}
	if _, err := client.CoreV1().Pods(namespace).Create(t.Context(), pod, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	code, _, stderr := plugin(t.Context(), t, namespace, pods{}.reach, "top", "--once")
	want := "kubectl hedged: no pod with the labels app.kubernetes.io/name=hedged in namespace " + namespace + " runs: kubectl describe pod says why\n"
	if code != 1 || stderr != want {
		t.Errorf("exit code %d, stderr\n%swant\n%s", code, stderr, want)
	}
}

func TestNoCluster(t *testing.T) {
	t.Setenv("KUBECONFIG", filepath.Join(t.TempDir(), "none"))
	code, _, stderr := bare(t.Context(), "", nil, "status", "--kubeconfig", "nowhere")
	if code != 1 || !strings.HasPrefix(stderr, "kubectl hedged: no cluster to ask: ") {
		t.Errorf("exit code %d, stderr %s", code, stderr)
	}
}
