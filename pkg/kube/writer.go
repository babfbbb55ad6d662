package kube

import (
	"context"
	"fmt"
	"slices"
	"strconv"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"hedged.dev/hedged/pkg/access"
	"hedged.dev/hedged/pkg/policy"
)

// writer is a Keeper that runs: it knows what is stored.
type writer struct {
	options    KeeperOptions
	owner      *metav1.OwnerReference
	list       func(context.Context) ([]shard, error)
	stored     map[string]shard     // by name, without policies; nil if it has to be read
	generation int64                // the largest in use
	number     int                  // of shards, a power of two
	left       map[policy.ID]string // policies that are too large to be kept: their revisions
}

func newWriter(k *Keeper) *writer { return &writer{options: k.options, owner: k.owner, list: k.list} }

// flush makes what is stored what serves. It is not cut short by the end of ctx.
// After an error it is unknown what is stored, and read again the next time.
func (w *writer) flush(ctx context.Context) (err error) {
	ctx = context.WithoutCancel(ctx)
	defer func() {
		if err != nil {
			w.stored = nil
		}
	}()
	if w.stored == nil {
		if err := w.read(ctx); err != nil {
			return err
		}
	}
	shards := w.deal(ctx, w.options.Kept())
	w.generation++
	// From the last to the first: when the number has grown, a policy's new shard
	// comes after its old one, and is there before the old one is overwritten.
	for i, s := range slices.Backward(shards) {
		if err := w.write(ctx, w.name(i), s); err != nil {
			return err
		}
	}
	return w.remove(ctx)
}

// owned is the UID of what owns the shards; "" is nothing.
func (w *writer) owned() types.UID {
	if w.owner == nil {
		return ""
	}
	return w.owner.UID
}

func (w *writer) name(i int) string { return fmt.Sprintf("%s-last-good-%d", w.options.Release, i) }

// read learns what is stored.
func (w *writer) read(ctx context.Context) error {
	shards, err := w.list(ctx)
	if err != nil {
		return err
	}
	w.stored = make(map[string]shard, len(shards))
	for _, s := range shards {
		s.policies = nil
		w.stored[s.name] = s
		w.generation = max(w.generation, s.generation)
	}
	for w.number = 1; w.number < len(shards); {
		w.number *= 2
	}
	return nil
}

// write stores a shard that has changed. Somebody else's write since the last one
// seen is a conflict.
func (w *writer) write(ctx context.Context, name string, s content) error {
	before, exists := w.stored[name]
	if exists && before.sum == s.sum && before.owned == w.owned() {
		return nil
	}
	m := &corev1.ConfigMap{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: w.options.Namespace, Name: name,
			UID: before.uid, ResourceVersion: before.resourceVersion,
			Labels: map[string]string{LastGoodLabel: w.options.Release}, OwnerReferences: owners(w.owner),
		},
		Data:       map[string]string{generationKey: strconv.FormatInt(w.generation, 10)},
		BinaryData: map[string][]byte{policiesKey: s.data},
	}
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	maps, verb := w.options.Client.CoreV1().ConfigMaps(w.options.Namespace), "update"
	var written *corev1.ConfigMap
	var err error
	if exists {
		written, err = maps.Update(ctx, m, metav1.UpdateOptions{})
	} else {
		verb = "create"
		written, err = maps.Create(ctx, m, metav1.CreateOptions{})
	}
	if err != nil {
		return access.Refused(err, verb, "configmaps", w.options.Namespace)
	}
	w.stored[name] = shard{name: name, uid: written.UID, resourceVersion: written.ResourceVersion, sum: s.sum, owned: w.owned()}
	return nil
}

// remove deletes the shards that are not in use any more.
func (w *writer) remove(ctx context.Context) error {
	used := make(map[string]bool, w.number)
	for i := range w.number {
		used[w.name(i)] = true
	}
	for name, s := range w.stored {
		if used[name] {
			continue
		}
		if err := w.delete(ctx, s); err != nil && !apierrors.IsNotFound(err) {
			return access.Refused(err, "delete", "configmaps", w.options.Namespace)
		}
		delete(w.stored, name)
	}
	return nil
}

func (w *writer) delete(ctx context.Context, s shard) error {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	return w.options.Client.CoreV1().ConfigMaps(w.options.Namespace).Delete(ctx, s.name, metav1.DeleteOptions{
		Preconditions: &metav1.Preconditions{UID: &s.uid, ResourceVersion: &s.resourceVersion},
	})
}
