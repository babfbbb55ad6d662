package daemon

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"hedged.dev/hedged/pkg/control"
	"hedged.dev/hedged/pkg/discovery"
	"hedged.dev/hedged/pkg/kube"
	"hedged.dev/hedged/pkg/policy"
	"hedged.dev/hedged/pkg/proxy"
	"hedged.dev/hedged/pkg/source"
)

// Cluster is how a daemon works with Kubernetes.
type Cluster struct {
	Client kube.ClientOptions
	// ConfigMaps are the namespaces whose labelled ConfigMaps are policies. Without
	// any, the cluster is only asked for the endpoints of Services.
	ConfigMaps []string
	Release    string // names the Lease and the ConfigMaps of last good revisions
	Namespace  string // that these are in
	Pod        string // who writes, of the pods that share them
	Deployment string // in Namespace, that owns what is made there; "" is none
	Zone       string // where it runs: "" is nowhere in particular
}

// cluster is what a daemon has of its Cluster.
type cluster struct {
	options  Cluster
	log      *slog.Logger
	client   *kube.Client
	services *discovery.Services
	policies *source.ConfigMaps // nil: policies come from elsewhere
	feedback *kube.Feedback
	keeper   *kube.Keeper
	leads    atomic.Bool
}

// newCluster makes what reads the cluster. It asks nothing of it yet.
func newCluster(o Cluster, log *slog.Logger) (*cluster, error) {
	client, err := kube.NewClient(o.Client)
	if err != nil {
		return nil, err
	}
	kube.Log(log)
	c := &cluster{options: o, log: log, client: client}
	c.services = discovery.NewServices(discovery.ServicesOptions{Client: client, Zone: o.Zone, Log: log})
	if len(o.ConfigMaps) > 0 {
		c.policies = source.NewConfigMaps(source.ConfigMapOptions{Client: client, Namespaces: o.ConfigMaps, Log: log})
	}
	return c, nil
}

// report makes what writes to the cluster what became of the ConfigMaps' policies.
func (c *cluster) report(loop *control.Loop, handler *proxy.Handler) {
	c.keeper = kube.NewKeeper(kube.KeeperOptions{
		Client: c.client, Namespace: c.options.Namespace, Release: c.options.Release, Log: c.log, Kept: loop.Serving,
	})
	c.feedback = kube.NewFeedback(kube.FeedbackOptions{
		Client: c.client, Identity: c.options.Pod, Log: c.log, Objects: c.policies.Objects,
		Documents: func() []kube.Document { return documents(loop.Status(), handler.Problems()) },
	})
}

// documents is what the cluster is told of policies.
func documents(status control.Status, problems map[policy.ID]string) []kube.Document {
	out := make([]kube.Document, 0, len(status.Documents))
	for i := range status.Documents {
		s := &status.Documents[i]
		namespace, configMap, key, ok := source.SplitPlace(s.Place)
		if !ok {
			continue // of a directory
		}
		d := kube.Document{
			Namespace: namespace, ConfigMap: configMap, Key: key, Line: s.Line, Version: s.Version,
			Condition: string(s.Condition), Message: s.Message(), Observed: s.Observed,
			Serving: s.Serving, Serves: s.Serves(), NotFound: problems[s.ID],
		}
		if s.ID.Name != "" {
			d.Policy = s.ID.String()
		}
		out = append(out, d)
	}
	return out
}

// run reads the cluster until ctx is done, and writes while this daemon leads. It
// leads only when it knows its policies: who has read none would write that there are
// none, and that all are new a moment later.
func (c *cluster) run(ctx context.Context, know func(context.Context), changes ...<-chan struct{}) {
	var running sync.WaitGroup
	defer running.Wait()
	running.Go(func() { _ = c.services.Run(ctx) })
	if c.policies == nil {
		return
	}
	know(ctx)
	for _, changed := range changes {
		running.Go(func() { c.wake(ctx, changed) })
	}
	running.Go(func() {
		owner := c.owner(ctx)
		c.keeper.Own(owner)
		err := kube.Lead(ctx, kube.LeadOptions{
			Client: c.client, Namespace: c.options.Namespace, Name: c.options.Release, Identity: c.options.Pod, Owner: owner, Log: c.log,
		}, c.lead)
		if err != nil {
			c.log.Error("this pod will not lead", "error", err)
		}
	})
}

// owner is what the Lease and last good revisions go with.
func (c *cluster) owner(ctx context.Context) *metav1.OwnerReference {
	if c.options.Deployment == "" {
		return nil
	}
	return kube.Owner(ctx, c.client, c.options.Namespace, c.options.Deployment, c.log)
}

// lead writes until ctx is done.
func (c *cluster) lead(ctx context.Context) {
	c.leads.Store(true)
	defer c.leads.Store(false)
	var running sync.WaitGroup
	running.Go(func() { c.feedback.Run(ctx) })
	running.Go(func() { c.keeper.Run(ctx) })
	c.feedback.Wake()
	c.keeper.Wake()
	running.Wait()
}

// wake has the writers look again after each change.
func (c *cluster) wake(ctx context.Context, changed <-chan struct{}) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-changed:
			c.feedback.Wake()
			c.keeper.Wake()
		}
	}
}

// lastGood is what served when earlier pods ended.
func (c *cluster) lastGood(ctx context.Context) []policy.Kept {
	kept, err := c.keeper.Load(ctx)
	if err != nil && ctx.Err() == nil {
		c.log.Error("no last good revisions are known: a policy that is broken now does not serve", "error", err)
	}
	return kept
}
