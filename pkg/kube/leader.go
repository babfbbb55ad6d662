package kube

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/go-logr/logr"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/leaderelection"
	"k8s.io/client-go/tools/leaderelection/resourcelock"
	"k8s.io/klog/v2"
)

// LeadOptions say which Lease, and who wants to hold it.
type LeadOptions struct {
	Client    kubernetes.Interface
	Namespace string
	Name      string                 // of the Lease: the release's
	Identity  string                 // of this pod: no two may have the same
	Owner     *metav1.OwnerReference // goes with the Lease; nil: none
	Log       *slog.Logger

	// Duration is for how long others respect a holder that does not renew: 15 s
	// if zero. Renew is after what time a holder that cannot renew gives up: 10 s.
	// Retry is the time between tries: 2 s.
	Duration, Renew, Retry time.Duration
}

// Lead runs run whenever this pod holds the Lease, never twice at a time, until ctx
// is done. Run's context ends with ctx or when the Lease is lost; run must return
// then, and not before. The Lease is given back after run has returned, so that
// the next holder need not wait and never meets this one's last write.
//
// Whatever the API server says, Lead goes on trying. Its error is about options
// that cannot work.
func Lead(ctx context.Context, o LeadOptions, run func(context.Context)) error {
	o.Duration = cmp.Or(o.Duration, 15*time.Second)
	o.Renew = cmp.Or(o.Renew, 10*time.Second)
	o.Retry = cmp.Or(o.Retry, 2*time.Second)
	o.Log = o.Log.With("lease", o.Namespace+"/"+o.Name)
	leases := newLeases(o)
	for ctx.Err() == nil {
		if err := term(ctx, o, leases, run); err != nil {
			return fmt.Errorf("lease %s/%s: %w", o.Namespace, o.Name, err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(o.Retry):
		}
	}
	return nil
}

// term waits for the Lease and holds it until it is lost or ctx is done.
func term(ctx context.Context, o LeadOptions, leases *leases, run func(context.Context)) error {
	// The Lease outlives ctx: it is renewed until run has returned.
	election, end := context.WithCancel(klog.NewContext(context.WithoutCancel(ctx), logr.Discard()))
	defer end()
	// Whoever comes first: run, which ends the election when it returns; the end of
	// ctx, which waits for run; or the end of the election, which does too.
	var once sync.Once
	defer context.AfterFunc(ctx, func() { once.Do(end) })()

	elector, err := leaderelection.NewLeaderElector(leaderelection.LeaderElectionConfig{
		Name: o.Name,
		Lock: &resourcelock.LeaseLock{
			LeaseMeta:  metav1.ObjectMeta{Namespace: o.Namespace, Name: o.Name},
			Client:     leases,
			LockConfig: resourcelock.ResourceLockConfig{Identity: o.Identity},
		},
		LeaseDuration: o.Duration, RenewDeadline: o.Renew, RetryPeriod: o.Retry,
		ReleaseOnCancel: true,
		Callbacks: leaderelection.LeaderCallbacks{
			OnStartedLeading: func(held context.Context) {
				once.Do(func() {
					defer end()
					lead(ctx, held, o, run)
				})
			},
			OnStoppedLeading: func() {},
			OnNewLeader: func(identity string) {
				if identity != "" && identity != o.Identity {
					o.Log.InfoContext(ctx, "another pod leads", "leader", identity)
				}
			},
		},
	})
	if err != nil {
		return err
	}
	elector.Run(election)
	once.Do(func() {})
	return nil
}

// lead runs run until the Lease is not held any more or ctx is done.
func lead(ctx, held context.Context, o LeadOptions, run func(context.Context)) {
	running, stop := context.WithCancel(ctx)
	defer stop()
	defer context.AfterFunc(held, stop)()
	o.Log.InfoContext(ctx, "this pod leads: it writes status, Events and last good policies")
	run(running)
	if held.Err() != nil {
		o.Log.WarnContext(ctx, "the Lease is lost: this pod leads no longer")
		return
	}
	o.Log.InfoContext(ctx, "this pod leads no longer: it gives the Lease back")
}
