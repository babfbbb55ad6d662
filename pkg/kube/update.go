package kube

import (
	"context"
	"errors"
	"slices"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/resourceversion"
	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"

	"hedged.dev/hedged/pkg/access"
	"hedged.dev/hedged/pkg/source"
)

// fieldManager owns the annotation, and nothing else.
const fieldManager = "hedged-status"

// requestTimeout bounds one request.
const requestTimeout = 10 * time.Second

// update writes one ConfigMap's Events and then its annotation, so that an Event
// that could not be written is told again. It writes nothing if the annotation
// says already what it should.
func (l *ledger) update(ctx context.Context, e *entry) (wrote bool, err error) {
	stored := e.stored()
	before, err := ParseStatus(stored)
	if err != nil {
		before = Status{} // not ours: it is overwritten
	}
	status, changes := judge(before, e.documents, e.object.Hash, time.Now())
	text := status.text()
	if text == stored || stored == "" && len(e.documents) == 0 {
		return false, nil
	}
	for _, n := range tell(changes) {
		if err := l.emit(ctx, e.object, stored, n); err != nil {
			return false, err
		}
	}
	return true, l.apply(ctx, e, text)
}

// stored is the annotation in the cluster, as far as is known. What this process
// wrote counts until the watch has caught up with it.
func (e *entry) stored() string {
	if order, err := resourceversion.CompareResourceVersion(e.object.ResourceVersion, e.version); err == nil && order < 0 {
		return e.written
	}
	return e.object.Status
}

// emit makes one Event. One that is refused for good does not hold up the status.
func (l *ledger) emit(ctx context.Context, o source.Object, before string, n news) error {
	if err := l.options.Limiter.Wait(ctx); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	made := event(o, before, n, l.options.Identity, time.Now())
	_, err := l.options.Client.EventsV1().Events(o.Namespace).Create(ctx, made, metav1.CreateOptions{})
	if apierrors.IsAlreadyExists(err) {
		err = nil
	}
	err = access.Refused(err, "create", "events.events.k8s.io", o.Namespace)
	if err == nil || permanent(err) {
		l.events.tell(ctx, o.Namespace, err)
		return nil
	}
	return err
}

// apply writes the annotation. The uid has the API server refuse it when the
// ConfigMap is gone or another one by now: none is made.
func (l *ledger) apply(ctx context.Context, e *entry, text string) error {
	if err := l.options.Limiter.Wait(ctx); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	o := e.object
	applied, err := l.options.Client.CoreV1().ConfigMaps(o.Namespace).Apply(ctx,
		corev1ac.ConfigMap(o.Name, o.Namespace).WithUID(o.UID).
			WithAnnotations(map[string]string{source.StatusAnnotation: text}),
		metav1.ApplyOptions{FieldManager: fieldManager, Force: true})
	if err != nil {
		return access.Refused(err, "patch", "configmaps", o.Namespace)
	}
	e.written, e.version = text, applied.ResourceVersion
	return nil
}

// permanent reports whether the same request would be refused again.
func permanent(err error) bool {
	return apierrors.IsForbidden(err) || apierrors.IsInvalid(err) || apierrors.IsNotFound(err) || apierrors.IsRequestEntityTooLargeError(err)
}

// gone reports whether the ConfigMap is not there any more, or another one is.
func gone(err error) bool {
	var answer apierrors.APIStatus
	if errors.As(err, &answer) && apierrors.IsInvalid(err) {
		details := answer.Status().Details
		return details != nil && slices.ContainsFunc(details.Causes, func(c metav1.StatusCause) bool { return c.Field == "metadata.uid" })
	}
	return apierrors.IsConflict(err) || apierrors.IsNotFound(err)
}

// scopes are what a ConfigMap's write may fail with: everything, everything of its
// namespace, or itself.
func (e *entry) scopes() []string {
	return []string{"", e.object.Namespace, e.object.Namespace + "/" + e.object.Name}
}

// failed makes what failed for the same cause wait together.
func (l *ledger) failed(ctx context.Context, e *entry, err error) {
	scopes := e.scopes()
	scope := scopes[0]
	var answer apierrors.APIStatus
	switch {
	case apierrors.IsForbidden(err), apierrors.IsUnauthorized(err):
		scope = scopes[1]
	case gone(err):
		// The watch is about to tell.
		l.pauses.failed(scopes[2], time.Now())
		return
	case errors.As(err, &answer) && answer.Status().Code < 500 && !apierrors.IsTooManyRequests(err):
		scope = scopes[2]
	}
	l.pauses.failed(scope, time.Now())
	l.trouble.tell(ctx, scope, cause(err))
}

func (l *ledger) worked(ctx context.Context, e *entry) {
	scopes := e.scopes()
	l.pauses.worked(scopes...)
	for _, scope := range scopes {
		l.trouble.tell(ctx, scope, nil)
	}
}
