package main

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"strings"

	"hedged.dev/hedged/pkg/command"
	"hedged.dev/hedged/pkg/daemon"
	"hedged.dev/hedged/pkg/kube"
)

// serveOptions are the daemon's with what is still to be looked up.
type serveOptions struct {
	daemon.Options

	configMaps          bool
	configMapNamespaces []string

	kubeconfig, kubeContext string
	release, pod            string
	deployment, zone        string

	webhook                                bool
	webhookListen, webhookCert, webhookKey string
}

// complete checks what flags mean together, and finds the cluster.
func (o serveOptions) complete() (daemon.Options, error) {
	out := o.Options
	out.Namespace = cmp.Or(out.Namespace, podNamespace(), "default")
	switch {
	case out.Policies == "" && !o.configMaps && !o.webhook:
		return out, command.Usagef("hedged serve needs --policies DIR or --configmaps (%s, %s)", envName("policies"), envName("configmaps"))
	case len(o.configMapNamespaces) > 0 && !o.configMaps:
		return out, command.Usagef("--configmap-namespaces says which ConfigMaps are read: it needs --configmaps")
	case o.webhook && (o.webhookCert == "" || o.webhookKey == ""):
		return out, command.Usagef("--webhook serves HTTPS: it needs --webhook-cert and --webhook-key")
	case !o.webhook && (o.webhookCert != "" || o.webhookKey != ""):
		return out, command.Usagef("--webhook-cert and --webhook-key need --webhook")
	}
	if o.webhook {
		out.Webhook = &daemon.Webhook{Listen: o.webhookListen, CertFile: o.webhookCert, KeyFile: o.webhookKey}
	}
	cluster, err := o.cluster(out.Namespace)
	out.Cluster = cluster
	return out, err
}

// cluster is the one to work with: the one that flags name, or the pod's own. Nobody
// needs one for a directory of policies without Services.
func (o serveOptions) cluster(namespace string) (*daemon.Cluster, error) {
	named := o.configMaps || o.kubeconfig != "" || o.kubeContext != ""
	if !named && podNamespace() == "" {
		return nil, nil //nolint:nilnil // none is a choice
	}
	c := &daemon.Cluster{
		Client:  kube.ClientOptions{Kubeconfig: o.kubeconfig, Context: o.kubeContext, Version: currentBuild().Version},
		Release: o.release, Namespace: namespace, Pod: o.pod,
		Deployment: o.deployment, Zone: o.zone,
	}
	if o.configMaps {
		c.ConfigMaps = o.configMapNamespaces
		if len(c.ConfigMaps) == 0 {
			c.ConfigMaps = []string{namespace}
		}
	}
	if c.Pod == "" {
		name, err := os.Hostname()
		if err != nil {
			return nil, fmt.Errorf("--pod: %w", err)
		}
		c.Pod = name
	}
	return c, nil
}

// namespaceFile is where Kubernetes tells a pod its namespace.
const namespaceFile = "/var/run/secrets/kubernetes.io/serviceaccount/namespace"

// podNamespace is the namespace of the pod; "" is not in one.
func podNamespace() string {
	data, err := os.ReadFile(namespaceFile)
	if errors.Is(err, os.ErrNotExist) {
		return ""
	}
	return strings.TrimSpace(string(data))
}
