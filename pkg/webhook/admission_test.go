package webhook_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
	corev1client "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/rest"

	"hedged.dev/hedged/pkg/webhook"
	"hedged.dev/hedged/test/apiserver"
)

// admission is a namespace of a real API server that asks a webhook.
type admission struct {
	namespace string
	listener  *httptest.Server
	files     *mounted
	ca        *authority
	client    *kubernetes.Clientset
	warnings  *warnings
}

// warnings are those that the API server sent.
type warnings struct {
	mu   sync.Mutex
	text []string
}

// HandleWarningHeader keeps a warning.
func (w *warnings) HandleWarningHeader(_ int, _, text string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.text = append(w.text, text)
}

func (w *warnings) take() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	text := w.text
	w.text = nil
	return text
}

func admit(t *testing.T) *admission {
	t.Helper()
	a := &admission{namespace: server.Namespace(t), ca: newAuthority(t), warnings: &warnings{}}
	a.files = mount(t, nil, nil)
	a.files.swap(a.ca.issue())
	config, err := webhook.Certificates(a.files.certificate(), a.files.key(), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	a.listener = httptest.NewUnstartedServer(judging())
	a.listener.Config.ErrorLog = log.New(io.Discard, "", 0)
	a.listener.Listener = tls.NewListener(a.listener.Listener, config)
	a.listener.Start()
	t.Cleanup(a.listener.Close)

	as := rest.CopyConfig(server.Config)
	as.WarningHandler = a.warnings
	a.client = apiserver.Client(t, as)
	hook := &admissionregistrationv1.ValidatingWebhookConfiguration{
		ObjectMeta: metav1.ObjectMeta{Name: a.namespace},
		Webhooks: []admissionregistrationv1.ValidatingWebhook{{
			Name:                    "policies.hedged.dev",
			ClientConfig:            admissionregistrationv1.WebhookClientConfig{URL: new("https://" + a.listener.Listener.Addr().String() + webhook.Path), CABundle: a.ca.pem},
			FailurePolicy:           new(admissionregistrationv1.Ignore),
			SideEffects:             new(admissionregistrationv1.SideEffectClassNone),
			TimeoutSeconds:          new(int32(30)), // of a busy machine,
			AdmissionReviewVersions: []string{"v1"},
			ObjectSelector:          &metav1.LabelSelector{MatchLabels: map[string]string{"hedged.dev/policy": "true"}},
			NamespaceSelector:       &metav1.LabelSelector{MatchLabels: map[string]string{"kubernetes.io/metadata.name": a.namespace}},
			Rules: []admissionregistrationv1.RuleWithOperations{{
				Operations: []admissionregistrationv1.OperationType{admissionregistrationv1.Create, admissionregistrationv1.Update},
				Rule:       admissionregistrationv1.Rule{APIGroups: []string{""}, APIVersions: []string{"v1"}, Resources: []string{"configmaps"}},
			}},
		}},
	}
	hooks := a.client.AdmissionregistrationV1().ValidatingWebhookConfigurations()
	if _, err := hooks.Create(t.Context(), hook, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = hooks.Delete(context.Background(), a.namespace, metav1.DeleteOptions{}) })
	eventually(t, "the API server to ask the webhook", func() bool {
		_, err := a.configMaps().Create(t.Context(), configMap(bad), metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
		return apierrors.IsInvalid(err)
	})
	return a
}

func (a *admission) configMaps() corev1client.ConfigMapInterface {
	return a.client.CoreV1().ConfigMaps(a.namespace)
}

func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	look := time.NewTicker(20 * time.Millisecond)
	defer look.Stop()
	for end := time.After(30 * time.Second); !holds(); {
		select {
		case <-look.C:
		case <-end:
			t.Fatalf("waited in vain for %s", what)
		}
	}
}

// refused checks that an error is the refusal of the bad document, word for word
// as a check of the policies says it, in each of the two places that kubectl shows.
func (a *admission) refused(t *testing.T, err error) {
	t.Helper()
	line := fmt.Sprintf(fault, a.namespace)
	var status *apierrors.StatusError
	if !apierrors.IsInvalid(err) || !errors.As(err, &status) {
		t.Fatalf("error %v, want a refusal", err)
	}
	if want := `admission webhook "policies.hedged.dev" denied the request: ` + line; status.ErrStatus.Message != want {
		t.Errorf("message %q\n   want %q", status.ErrStatus.Message, want)
	}
	details := status.ErrStatus.Details
	if details == nil || details.Name != "policies" || len(details.Causes) != 1 || details.Causes[0].Field+": "+details.Causes[0].Message != line {
		t.Errorf("details %+v, want one cause that reads %s", details, line)
	}
	if status.ErrStatus.Code != 422 {
		t.Errorf("code %d, want 422", status.ErrStatus.Code)
	}
}

func TestBadPolicyIsRefused(t *testing.T) {
	t.Parallel()
	a := admit(t)
	_, err := a.configMaps().Create(t.Context(), configMap(bad), metav1.CreateOptions{})
	a.refused(t, err)
	if _, err := a.configMaps().Get(t.Context(), "policies", metav1.GetOptions{}); !apierrors.IsNotFound(err) {
		t.Errorf("the refused ConfigMap is there: %v", err)
	}
	stored, err := a.configMaps().Create(t.Context(), configMap(good), metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	stored.Data["catalog.yaml"] = bad
	_, err = a.configMaps().Update(t.Context(), stored, metav1.UpdateOptions{})
	a.refused(t, err)
	patch := fmt.Appendf(nil, `{"data":{"catalog.yaml":%q}}`, bad)
	_, err = a.configMaps().Patch(t.Context(), "policies", types.MergePatchType, patch, metav1.PatchOptions{DryRun: []string{metav1.DryRunAll}})
	a.refused(t, err)
	stored, err = a.configMaps().Get(t.Context(), "policies", metav1.GetOptions{})
	if err != nil || stored.Data["catalog.yaml"] != good {
		t.Errorf("error %v, stored\n%s", err, stored.Data["catalog.yaml"])
	}
	if _, err := a.configMaps().Patch(t.Context(), "policies", types.MergePatchType,
		fmt.Appendf(nil, `{"data":{"catalog.yaml":%q}}`, document("catalog", "catalog.example", "200ms")), metav1.PatchOptions{}); err != nil {
		t.Errorf("a good edit: %v", err)
	}
}

func TestDryRun(t *testing.T) {
	t.Parallel()
	a := admit(t)
	dry := metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}}
	_, err := a.configMaps().Create(t.Context(), configMap(bad), dry)
	a.refused(t, err)
	if _, err := a.configMaps().Create(t.Context(), configMap(good), dry); err != nil {
		t.Error(err)
	}
}

func TestWarningsAreShown(t *testing.T) {
	t.Parallel()
	a := admit(t)
	text := good + "  attemptTimeout: 10ms\n  stagger: {mode: Fixed, fixed: 20ms}\n"
	if _, err := a.configMaps().Create(t.Context(), configMap(text), metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	want := a.namespace + "/policies/catalog.yaml:8:19: warning: spec.attemptTimeout: 10ms is below the stagger 20ms: " +
		"attempts end before a hedge is due, which is sequential retry; raise it or lower the stagger"
	if got := a.warnings.take(); len(got) != 1 || got[0] != want {
		t.Errorf("warnings %q, want %q", got, want)
	}
}

// TestWhatIsBadAlreadyMayBeLabelled: a ConfigMap that was bad before the webhook
// came takes labels, annotations and a deletion, and no new data.
func TestWhatIsBadAlreadyMayBeLabelled(t *testing.T) {
	t.Parallel()
	a := admit(t)
	unlabelled := configMap(bad)
	unlabelled.Labels = nil
	if _, err := a.configMaps().Create(t.Context(), unlabelled, metav1.CreateOptions{}); err != nil {
		t.Fatalf("without the label: %v", err)
	}
	patch := func(text string) error {
		_, err := a.configMaps().Patch(t.Context(), "policies", types.MergePatchType, []byte(text), metav1.PatchOptions{})
		return err
	}
	a.refused(t, patch(`{"metadata":{"labels":{"hedged.dev/policy":"true"}}}`))

	a.switchOff(t)
	if err := patch(`{"metadata":{"labels":{"hedged.dev/policy":"true"}}}`); err != nil {
		t.Fatal(err)
	}
	a.switchOn(t)
	for _, allowed := range []string{
		`{"metadata":{"labels":{"team":"shop"}}}`,
		`{"metadata":{"annotations":{"hedged.dev/status":"{}"}}}`,
	} {
		if err := patch(allowed); err != nil {
			t.Errorf("%s: %v", allowed, err)
		}
	}
	a.refused(t, patch(`{"data":{"other.yaml":""}}`))
	if err := a.configMaps().Delete(t.Context(), "policies", metav1.DeleteOptions{}); err != nil {
		t.Error(err)
	}
}

// switchOff takes the namespace away from the webhook, and switchOn gives it back.
func (a *admission) switchOff(t *testing.T) { a.ask(t, "nowhere", false) }
func (a *admission) switchOn(t *testing.T)  { a.ask(t, a.namespace, true) }

func (a *admission) ask(t *testing.T, namespace string, asked bool) {
	t.Helper()
	patch := fmt.Appendf(nil, `[{"op":"replace","path":"/webhooks/0/namespaceSelector/matchLabels","value":{"kubernetes.io/metadata.name":%q}}]`, namespace)
	_, err := a.client.AdmissionregistrationV1().ValidatingWebhookConfigurations().Patch(t.Context(), a.namespace, types.JSONPatchType, patch, metav1.PatchOptions{})
	if err != nil {
		t.Fatal(err)
	}
	probe := configMap(bad)
	probe.Name = "probe"
	eventually(t, "the API server to follow", func() bool {
		_, err := a.configMaps().Create(t.Context(), probe, metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
		return apierrors.IsInvalid(err) == asked
	})
}

// TestWebhookThatIsDown: failurePolicy Ignore lets a bad policy through, which the
// daemon refuses then.
func TestWebhookThatIsDown(t *testing.T) {
	t.Parallel()
	a := admit(t)
	a.listener.Close()
	if _, err := a.configMaps().Create(t.Context(), configMap(bad), metav1.CreateOptions{}); err != nil {
		t.Errorf("with the webhook down: %v", err)
	}
}

// TestCertificateSwappedWhileRunning: the API server and others get the new one.
func TestCertificateSwappedWhileRunning(t *testing.T) {
	t.Parallel()
	a := admit(t)
	serial := func() int64 {
		roots := x509.NewCertPool()
		roots.AddCert(a.ca.certificate)
		c, err := tls.Dial("tcp", a.listener.Listener.Addr().String(), &tls.Config{RootCAs: roots})
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		return c.ConnectionState().PeerCertificates[0].SerialNumber.Int64()
	}
	before := serial()
	a.files.swap(a.ca.issue())
	eventually(t, "the new certificate", func() bool { return serial() == before+1 })
	a.listener.CloseClientConnections() // the API server keeps its own open
	// A question on a connection that is just being closed goes unanswered, and
	// failurePolicy Ignore lets the edit pass: hence dry runs, until one is answered.
	var refusal error
	eventually(t, "a refusal over a new connection", func() bool {
		_, refusal = a.configMaps().Create(t.Context(), configMap(bad), metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
		return refusal != nil
	})
	a.refused(t, refusal)
}

// TestSeveralFaults: each on its line, conflicts within the ConfigMap too.
func TestSeveralFaults(t *testing.T) {
	t.Parallel()
	a := admit(t)
	c := configMap(bad)
	c.Data["a.yaml"] = document("a", "a.example", "1s")
	c.Data["b.yml"] = document("b", "a.example", "1s")
	c.Data["_example"] = "anything"
	c.Data["notes.txt"] = "anything: ["
	_, err := a.configMaps().Create(t.Context(), c, metav1.CreateOptions{})
	want := `admission webhook "policies.hedged.dev" denied the request: ` + a.namespace + "/policies/b.yml:1:1: spec.match: host a.example is held by policy " +
		a.namespace + "/a in " + a.namespace + "/policies/a.yaml:1: change the match of one of them, or remove one\n" + fmt.Sprintf(fault, a.namespace)
	if err == nil || err.Error() != want {
		t.Errorf("error\n%v\nwant\n%s", err, want)
	}
}

func TestBinaryData(t *testing.T) {
	t.Parallel()
	a := admit(t)
	c := configMap(good)
	c.BinaryData = map[string][]byte{"more.yaml": []byte(good), "picture.png": {1}}
	_, err := a.configMaps().Create(t.Context(), c, metav1.CreateOptions{})
	if !apierrors.IsInvalid(err) {
		t.Errorf("error %v, want a refusal", err)
	}
	delete(c.BinaryData, "more.yaml")
	if _, err := a.configMaps().Create(t.Context(), c, metav1.CreateOptions{}); err != nil {
		t.Error(err)
	}
}
