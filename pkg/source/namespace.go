package source

import (
	"context"
	"errors"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/wait"
	apiwatch "k8s.io/apimachinery/pkg/watch"
	clientcorev1 "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/tools/cache"
	"k8s.io/klog/v2"

	"hedged.dev/hedged/pkg/access"
)

// What the API server is asked for.
const (
	verbList  = "list"
	verbWatch = "watch"
)

// namespace follows the ConfigMaps of one namespace. It is what client-go's
// reflector, the half of an informer that speaks to the API server, asks through
// and writes to. The other half would keep each ConfigMap a second time.
type namespace struct {
	name     string
	source   *ConfigMaps
	client   clientcorev1.ConfigMapInterface
	selector string

	// Both are guarded by the source's lock.
	objects map[string]object // by name; nil until they have been read
	refused map[string]error  // what cannot be done now, by verb
}

// object is one ConfigMap.
type object struct {
	Object
	files []File // by key
}

// run follows the namespace until ctx is done.
func (n *namespace) run(ctx context.Context) {
	// What the reflector has to say of each request, asked says once.
	var discard klog.Logger
	reflector := cache.NewReflectorWithOptions(n, &corev1.ConfigMap{}, n, cache.ReflectorOptions{
		Name:   "policies in " + n.name,
		Logger: &discard,
		// The longest wait is below client-go's of a minute, so that policies are up
		// to date soon after an outage, or after a permission was given.
		Backoff: &wait.Backoff{Duration: 500 * time.Millisecond, Factor: 2, Jitter: 0.5, Steps: 10, Cap: 5 * time.Second},
	})
	reflector.RunWithContext(klog.NewContext(ctx, discard))
}

// ListWithContext is cache.ListerWithContext's.
func (n *namespace) ListWithContext(ctx context.Context, o metav1.ListOptions) (runtime.Object, error) {
	o.LabelSelector = n.selector
	list, err := n.client.List(ctx, o)
	n.asked(ctx, verbList, err)
	if err != nil {
		return nil, err
	}
	return list, nil
}

// WatchWithContext is cache.WatcherWithContext's.
func (n *namespace) WatchWithContext(ctx context.Context, o metav1.ListOptions) (apiwatch.Interface, error) {
	o.LabelSelector = n.selector
	w, err := n.client.Watch(ctx, o)
	n.asked(ctx, verbWatch, err)
	return w, err
}

// List is cache.Lister's, which a reflector does not call.
func (n *namespace) List(o metav1.ListOptions) (runtime.Object, error) {
	return n.ListWithContext(context.Background(), o)
}

// Watch is cache.Watcher's, which a reflector does not call.
func (n *namespace) Watch(o metav1.ListOptions) (apiwatch.Interface, error) {
	return n.WatchWithContext(context.Background(), o)
}

// IsWatchListSemanticsUnSupported has the reflector list before it watches. To read
// the list from a watch it would wait for a server that is gone beyond ctx's end.
func (n *namespace) IsWatchListSemanticsUnSupported() bool { return true }

// asked notes what became of a request, and logs what has changed, not each of
// the reflector's retries.
func (n *namespace) asked(ctx context.Context, verb string, err error) {
	if ctx.Err() != nil || stale(err) {
		return
	}
	c := n.source
	c.mu.Lock()
	before := n.refused[verb]
	now := access.Refused(err, verb, "configmaps", n.name)
	n.refused[verb] = now
	c.mu.Unlock()
	switch {
	case now == nil && before != nil:
		c.log.InfoContext(ctx, "policies can be read now", "namespace", n.name)
	case now != nil && (before == nil || kind(now) != kind(before)):
		c.log.ErrorContext(ctx, "policies cannot be read now: asking again", "namespace", n.name, "error", now)
	}
}

// stale reports whether the server has forgotten the version that was asked for,
// or does not know it yet. The reflector then lists anew.
func stale(err error) bool {
	return apierrors.IsResourceExpired(err) || apierrors.IsGone(err) ||
		apierrors.HasStatusCause(err, metav1.CauseTypeResourceVersionTooLarge)
}

// kind tells errors apart that need different remedies. The texts of one kind may
// differ in no more than a port.
func kind(err error) metav1.StatusReason { return apierrors.ReasonForError(err) }

// Replace is cache.ReflectorStore's: what the namespace holds, as a whole.
func (n *namespace) Replace(list []any, _ string) error {
	n.source.mu.Lock()
	defer n.source.mu.Unlock()
	changed := n.objects == nil || len(n.objects) != len(list)
	objects := make(map[string]object, len(list))
	for _, item := range list {
		o, same, err := n.read(item)
		if err != nil {
			return err
		}
		objects[o.Name] = o
		changed = changed || !same
	}
	n.objects = objects
	if changed {
		n.source.changed()
	}
	return nil
}

// Add is cache.ReflectorStore's.
func (n *namespace) Add(item any) error { return n.Update(item) }

// Update is cache.ReflectorStore's.
func (n *namespace) Update(item any) error {
	n.source.mu.Lock()
	defer n.source.mu.Unlock()
	o, same, err := n.read(item)
	if err != nil {
		return err
	}
	n.objects[o.Name] = o
	if !same {
		n.source.changed()
	}
	return nil
}

// Delete is cache.ReflectorStore's: removed, or without the label now.
func (n *namespace) Delete(item any) error {
	n.source.mu.Lock()
	defer n.source.mu.Unlock()
	o, ok := item.(*corev1.ConfigMap)
	if !ok {
		return errNoConfigMap
	}
	if _, known := n.objects[o.Name]; known {
		delete(n.objects, o.Name)
		n.source.changed()
	}
	return nil
}

// Resync is cache.ReflectorStore's, and there is nothing to do.
func (n *namespace) Resync() error { return nil }

var errNoConfigMap = errors.New("not a ConfigMap")

// read takes from a ConfigMap what is kept of it. It reports whether the files are
// the same as before, and then they are those of before.
func (n *namespace) read(item any) (o object, same bool, err error) {
	configMap, ok := item.(*corev1.ConfigMap)
	if !ok {
		return object{}, false, errNoConfigMap
	}
	o = object{
		Object: Object{
			Namespace:       configMap.Namespace,
			Name:            configMap.Name,
			UID:             configMap.UID,
			ResourceVersion: configMap.ResourceVersion,
			Status:          configMap.Annotations[StatusAnnotation],
		},
		files: Files(configMap),
	}
	before, known := n.objects[o.Name]
	if same = known && slices.EqualFunc(before.files, o.files, File.Equal); same {
		o.files, o.Hash = before.files, before.Hash
	} else {
		o.Hash = Hash(o.files)
		for i := range o.files {
			o.files[i].Version = o.Hash
		}
	}
	return o, same, nil
}
