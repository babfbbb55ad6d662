package kube

import (
	"context"
	"log/slog"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"hedged.dev/hedged/pkg/access"
)

// Owner returns the reference by which what hedged makes for itself goes with its
// Deployment. It asks until it knows or ctx is done. If there is no such Deployment
// or it may not be read, that is logged and nil: what is made then stays.
func Owner(ctx context.Context, client kubernetes.Interface, namespace, deployment string, log *slog.Logger) *metav1.OwnerReference {
	trouble := newTrouble(log, "the Deployment that owns the Lease cannot be read, trying again")
	for pause := firstPause / 4; ; pause = min(2*pause, maxPause/12) {
		owner, err := ownerOf(ctx, client, namespace, deployment)
		switch {
		case err == nil:
			trouble.tell(ctx, "", nil)
			return owner
		case apierrors.IsForbidden(err), apierrors.IsUnauthorized(err), apierrors.IsNotFound(err):
			log.WarnContext(ctx, "Lease and last good ConfigMaps have no owner, and stay when hedged is removed",
				"deployment", namespace+"/"+deployment, "error", err)
			return nil
		case ctx.Err() == nil:
			trouble.tell(ctx, "", cause(err))
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(pause):
		}
	}
}

func ownerOf(ctx context.Context, client kubernetes.Interface, namespace, name string) (*metav1.OwnerReference, error) {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	d, err := client.AppsV1().Deployments(namespace).Get(ctx, name, metav1.GetOptions{})
	if err != nil {
		return nil, access.Refused(err, "get", "deployments.apps", namespace)
	}
	return &metav1.OwnerReference{APIVersion: "apps/v1", Kind: "Deployment", Name: d.Name, UID: d.UID}, nil
}

// owners are the references of an object with that owner, or none.
func owners(owner *metav1.OwnerReference) []metav1.OwnerReference {
	if owner == nil {
		return nil
	}
	return []metav1.OwnerReference{*owner}
}
