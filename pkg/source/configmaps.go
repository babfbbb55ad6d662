package source

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
)

// What ConfigMaps are known by.
const (
	PolicyLabel      = "hedged.dev/policy" // "true" on a ConfigMap that holds policies
	StatusAnnotation = "hedged.dev/status" // what became of them
	defaultSelector  = PolicyLabel + "=true"
)

// The times of ConfigMaps: one command often changes several.
const (
	burstQuiet    = 20 * time.Millisecond  // no change for so long: that was all
	burstPatience = 100 * time.Millisecond // emitted all the same after so long
)

// Object is what those who report on a ConfigMap know it by, as last seen.
type Object struct {
	Namespace       string
	Name            string
	UID             types.UID
	ResourceVersion string
	Status          string // the status annotation
	Hash            string // of the files' keys and content
}

// ConfigMapOptions are what ConfigMaps work with.
type ConfigMapOptions struct {
	Client     kubernetes.Interface
	Namespaces []string // at least one
	Selector   string   // of labels; "" is hedged.dev/policy=true
	Log        *slog.Logger
}

// ConfigMaps is the source that reads the labelled ConfigMaps of some namespaces:
// each key that ends in .yaml, .yml or .json is a file, whose place is
// namespace/configmap/key.
type ConfigMaps struct {
	log        *slog.Logger
	namespaces []*namespace // by name
	wake       chan struct{}

	mu sync.Mutex // guards what the namespaces hold
}

// NewConfigMaps makes the source, which reads nothing yet.
func NewConfigMaps(o ConfigMapOptions) *ConfigMaps {
	c := &ConfigMaps{log: o.Log, wake: make(chan struct{}, 1)}
	for _, name := range slices.Compact(slices.Sorted(slices.Values(o.Namespaces))) {
		c.namespaces = append(c.namespaces, &namespace{
			name:     name,
			source:   c,
			client:   o.Client.CoreV1().ConfigMaps(name),
			selector: cmp.Or(o.Selector, defaultSelector),
			refused:  make(map[string]error),
		})
	}
	return c
}

// Run emits a snapshot when every namespace has been read, and then one after each
// change of a label or of the data, until ctx is done. It calls emit from its own
// goroutine only.
//
// It does not end for an error of the API server, but says so in the log and asks
// again, and what was read last stands. See Problem.
func (c *ConfigMaps) Run(ctx context.Context, emit func(Snapshot)) error {
	var running sync.WaitGroup
	defer running.Wait()
	for _, n := range c.namespaces {
		running.Go(func() { n.run(ctx) })
	}
	for c.wait(ctx) {
		emit(c.snapshot())
	}
	return nil
}

// wait returns when a snapshot is due: true when changes have settled, false when
// ctx is done.
func (c *ConfigMaps) wait(ctx context.Context) bool {
	var settled, due <-chan time.Time // nil until something has changed
	for {
		select {
		case <-ctx.Done():
			return false
		case <-due:
			return true
		case <-settled:
			return true
		case <-c.wake:
		}
		if due == nil {
			due = time.After(burstPatience)
		}
		settled = time.After(burstQuiet)
	}
}

// changed tells Run, once every namespace has been read. Its caller holds mu.
func (c *ConfigMaps) changed() {
	for _, n := range c.namespaces {
		if n.objects == nil {
			return
		}
	}
	select {
	case c.wake <- struct{}{}:
	default: // Run has not taken what it was told before
	}
}

func (c *ConfigMaps) snapshot() Snapshot {
	c.mu.Lock()
	defer c.mu.Unlock()
	var s Snapshot
	for _, n := range c.namespaces {
		for _, o := range n.objects {
			s.Files = append(s.Files, o.files...)
		}
	}
	slices.SortFunc(s.Files, func(a, b File) int {
		return cmp.Or(a.Created.Compare(b.Created), cmp.Compare(a.Place, b.Place))
	})
	return s
}

// Objects are all ConfigMaps as last seen, in no order.
func (c *ConfigMaps) Objects() []Object {
	c.mu.Lock()
	defer c.mu.Unlock()
	var all []Object
	for _, n := range c.namespaces {
		for _, o := range n.objects {
			all = append(all, o.Object)
		}
	}
	return all
}

// Problem is why ConfigMaps cannot be read now: what is not allowed or cannot be
// reached, with the remedy. It is nil if there is nothing in the way.
func (c *ConfigMaps) Problem() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	var problems []error
	for _, n := range c.namespaces {
		problems = append(problems, n.refused[verbList], n.refused[verbWatch])
	}
	return errors.Join(problems...)
}
