package kube

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/runtime"
	utilnet "k8s.io/apimachinery/pkg/util/net"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/klog/v2"
)

// The requests that one process may make. Feedback, the one who writes much, stays
// below by itself (see feedbackRate), so that the Lease's renewal never queues.
const (
	requestRate  = 50 // a second
	requestBurst = 100
)

// ClientOptions say which cluster, and who asks.
type ClientOptions struct {
	Kubeconfig string // a file; "" is KUBECONFIG, ~/.kube/config, or where there is none the pod's ServiceAccount
	Context    string // in the kubeconfig; "" is its current one
	Version    string // of hedged, as API servers' audit logs shall show it
}

// Client speaks to one cluster. Close it when nothing uses it any more.
type Client struct {
	kubernetes.Interface
	transport http.RoundTripper
}

// NewClient makes a client. It does not connect yet: a cluster that cannot be
// reached shows when something is asked of it.
func NewClient(o ClientOptions) (*Client, error) {
	c, err := load(o)
	if err != nil {
		return nil, fmt.Errorf("cluster: %w", err)
	}
	c.UserAgent = "hedged/" + o.Version
	c.QPS, c.Burst = requestRate, requestBurst
	c.ContentType = runtime.ContentTypeProtobuf
	c.AcceptContentTypes = runtime.ContentTypeProtobuf + "," + runtime.ContentTypeJSON
	if c.Proxy == nil {
		c.Proxy = http.ProxyFromEnvironment // and connections of its own: client-go shares those of equal configurations
	}
	h, err := rest.HTTPClientFor(c)
	if err != nil {
		return nil, fmt.Errorf("cluster: %w", err)
	}
	set, err := kubernetes.NewForConfigAndClient(c, h)
	if err != nil {
		return nil, fmt.Errorf("cluster: %w", err)
	}
	return &Client{Interface: set, transport: h.Transport}, nil
}

// Close ends the connections that are not in use.
func (c *Client) Close() { utilnet.CloseIdleConnectionsFor(c.transport) }

// load finds the cluster's address and credentials, as kubectl does.
func load(o ClientOptions) (*rest.Config, error) {
	rules := clientcmd.NewDefaultClientConfigLoadingRules()
	rules.ExplicitPath = o.Kubeconfig
	overrides := &clientcmd.ConfigOverrides{CurrentContext: o.Context}
	deferred := clientcmd.NewNonInteractiveDeferredLoadingClientConfig(rules, overrides)

	raw, err := deferred.RawConfig()
	if err != nil {
		return nil, fmt.Errorf("kubeconfig: %w", err)
	}
	if current := cmp.Or(o.Context, raw.CurrentContext); current != "" {
		if raw.Contexts[current] == nil {
			return nil, fmt.Errorf("kubeconfig: there is no context %q: choose one of: %s",
				current, strings.Join(slices.Sorted(maps.Keys(raw.Contexts)), ", "))
		}
		if err := clientcmd.ConfirmUsable(raw, current); err != nil {
			return nil, fmt.Errorf("kubeconfig: context %q: %w", current, err)
		}
	}
	c, err := deferred.ClientConfig()
	if clientcmd.IsEmptyConfig(err) {
		return nil, errors.New("none is known: run in a pod with a ServiceAccount token, or name a kubeconfig with --kubeconfig or KUBECONFIG")
	}
	return c, err
}

// Log makes client-go write to log what it has to say of its own accord. This
// holds for the whole process: a program does it once, when it starts.
func Log(log *slog.Logger) { klog.SetSlogLogger(log.With("component", "client-go")) }
