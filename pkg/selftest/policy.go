package selftest

import (
	"context"
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"hedged.dev/hedged/pkg/source"
)

// ConfigMaps are those of a namespace, as client-go has them.
type ConfigMaps interface {
	Create(ctx context.Context, c *corev1.ConfigMap, o metav1.CreateOptions) (*corev1.ConfigMap, error)
}

// document is a policy with a deadline to be filled in, on line 7. It is never stored.
const document = `apiVersion: hedged.dev/v1alpha1
kind: HedgePolicy
metadata: {name: selftest}
spec:
  match: [{hosts: [selftest.invalid]}]
  upstream: {endpoints: ["http://127.0.0.1:1"]}
  deadline: %s
`

// fault is the place of a deadline that is none, as the refusal shall name it.
const fault = ":7:13: spec.deadline"

// unasked is what to look at when the API server cannot ask hedged.
const unasked = "are hedged's pods ready, is the webhook's caBundle that of its certificate, and may the control plane reach the pods at port 8443?"

// Policy tests that the API server refuses a broken policy, and says where it is broken,
// and takes a good one. Both are dry runs: nothing is stored.
func Policy(namespace string, maps ConfigMaps) Test {
	return Test{
		What: "asking the API server to store a broken policy in namespace " + namespace + " (a dry run)",
		Look: func(ctx context.Context) Finding {
			refusal := store(ctx, maps, "soon")
			switch {
			case refusal == nil:
				return Finding{
					Saw: "the API server accepts a broken policy",
					Remedy: "is webhook.enabled set, and does its ValidatingWebhookConfiguration name this namespace? " +
						"With failurePolicy Ignore the API server also stores what it cannot ask about: " + unasked,
				}
			case strings.Contains(refusal.Error(), "failed calling webhook"):
				return Finding{Saw: refusal.Error(), Remedy: unasked}
			case apierrors.IsForbidden(refusal) && !strings.Contains(refusal.Error(), "admission webhook"):
				return Finding{Saw: refusal.Error(), Remedy: "the ServiceAccount of this test needs the verb create for configmaps in namespace " + namespace}
			case !strings.Contains(refusal.Error(), fault):
				return Finding{
					Saw:    "not the refusal of hedged's webhook: " + refusal.Error(),
					Remedy: "is the API server there, is there a namespace " + namespace + ", and does another admission webhook refuse first?",
				}
			}
			if err := store(ctx, maps, "300ms"); err != nil {
				return Finding{Saw: "a good policy is refused: " + err.Error(), Remedy: "does another admission webhook refuse it?"}
			}
			return Finding{Passed: true, Saw: fmt.Sprintf("a good policy is accepted, and a broken one is not: %v", refusal)}
		},
	}
}

// store asks for a policy of this deadline to be stored.
func store(ctx context.Context, maps ConfigMaps, deadline string) error {
	c := &corev1.ConfigMap{
		ObjectMeta: metav1.ObjectMeta{GenerateName: "hedged-selftest-", Labels: map[string]string{source.PolicyLabel: "true"}},
		Data:       map[string]string{"policy.yaml": fmt.Sprintf(document, deadline)},
	}
	_, err := maps.Create(ctx, c, metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
	return err
}
