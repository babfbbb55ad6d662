package webhook_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	admissionv1 "k8s.io/api/admission/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

// ask sends a body and returns the answer.
func ask(method, path string, body io.Reader) *http.Response {
	w := httptest.NewRecorder()
	judging().ServeHTTP(w, httptest.NewRequest(method, path, body))
	return w.Result()
}

// reviewed is the verdict on a request.
func reviewed(t *testing.T, r *admissionv1.AdmissionRequest) *admissionv1.AdmissionResponse {
	t.Helper()
	r.UID = "a-uid"
	r.Namespace = "shop"
	body, err := json.Marshal(admissionv1.AdmissionReview{
		TypeMeta: metav1.TypeMeta{APIVersion: "admission.k8s.io/v1", Kind: "AdmissionReview"}, Request: r,
	})
	if err != nil {
		t.Fatal(err)
	}
	answer := ask("POST", "/validate", bytes.NewReader(body))
	var review admissionv1.AdmissionReview
	if err := json.NewDecoder(answer.Body).Decode(&review); err != nil || answer.StatusCode != http.StatusOK {
		t.Fatalf("status %d, %v", answer.StatusCode, err)
	}
	if review.Kind != "AdmissionReview" || review.APIVersion != "admission.k8s.io/v1" || review.Response.UID != "a-uid" {
		t.Errorf("answer %+v", review)
	}
	return review.Response
}

func raw(t *testing.T, c *corev1.ConfigMap) runtime.RawExtension {
	t.Helper()
	data, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	return runtime.RawExtension{Raw: data}
}

func TestBadReviews(t *testing.T) {
	f := func(name, method, path, body string, status int, want string) {
		t.Helper()
		t.Run(name, func(t *testing.T) {
			answer := ask(method, path, strings.NewReader(body))
			text, _ := io.ReadAll(answer.Body)
			if answer.StatusCode != status || string(text) != want+"\n" {
				t.Errorf("status %d, want %d; body %q\nwant %q", answer.StatusCode, status, text, want)
			}
		})
	}
	review := func(request string) string {
		return `{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview"` + request + `}`
	}

	f("page", "GET", "/", "", 404, `no page "/" here; reviews are asked for with POST /validate`)
	f("method", "GET", "/validate", "", 405, "GET is not served here: use POST")
	f("empty", "POST", "/validate", "", 400, "admission review: unexpected end of JSON input")
	f("large", "POST", "/validate", strings.Repeat(" ", 3<<20+1), 413, "admission review: http: request body too large")
	f("kind", "POST", "/validate", "{}", 400,
		`admission review: kind "" of apiVersion "", want "AdmissionReview" of "admission.k8s.io/v1": set admissionReviewVersions to [v1]`)
	f("version", "POST", "/validate", `{"apiVersion":"admission.k8s.io/v1beta1","kind":"AdmissionReview"}`, 400,
		`admission review: kind "AdmissionReview" of apiVersion "admission.k8s.io/v1beta1", want "AdmissionReview" of "admission.k8s.io/v1": set admissionReviewVersions to [v1]`)
	f("no request", "POST", "/validate", review(""), 400, "admission review: has no request")
	f("no uid", "POST", "/validate", review(`,"request":{}`), 400, "admission review: the request has no uid")
	f("no object", "POST", "/validate", review(`,"request":{"uid":"1","operation":"CREATE","kind":{"version":"v1","kind":"ConfigMap"}}`), 400,
		"admission review: its object: unexpected end of JSON input")
	f("no old object", "POST", "/validate",
		review(`,"request":{"uid":"1","operation":"UPDATE","kind":{"version":"v1","kind":"ConfigMap"},"object":{"metadata":{"labels":{"hedged.dev/policy":"true"}}}}`),
		400, "admission review: its oldObject: unexpected end of JSON input")
}

// TestWhatIsLetThrough are requests whose policies, if they have any, are not new.
func TestWhatIsLetThrough(t *testing.T) {
	kind := metav1.GroupVersionKind{Version: "v1", Kind: "ConfigMap"}
	f := func(name string, allowed bool, r admissionv1.AdmissionRequest) {
		t.Helper()
		t.Run(name, func(t *testing.T) {
			if got := reviewed(t, &r); got.Allowed != allowed {
				t.Errorf("allowed %v, want %v: %v", got.Allowed, allowed, got.Result)
			}
		})
	}
	wrong, unlabelled := configMap(bad), configMap(bad)
	unlabelled.Labels = nil
	object := raw(t, wrong)
	begun := configMap(bad)
	begun.Name, begun.GenerateName = "", "policies-"

	f("a bad one", false, admissionv1.AdmissionRequest{Kind: kind, Operation: admissionv1.Create, Object: object})
	f("a bad one whose name is not whole", false, admissionv1.AdmissionRequest{Kind: kind, Operation: admissionv1.Create, Object: raw(t, begun)})
	f("a deletion", true, admissionv1.AdmissionRequest{Kind: kind, Operation: admissionv1.Delete, OldObject: object})
	f("another kind", true, admissionv1.AdmissionRequest{Kind: metav1.GroupVersionKind{Version: "v1", Kind: "Secret"}, Operation: admissionv1.Create, Object: object})
	f("without the label", true, admissionv1.AdmissionRequest{Kind: kind, Operation: admissionv1.Create, Object: raw(t, unlabelled)})
	f("the label is new", false, admissionv1.AdmissionRequest{Kind: kind, Operation: admissionv1.Update, OldObject: raw(t, unlabelled), Object: object})
	f("nothing changes", true, admissionv1.AdmissionRequest{Kind: kind, Operation: admissionv1.Update, OldObject: object, Object: object})
}

// TestManyFaultsAreCounted: an answer has a size that an API server takes.
func TestManyFaultsAreCounted(t *testing.T) {
	c := configMap("")
	for i := range 120 {
		c.Data[fmt.Sprintf("%03d.yaml", i)] = bad
	}
	verdict := reviewed(t, &admissionv1.AdmissionRequest{
		Kind: metav1.GroupVersionKind{Version: "v1", Kind: "ConfigMap"}, Operation: admissionv1.Create, Object: raw(t, c),
	})
	if verdict.Allowed || len(verdict.Result.Details.Causes) != 100 {
		t.Fatalf("verdict %+v", verdict)
	}
	if lines := strings.Split(verdict.Result.Message, "\n"); len(lines) != 101 || lines[100] != "and 20 more: hedged validate tells them all" {
		t.Errorf("%d lines, the last %q", len(lines), lines[len(lines)-1])
	}
}

func FuzzReview(f *testing.F) {
	f.Add([]byte(`{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{"uid":"1","operation":"CREATE","kind":{"version":"v1","kind":"ConfigMap"},"object":{"metadata":{"labels":{"hedged.dev/policy":"true"}},"data":{"a.yaml":"kind: ["}}}}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		answer := ask("POST", "/validate", bytes.NewReader(body))
		var review admissionv1.AdmissionReview
		if answer.StatusCode == http.StatusOK && (json.NewDecoder(answer.Body).Decode(&review) != nil || review.Response == nil || review.Response.UID == "") {
			t.Errorf("status 200 without a verdict")
		}
	})
}
