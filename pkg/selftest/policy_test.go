package selftest_test

import (
	"context"
	"encoding/pem"
	"io"
	"log"
	"log/slog"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"

	"hedged.dev/hedged/pkg/control"
	"hedged.dev/hedged/pkg/policy"
	"hedged.dev/hedged/pkg/selftest"
	"hedged.dev/hedged/pkg/source"
	"hedged.dev/hedged/pkg/webhook"
	"hedged.dev/hedged/test/apiserver"
)

// register has the API server ask a webhook about the policies of a namespace.
func register(t *testing.T, client kubernetes.Interface, namespace string, judge func([]source.File) policy.Faults) {
	t.Helper()
	hook := httptest.NewUnstartedServer(webhook.New(webhook.Options{Judge: judge, Log: slog.New(slog.DiscardHandler)}))
	hook.Config.ErrorLog = log.New(io.Discard, "", 0)
	hook.StartTLS()
	t.Cleanup(hook.Close)
	configuration := &admissionv1.ValidatingWebhookConfiguration{
		ObjectMeta: metav1.ObjectMeta{Name: namespace},
		Webhooks: []admissionv1.ValidatingWebhook{{
			Name: "policies.hedged.dev",
			ClientConfig: admissionv1.WebhookClientConfig{
				URL:      new(hook.URL + webhook.Path),
				CABundle: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: hook.Certificate().Raw}),
			},
			FailurePolicy:           new(admissionv1.Ignore),
			SideEffects:             new(admissionv1.SideEffectClassNone),
			AdmissionReviewVersions: []string{"v1"},
			ObjectSelector:          &metav1.LabelSelector{MatchLabels: map[string]string{source.PolicyLabel: "true"}},
			NamespaceSelector:       &metav1.LabelSelector{MatchLabels: map[string]string{"kubernetes.io/metadata.name": namespace}},
			Rules: []admissionv1.RuleWithOperations{{
				Operations: []admissionv1.OperationType{admissionv1.Create, admissionv1.Update},
				Rule:       admissionv1.Rule{APIGroups: []string{""}, APIVersions: []string{"v1"}, Resources: []string{"configmaps"}},
			}},
		}},
	}
	hooks := client.AdmissionregistrationV1().ValidatingWebhookConfigurations()
	if _, err := hooks.Create(t.Context(), configuration, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = hooks.Delete(context.Background(), namespace, metav1.DeleteOptions{}) })
}

// judge says what the daemon does.
func judge(files []source.File) policy.Faults {
	return control.Findings(control.Judge(files, "cluster.local"))
}

func TestPolicyWithTheWebhook(t *testing.T) {
	t.Parallel()
	client, namespace := apiserver.Client(t, server.Config), server.Namespace(t)
	register(t, client, namespace, judge)
	var out buffer
	if f := selftest.Policy(namespace, client.CoreV1().ConfigMaps(namespace)).Run(t.Context(), &out, patience); !f.Passed {
		t.Fatalf("it says\n%s", out.String())
	}
	for _, want := range []string{`:7:13: spec.deadline: Invalid value: "soon": must be a duration`, "a good policy is accepted"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("it does not say %q:\n%s", want, out.String())
		}
	}
	if stored, err := client.CoreV1().ConfigMaps(namespace).List(t.Context(), metav1.ListOptions{}); err != nil || len(stored.Items) > 0 {
		t.Errorf("error %v, left behind %v", err, stored.Items)
	}
}

func TestWhatIsSeenOfAPolicyThatFails(t *testing.T) {
	t.Parallel()
	client := apiserver.Client(t, server.Config)
	f := func(namespace string, client kubernetes.Interface, saw, remedy string) {
		t.Helper()
		var got selftest.Finding
		test := selftest.Policy(namespace, client.CoreV1().ConfigMaps(namespace))
		eventually(t, saw, func() bool { // the API server follows a registration a moment later
			got = test.Look(t.Context())
			return !got.Passed && strings.Contains(got.Saw, saw)
		})
		if !strings.Contains(got.Remedy, remedy) {
			t.Errorf("%+v, want the remedy %q", got, remedy)
		}
	}

	namespace := server.Namespace(t)
	f(namespace, client, "the API server accepts a broken policy", "is webhook.enabled set")
	f("nowhere", client, `namespaces "nowhere" not found`, "is there a namespace nowhere")
	f(namespace, apiserver.Client(t, server.As("nobody")), `configmaps is forbidden: User "nobody" cannot create resource "configmaps"`, "the verb create for configmaps in namespace "+namespace)

	strict := server.Namespace(t)
	register(t, client, strict, func(files []source.File) policy.Faults {
		if faults := judge(files).Errors(); len(faults) > 0 {
			return faults
		}
		return judge([]source.File{{Place: files[0].Place, Data: []byte("x")}})
	})
	f(strict, client, "a good policy is refused: admission webhook", "another admission webhook")

	away := server.Namespace(t)
	register(t, client, away, judge)
	patch := []byte(`[{"op":"replace","path":"/webhooks/0/failurePolicy","value":"Fail"},{"op":"replace","path":"/webhooks/0/clientConfig/url","value":"https://127.0.0.1:1/validate"}]`)
	_, err := client.AdmissionregistrationV1().ValidatingWebhookConfigurations().Patch(t.Context(), away, types.JSONPatchType, patch, metav1.PatchOptions{})
	if err != nil {
		t.Fatal(err)
	}
	f(away, client, `failed calling webhook "policies.hedged.dev"`, "are hedged's pods ready")

	deaf := server.Namespace(t)
	register(t, client, deaf, func(files []source.File) policy.Faults {
		return judge([]source.File{{Place: files[0].Place, Data: []byte("x")}})
	})
	f(deaf, client, "not the refusal of hedged's webhook: admission webhook", "does another admission webhook refuse first?")
}

func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	look := time.NewTicker(20 * time.Millisecond)
	defer look.Stop()
	for end := time.After(patience); !holds(); {
		select {
		case <-look.C:
		case <-end:
			t.Fatalf("waited in vain for %s", what)
		}
	}
}
