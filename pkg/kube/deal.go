package kube

import (
	"context"
	"hash/fnv"
	"slices"

	"hedged.dev/hedged/pkg/policy"
)

// The number of shards follows what there is to keep.
const (
	fullShard  = 256 << 10 // bytes of policies to a shard, above which there are twice as many
	emptyShard = 32 << 10  // and below which there are half as many
	maxShards  = 256
)

// content is a shard as it is to be stored. There is no data where the same is
// stored already.
type content struct {
	sum  digest
	data []byte
}

// deal makes shards of what is to be kept. A policy that has no room is left out.
func (w *writer) deal(ctx context.Context, policies []policy.Kept) []content {
	policies = slices.Clone(policies)
	slices.SortFunc(policies, byID)
	left := make(map[policy.ID]string)
	policies = slices.DeleteFunc(policies, func(p policy.Kept) bool {
		tooLarge := len(p.Text) > maxShard && len(encode([]policy.Kept{p})) > maxShard
		if tooLarge {
			left[p.ID] = p.Revision
		}
		return tooLarge
	})
	w.number = number(w.number, policies)
	for {
		shards, ok := w.fit(split(policies, w.number))
		if ok {
			w.tell(ctx, left)
			return shards
		}
		if w.number < maxShards {
			w.number *= 2
			continue
		}
		// As many shards as there may be, and one of them still too large.
		largest := slices.MaxFunc(policies, func(a, b policy.Kept) int { return len(a.Text) - len(b.Text) })
		left[largest.ID] = largest.Revision
		policies = slices.DeleteFunc(policies, func(p policy.Kept) bool { return p.ID == largest.ID })
	}
}

// fit encodes the shards that have changed. It is not ok if one is too large.
func (w *writer) fit(shards [][]policy.Kept) ([]content, bool) {
	out := make([]content, len(shards))
	for i, policies := range shards {
		out[i].sum = sum(policies)
		if w.stored[w.name(i)].sum == out[i].sum {
			continue
		}
		if out[i].data = encode(policies); len(out[i].data) > maxShard {
			return nil, false
		}
	}
	return out, true
}

// tell logs the policies that are left out, each revision once.
func (w *writer) tell(ctx context.Context, left map[policy.ID]string) {
	for id, revision := range left {
		if w.left[id] != revision {
			w.options.Log.WarnContext(ctx, "policy is too large to be kept as last good: after a restart its revision serves only while the document is valid",
				"policy", id.String(), "revision", revision)
		}
	}
	w.left = left
}

// number is how many shards these policies take, when there are so many now. It
// does not go back and forth with every edit.
func number(now int, policies []policy.Kept) int {
	size := 0
	for _, p := range policies {
		size += len(p.Text)
	}
	for now > 1 && size < now*emptyShard {
		now /= 2
	}
	for now < maxShards && size > now*fullShard {
		now *= 2
	}
	return now
}

// split deals policies out to n shards by their identity, so that an edit stays in
// the shard of its policy. n is a power of two.
func split(policies []policy.Kept, n int) [][]policy.Kept {
	shards := make([][]policy.Kept, n)
	for _, p := range policies {
		h := fnv.New64a()
		h.Write([]byte(p.ID.String()))
		i := h.Sum64() % uint64(n) //nolint:gosec // n is positive
		shards[i] = append(shards[i], p)
	}
	return shards
}
