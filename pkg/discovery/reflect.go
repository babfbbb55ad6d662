package discovery

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/tools/cache"
	"k8s.io/klog/v2"

	"hedged.dev/hedged/pkg/access"
)

// follow keeps a mirror of a resource until ctx is done. When the API server is
// away or refuses, it asks again, less and less often, but so often that pods
// which came and went meanwhile are known within seconds of its return.
func (n *namespace) follow(ctx context.Context, resource string, example runtime.Object, to cache.ReflectorStore, from *cache.ListWatch) {
	r := cache.NewReflectorWithOptions(&asked{ListWatch: from, namespace: n, resource: resource}, example, to, cache.ReflectorOptions{
		Name:            "hedged " + resource + " of namespace " + n.name,
		TypeDescription: resource,
		Backoff:         &wait.Backoff{Duration: 500 * time.Millisecond, Factor: 2, Jitter: 0.5, Steps: 10, Cap: 5 * time.Second},
	})
	// Its own log lines would repeat at each try what is told once.
	r.RunWithContext(klog.NewContext(ctx, klog.Logger{}))
}

// asked passes questions to the API server, and takes down how they fared.
type asked struct {
	*cache.ListWatch
	namespace *namespace
	resource  string
}

// ListWithContext implements cache.ListerWatcherWithContext.
func (a *asked) ListWithContext(ctx context.Context, o metav1.ListOptions) (runtime.Object, error) {
	list, err := a.ListWatch.ListWithContext(ctx, o)
	if err != nil { // without an error the watch will tell: it has to be allowed as well
		a.failed(ctx, "list", err)
	}
	return list, err
}

// WatchWithContext implements cache.ListerWatcherWithContext.
func (a *asked) WatchWithContext(ctx context.Context, o metav1.ListOptions) (watch.Interface, error) {
	w, err := a.ListWatch.WatchWithContext(ctx, o)
	if err != nil {
		a.failed(ctx, "watch", err)
	} else {
		a.namespace.met(a.resource, "", nil)
	}
	return w, err
}

// IsWatchListSemanticsUnSupported has the reflector list before it watches: a
// list that streams cannot be called off while it waits for a server that is away.
func (*asked) IsWatchListSemanticsUnSupported() bool { return true }

func (a *asked) failed(ctx context.Context, verb string, err error) {
	if ctx.Err() != nil || apierrors.IsResourceExpired(err) || apierrors.IsGone(err) {
		return // the end, or a history that is no longer kept: everything is listed anew
	}
	kind := "unreachable"
	if reason := apierrors.ReasonForError(err); reason != metav1.StatusReasonUnknown {
		kind = verb + " " + string(reason)
	}
	if request := (*url.Error)(nil); errors.As(err, &request) {
		err = request.Err // without its address, which differs from time to time
	}
	a.namespace.met(a.resource, kind, access.Refused(err, verb, a.resource, a.namespace.name))
}

// mirror is a cache.ReflectorStore that hands on what a reflector reads.
type mirror[T any] struct {
	replace func(all []T)
	put     func(object T, exists bool)
}

// Replace implements cache.ReflectorStore.
func (m *mirror[T]) Replace(objects []any, _ string) error {
	all := make([]T, len(objects))
	for i, o := range objects {
		var ok bool
		if all[i], ok = o.(T); !ok {
			return unexpected(o)
		}
	}
	m.replace(all)
	return nil
}

// Add implements cache.ReflectorStore.
func (m *mirror[T]) Add(object any) error { return m.one(object, true) }

// Update implements cache.ReflectorStore.
func (m *mirror[T]) Update(object any) error { return m.one(object, true) }

// Delete implements cache.ReflectorStore.
func (m *mirror[T]) Delete(object any) error { return m.one(object, false) }

// Resync implements cache.ReflectorStore.
func (*mirror[T]) Resync() error { return nil }

func (m *mirror[T]) one(object any, exists bool) error {
	o, ok := object.(T)
	if !ok {
		return unexpected(object)
	}
	m.put(o, exists)
	return nil
}

func unexpected(object any) error { return fmt.Errorf("the API server sent a %T", object) }
