package main

import (
	"context"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	"hedged.dev/hedged/pkg/inspect"
)

// watch looks at the counters of all pods again and again. It keeps the way to
// each pod open.
type watch struct {
	session *session
	pods    map[types.UID]*watched
}

// watched is a pod and its last two samples.
type watched struct {
	port          inspect.Port
	release       func()
	before, after sample
}

// sample is what a pod's counters said, by policy.
type sample struct {
	at     time.Time // zero: the pod did not answer
	counts map[string]counts
}

func newWatch(s *session) *watch { return &watch{session: s, pods: map[types.UID]*watched{}} }

func (w *watch) close() {
	for _, p := range w.pods {
		p.release()
	}
}

// look takes a sample of every pod that runs now. A pod that does not answer is
// warned of and has no part in the frame; it is an error if none answers.
func (w *watch) look(ctx context.Context) error {
	pods, err := w.session.pods(ctx)
	if err != nil {
		return err
	}
	if err := w.follow(pods); err != nil {
		return err
	}
	_, err = answered(w.session, ask(pods, func(pod *corev1.Pod) (struct{}, error) {
		p := w.pods[pod.UID]
		p.before, p.after = p.after, sample{}
		ctx, cancel := patient(ctx)
		defer cancel()
		counts, err := scrape(ctx, p.port)
		if err == nil {
			p.after = sample{time.Now(), counts}
		}
		return struct{}{}, err
	}))
	return err
}

// follow opens the way to new pods and closes that to those that are gone.
func (w *watch) follow(pods []corev1.Pod) error {
	running := map[types.UID]bool{}
	for i := range pods {
		pod := &pods[i]
		running[pod.UID] = true
		if w.pods[pod.UID] != nil {
			continue
		}
		port, release, err := w.session.port(pod, inspect.Health)
		if err != nil {
			return err
		}
		w.pods[pod.UID] = &watched{port: port, release: release}
	}
	for uid, p := range w.pods {
		if !running[uid] {
			p.release()
			delete(w.pods, uid)
		}
	}
	return nil
}

// frame is what happened between the last two looks.
func (w *watch) frame(now time.Time) frame {
	f := frame{Time: now, Policies: []policyLoad{}}
	sums := map[string]load{}
	for _, p := range w.pods {
		if p.before.at.IsZero() || p.after.at.IsZero() {
			continue
		}
		f.Pods++
		seconds := p.after.at.Sub(p.before.at).Seconds()
		for policy, after := range p.after.counts {
			sums[policy] = sums[policy].add(after.since(p.before.counts[policy]), seconds)
		}
	}
	for policy, l := range sums {
		f.Policies = append(f.Policies, l.of(policy))
	}
	f.sort()
	return f
}
