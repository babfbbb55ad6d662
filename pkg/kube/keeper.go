package kube

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"hedged.dev/hedged/pkg/access"
	"hedged.dev/hedged/pkg/policy"
)

// LastGoodLabel marks the ConfigMaps with last good policies. Its value is the
// release that they belong to.
const LastGoodLabel = "hedged.dev/last-good"

// keepPause is how long changes are collected before they are written.
const keepPause = time.Second

// KeeperOptions say what is kept, and where.
type KeeperOptions struct {
	Client    kubernetes.Interface
	Namespace string
	Release   string               // names the ConfigMaps: RELEASE-last-good-0 and on
	Kept      func() []policy.Kept // what serves now
	Log       *slog.Logger
}

// Keeper keeps the last good revisions of policies in ConfigMaps: gzipped, in
// shards, of which those are written whose policies have changed.
type Keeper struct {
	*wake
	options KeeperOptions
	owner   *metav1.OwnerReference
}

// NewKeeper makes a Keeper that has yet to run.
func NewKeeper(o KeeperOptions) *Keeper { return &Keeper{wake: newWake(), options: o} }

// Own says what the ConfigMaps go with; nil: nothing. It must not be called once Run
// is.
func (k *Keeper) Own(owner *metav1.OwnerReference) { k.owner = owner }

// Load returns what was kept, sorted by policy. It tries until ctx is done; only
// for want of permission it gives up at once. What cannot be read of it is logged
// and left out: the rest is returned.
func (k *Keeper) Load(ctx context.Context) ([]policy.Kept, error) {
	trouble := newTrouble(k.options.Log, "last good policies cannot be read, trying again")
	for pause := firstPause / 4; ; pause = min(2*pause, maxPause/12) {
		shards, err := k.list(ctx)
		if err == nil {
			trouble.tell(ctx, "", nil)
			return merge(shards), nil
		}
		err = fmt.Errorf("last good policies: %w", err)
		if apierrors.IsForbidden(err) || apierrors.IsUnauthorized(err) {
			return nil, err
		}
		if ctx.Err() == nil {
			trouble.tell(ctx, "", cause(err))
		}
		select {
		case <-ctx.Done():
			return nil, err
		case <-time.After(pause):
		}
	}
}

// list reads all shards. Those that are broken have no policies.
func (k *Keeper) list(ctx context.Context) ([]shard, error) {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	list, err := k.options.Client.CoreV1().ConfigMaps(k.options.Namespace).List(ctx,
		metav1.ListOptions{LabelSelector: LastGoodLabel + "=" + k.options.Release})
	if err != nil {
		return nil, access.Refused(err, "list", "configmaps", k.options.Namespace)
	}
	shards := make([]shard, 0, len(list.Items))
	for i := range list.Items {
		s, err := decode(&list.Items[i])
		if err != nil {
			k.options.Log.ErrorContext(ctx, "last good policies are passed over: the ConfigMap is broken",
				"configmap", k.options.Namespace+"/"+s.name, "error", err)
		}
		shards = append(shards, s)
	}
	return shards, nil
}

// Run keeps what serves, about a second after each change, until ctx is done; then
// it writes what is left and returns. One pod does at a time. What another one
// writes all the same is not overwritten unseen.
func (k *Keeper) Run(ctx context.Context) {
	w := newWriter(k)
	trouble := newTrouble(k.options.Log, "last good policies cannot be written, trying again later")
	pauses := make(pauses)
	for k.begin(); ; {
		select {
		case <-ctx.Done():
		case <-k.pending:
			select {
			case <-ctx.Done():
				k.Wake()
			case <-time.After(max(keepPause, time.Until(pauses.until("")))):
			}
		}
		last := ctx.Err() != nil
		if last && (len(k.pending) == 0 || w.stored == nil) {
			return
		}
		err := w.flush(ctx)
		trouble.tell(ctx, "", cause(err))
		switch {
		case last:
			return
		case err != nil:
			pauses.failed("", time.Now())
			k.Wake()
		default:
			pauses.worked("")
		}
	}
}

// merge returns the newest entry of each policy.
func merge(shards []shard) []policy.Kept {
	slices.SortFunc(shards, newestFirst)
	seen := make(map[policy.ID]bool)
	var out []policy.Kept
	for _, s := range shards {
		for _, p := range s.policies {
			if !seen[p.ID] {
				seen[p.ID] = true
				out = append(out, p)
			}
		}
	}
	slices.SortFunc(out, byID)
	return out
}
