package kube

import (
	"cmp"
	"context"
	"log/slog"
	"slices"
	"strings"
	"time"

	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/util/flowcontrol"

	"hedged.dev/hedged/pkg/source"
)

// The pace of writing, for all ConfigMaps together.
const (
	feedbackRate  = 20 // requests a second
	feedbackBurst = 50
	settle        = 250 * time.Millisecond // between two looks at everything
	recheck       = 30 * time.Second       // finds annotations that somebody else changed
)

// FeedbackOptions say what is written about what, and by whom.
type FeedbackOptions struct {
	Client    kubernetes.Interface
	Identity  string                  // of this pod, as Events name it
	Objects   func() []source.Object  // the ConfigMaps that policies are read from
	Documents func() []Document       // what became of the documents in them; others are passed over
	Limiter   flowcontrol.RateLimiter // of requests; nil: 20 a second, and 50 at once
	Log       *slog.Logger
}

// Feedback writes what became of policies to their ConfigMaps: the status to an
// annotation, by server-side apply, and what changed in it to Events. It writes
// where the annotation differs from what it should say, and removes nothing.
type Feedback struct {
	*wake
	options FeedbackOptions
}

// NewFeedback makes a Feedback that writes nothing yet.
func NewFeedback(o FeedbackOptions) *Feedback {
	if o.Limiter == nil {
		o.Limiter = flowcontrol.NewTokenBucketRateLimiter(feedbackRate, feedbackBurst)
	}
	return &Feedback{wake: newWake(), options: o}
}

// Run writes until ctx is done, from the first Wake on. One pod does at a time: it
// begins as one that knows only what the ConfigMaps say.
func (f *Feedback) Run(ctx context.Context) {
	l := newLedger(f.options)
	var next <-chan time.Time // nil before the first wake
	for f.begin(); ; {
		select {
		case <-ctx.Done():
			return
		case <-f.pending:
		case <-next:
		}
		looked := time.Now()
		l.look()
		pause := l.write(ctx, func() bool { return len(f.pending) > 0 && time.Since(looked) > settle })
		next = time.After(pause)
		select {
		case <-ctx.Done():
			return
		case <-time.After(settle - time.Since(looked)):
		}
	}
}

// ledger is what a Feedback knows about ConfigMaps while it runs.
type ledger struct {
	options FeedbackOptions
	entries map[string]*entry
	looks   int
	pauses  pauses
	trouble *trouble
	events  *trouble
}

func newLedger(o FeedbackOptions) *ledger {
	return &ledger{
		options: o,
		entries: make(map[string]*entry),
		pauses:  make(pauses),
		trouble: newTrouble(o.Log, "status of policies cannot be written, trying again later"),
		events:  newTrouble(o.Log, "Events about policies cannot be written, going on without"),
	}
}

// entry is one ConfigMap, by its uid.
type entry struct {
	object    source.Object
	documents []Document
	changed   int    // the look that found it new or changed
	due       bool   // it may be that there is something to write
	written   string // the annotation that this process wrote last,
	version   string // which made this resourceVersion
}

// look takes up what there is to say. What has changed is due.
func (l *ledger) look() {
	l.looks++
	documents := byConfigMap(l.options.Documents())
	entries := make(map[string]*entry, len(l.entries))
	for _, o := range l.options.Objects() {
		key := o.Namespace + "/" + o.Name
		e := l.entries[key]
		if outdated(documents[key], o) { // what became of the edit is not known yet
			if e != nil {
				entries[key] = e
			}
			continue
		}
		if e == nil || e.object.UID != o.UID {
			e = &entry{changed: l.looks, due: true}
		}
		if e.object != o || !slices.Equal(e.documents, documents[key]) {
			e.changed, e.due = l.looks, true
		}
		e.object, e.documents = o, documents[key]
		entries[key] = e
	}
	for key := range l.entries {
		if entries[key] == nil {
			delete(l.pauses, key)
			delete(l.trouble.told, key)
		}
	}
	l.entries = entries
}

// outdated reports whether documents are those of an earlier edit of the object.
func outdated(documents []Document, o source.Object) bool {
	return slices.ContainsFunc(documents, func(d Document) bool { return d.Version != "" && d.Version != o.Hash })
}

func byConfigMap(documents []Document) map[string][]Document {
	out := make(map[string][]Document)
	for _, d := range documents {
		if d.ConfigMap == "" {
			continue
		}
		for _, text := range []*string{&d.Message, &d.Serves, &d.NotFound} {
			*text = strings.ToValidUTF8(*text, "\uFFFD")
		}
		key := d.Namespace + "/" + d.ConfigMap
		out[key] = append(out[key], d)
	}
	for _, of := range out {
		sortDocuments(of)
	}
	return out
}

// write writes what is due, what changed last first, and returns after what time
// there may be more to do. It stops when there is something new to look at.
func (l *ledger) write(ctx context.Context, news func() bool) time.Duration {
	next := time.Now().Add(recheck)
	for _, e := range l.due() {
		if news() || ctx.Err() != nil {
			return 0
		}
		if until := l.pauses.until(e.scopes()...); until.After(time.Now()) {
			if until.Before(next) {
				next = until
			}
			continue
		}
		switch wrote, err := l.update(ctx, e); {
		case ctx.Err() != nil:
			return 0
		case err != nil:
			l.failed(ctx, e, err)
			next = time.Now() // finds the pause
		default:
			e.due = false
			if wrote {
				l.worked(ctx, e)
			}
		}
	}
	return time.Until(next)
}

func (l *ledger) due() []*entry {
	var due []*entry
	for _, e := range l.entries {
		if e.due {
			due = append(due, e)
		}
	}
	slices.SortFunc(due, func(a, b *entry) int {
		return cmp.Or(
			-cmp.Compare(a.changed, b.changed),
			cmp.Compare(a.object.Namespace, b.object.Namespace),
			cmp.Compare(a.object.Name, b.object.Name),
		)
	})
	return due
}
