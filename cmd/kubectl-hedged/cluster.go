package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"

	"github.com/spf13/pflag"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	utilnet "k8s.io/apimachinery/pkg/util/net"
	"k8s.io/cli-runtime/pkg/genericclioptions"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"hedged.dev/hedged/pkg/access"
	"hedged.dev/hedged/pkg/command"
	"hedged.dev/hedged/pkg/inspect"
)

// cluster is what the flags say of the cluster, and of the daemons in it.
type cluster struct {
	kubernetes *genericclioptions.ConfigFlags
	reach      reach

	everywhere      bool   // --all-namespaces
	selector        string // of the daemons' pods
	daemonNamespace string
	admin, health   int32 // ports; 0: as the pod declares them
}

// newCluster makes the flags of a command that asks daemons.
func newCluster(flags *pflag.FlagSet, reach reach) *cluster {
	c := &cluster{kubernetes: genericclioptions.NewConfigFlags(true), reach: reach}
	command.Group(flags, "The daemons", func(f *pflag.FlagSet) {
		f.BoolVarP(&c.everywhere, "all-namespaces", "A", false, "look in every namespace")
		f.StringVarP(&c.selector, "selector", "l", "app.kubernetes.io/name=hedged", "the `LABELS` of the daemons' pods")
		f.StringVar(&c.daemonNamespace, "daemon-namespace", "", "the `NAMESPACE` of the daemons' pods (default: that of --namespace)")
		f.Int32Var(&c.admin, "admin-port", 0, "the `PORT` of serve's --admin-listen (default: the container port named admin, or 8082)")
		f.Int32Var(&c.health, "health-port", 0, "the `PORT` of serve's --health-listen (default: the container port named health, or 8081)")
	})
	return c
}

// clusterFlags adds kubectl's own flags, under a heading that comes last.
func clusterFlags(flags *pflag.FlagSet, k *genericclioptions.ConfigFlags) {
	k.CacheDir = nil // nothing is discovered
	command.Group(flags, "Kubernetes", k.AddFlags)
}

// outputFlag adds the flag that says how the result is written.
func outputFlag(f *pflag.FlagSet, output *string) {
	f.VarP(command.NewChoice(output, "text", "json", "yaml"), "output", "o", "how the result is written")
}

// session is a connection to the cluster.
type session struct {
	*cluster
	config    *rest.Config
	client    kubernetes.Interface
	namespace string // of policies; "" is all
	stderr    io.Writer
	close     func()
}

// connect makes a session, which is to be closed. Warnings go to stderr.
func (c *cluster) connect(stderr io.Writer) (*session, error) {
	config, err := c.kubernetes.ToRESTConfig()
	if err != nil {
		return nil, fmt.Errorf("no cluster to ask: %w", err)
	}
	config.WarningHandler = rest.NewWarningWriter(stderr, rest.WarningWriterOptions{})
	transport, err := rest.HTTPClientFor(config)
	if err != nil {
		return nil, fmt.Errorf("no cluster to ask: %w", err)
	}
	client, err := kubernetes.NewForConfigAndClient(config, transport)
	if err != nil {
		return nil, fmt.Errorf("no cluster to ask: %w", err)
	}
	s := &session{
		cluster: c, config: config, client: client,
		stderr: stderr,
		close:  func() { utilnet.CloseIdleConnectionsFor(transport.Transport) },
	}
	if !c.everywhere {
		s.namespace, err = c.namespaceFlag()
	}
	return s, err
}

// warn tells of what is wrong and does not end the command.
func warn(stderr io.Writer, format string, args ...any) {
	fmt.Fprintf(stderr, "kubectl hedged: warning: "+format+"\n", args...)
}

// namespaceFlag is the namespace of --namespace, or of the kubeconfig's context.
func (c *cluster) namespaceFlag() (string, error) {
	namespace, _, err := c.kubernetes.ToRawKubeConfigLoader().Namespace()
	if err != nil {
		return "", fmt.Errorf("no namespace: %w", err)
	}
	return namespace, nil
}

// podNamespace is where the daemons are; "" is everywhere.
func (s *session) podNamespace() string { return cmp.Or(s.daemonNamespace, s.namespace) }

// pods finds the daemons that run, by name.
func (s *session) pods(ctx context.Context) ([]corev1.Pod, error) {
	namespace := s.podNamespace()
	list, err := s.client.CoreV1().Pods(namespace).List(ctx, metav1.ListOptions{LabelSelector: s.selector})
	if err != nil {
		return nil, access.Refused(err, "list", "pods", namespace)
	}
	pods := slices.DeleteFunc(list.Items, func(p corev1.Pod) bool { return p.Status.Phase != corev1.PodRunning })
	if len(pods) > 0 {
		slices.SortFunc(pods, func(a, b corev1.Pod) int { return cmp.Compare(podName(&a), podName(&b)) })
		return pods, nil
	}
	where := "in any namespace"
	if namespace != "" {
		where = "in namespace " + namespace
	}
	if len(list.Items) > 0 {
		return nil, fmt.Errorf("no pod with the labels %s %s runs: kubectl describe pod says why", s.selector, where)
	}
	return nil, fmt.Errorf("no pod has the labels %s %s: give those of your daemons with -l, or their namespace with --daemon-namespace",
		s.selector, where)
}

func podName(p *corev1.Pod) string { return p.Namespace + "/" + p.Name }

// port makes the way to one of a pod's ports. release ends it.
func (s *session) port(p *corev1.Pod, kind inspect.Kind) (port inspect.Port, release func(), err error) {
	number := s.portNumber(p, kind)
	client, release, err := s.reach(s.config, p, number)
	if err != nil {
		return inspect.Port{}, nil, err
	}
	return inspect.Port{
		Kind: kind, URL: fmt.Sprintf("http://127.0.0.1:%d", number), Client: client,
		Name: fmt.Sprintf("pod %s, port %d", podName(p), number),
	}, release, nil
}

// portNumber is what the flag says, or else the pod's own declaration.
func (s *session) portNumber(p *corev1.Pod, kind inspect.Kind) int32 {
	number, name, usual := s.admin, "admin", int32(8082)
	if kind == inspect.Health {
		number, name, usual = s.health, "health", 8081
	}
	if number != 0 {
		return number
	}
	for i := range p.Spec.Containers {
		for _, declared := range p.Spec.Containers[i].Ports {
			if declared.Name == name {
				return declared.ContainerPort
			}
		}
	}
	return usual
}
