package kube

import (
	"context"
	"errors"
	"sync"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"hedged.dev/hedged/pkg/policy"
)

// deployment makes a Deployment of no pods, and returns the reference to it.
func (p *place) deployment() metav1.OwnerReference {
	p.t.Helper()
	labels := map[string]string{"app": "hedged"}
	d, err := p.client.AppsV1().Deployments(p.namespace).Create(p.t.Context(), &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Name: "hedged"},
		Spec: appsv1.DeploymentSpec{
			Replicas: new(int32), Selector: &metav1.LabelSelector{MatchLabels: labels},
			Template: corev1.PodTemplateSpec{
				ObjectMeta: metav1.ObjectMeta{Labels: labels},
				Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "hedged", Image: "hedged"}}},
			},
		},
	}, metav1.CreateOptions{})
	must(p.t, err)
	return metav1.OwnerReference{APIVersion: "apps/v1", Kind: "Deployment", Name: "hedged", UID: d.UID}
}

func (p *place) owner() *metav1.OwnerReference {
	return Owner(p.t.Context(), p.client, p.namespace, "hedged", p.log.logger())
}

func TestOwner(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	if got := p.owner(); got != nil || p.log.count("have no owner, and stay") != 1 {
		t.Errorf("without a Deployment: owner %v", got)
	}
	want := p.deployment()
	reader := p.as("reader", rbacv1.PolicyRule{APIGroups: []string{"apps"}, Resources: []string{"deployments"}, ResourceNames: []string{"hedged"}, Verbs: []string{"get"}})
	if got := reader.owner(); got == nil || *got != want {
		t.Errorf("owner %v, want %v", got, want)
	}
	stranger := p.as("stranger")
	if got := stranger.owner(); got != nil || stranger.log.count("may not get deployments.apps") != 1 {
		t.Errorf("without permission: owner %v", got)
	}
}

// TestOwnerIsAskedForUntilItIsKnown: an outage is no reason to do without.
func TestOwnerIsAskedForUntilItIsKnown(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	want := p.deployment()
	p.cut.Store(true)
	var group sync.WaitGroup
	group.Go(func() {
		if got := p.owner(); got == nil || *got != want {
			t.Errorf("owner %v, want %v", got, want)
		}
	})
	eventually(t, func() error {
		if p.log.count("cannot be read, trying again") == 0 {
			return errors.New("no trouble is told")
		}
		return nil
	})
	p.cut.Store(false)
	group.Wait()

	ended, end := context.WithCancel(t.Context())
	end()
	p.cut.Store(true)
	if got := Owner(ended, p.client, p.namespace, "hedged", p.log.logger()); got != nil {
		t.Errorf("after the end: owner %v", got)
	}
}

// TestShardsAndLeaseGoOverToANewOwner: after a removal and another installation
// they must not go with the Deployment that was removed.
func TestShardsAndLeaseGoOverToANewOwner(t *testing.T) {
	t.Parallel()
	s := newStore(newPlace(t))
	s.policies = []policy.Kept{kept("catalog", "a1", "")}
	for _, owner := range []*metav1.OwnerReference{nil, {APIVersion: "apps/v1", Kind: "Deployment", Name: "hedged", UID: "1"}, {APIVersion: "apps/v1", Kind: "Deployment", Name: "hedged", UID: "2"}} {
		s.restart()
		s.keeper.Own(owner)
		s.writer = newWriter(s.keeper)
		s.flush()
		m, err := s.client.CoreV1().ConfigMaps(s.namespace).Get(t.Context(), "hedged-last-good-0", metav1.GetOptions{})
		must(t, err)
		if got := m.OwnerReferences; owner == nil && len(got) > 0 || owner != nil && (len(got) != 1 || got[0] != *owner) {
			t.Errorf("owners of the shard %v, want %v", got, owner)
		}
		before := s.writes.Load()
		s.flush()
		if n := s.writes.Load() - before; n > 0 {
			t.Errorf("%d writes of what is there", n)
		}

		ctx, cancel := context.WithCancel(t.Context())
		o := (&candidate{place: s.place}).options("a")
		o.Owner = owner
		must(t, Lead(ctx, o, func(ctx context.Context) { cancel(); <-ctx.Done() }))
		if got := s.lease().OwnerReferences; owner == nil && len(got) > 0 || owner != nil && (len(got) != 1 || got[0] != *owner) {
			t.Errorf("owners of the Lease %v, want %v", got, owner)
		}
	}
}
