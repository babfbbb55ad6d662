package telemetry

import (
	"maps"
	"sync"
	"sync/atomic"
)

// cache is a map that is read without a lock and copied for each new key: for
// few keys that are soon known and then read by every call. It never forgets,
// so the keys must be bounded by what they are made of.
type cache[K comparable, V any] struct {
	entries atomic.Pointer[map[K]V]
	mu      sync.Mutex // held to add a key
}

// get returns the value of key, made by create when it is asked for first.
func (c *cache[K, V]) get(key K, create func(K) V) V {
	if entries := c.entries.Load(); entries != nil {
		if v, ok := (*entries)[key]; ok {
			return v
		}
	}
	return c.add(key, create)
}

func (c *cache[K, V]) add(key K, create func(K) V) V {
	c.mu.Lock()
	defer c.mu.Unlock()
	entries := map[K]V{}
	if old := c.entries.Load(); old != nil {
		if v, ok := (*old)[key]; ok {
			return v
		}
		entries = maps.Clone(*old)
	}
	v := create(key)
	entries[key] = v
	c.entries.Store(&entries)
	return v
}

// all ranges over the entries.
func (c *cache[K, V]) all(yield func(K, V) bool) {
	entries := c.entries.Load()
	if entries == nil {
		return
	}
	for k, v := range *entries {
		if !yield(k, v) {
			return
		}
	}
}
