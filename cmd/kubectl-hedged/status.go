package main

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"hedged.dev/hedged/pkg/access"
	"hedged.dev/hedged/pkg/command"
	"hedged.dev/hedged/pkg/inspect"
	"hedged.dev/hedged/pkg/source"
)

func newStatus(reach reach) *cobra.Command {
	var output string
	cmd := &cobra.Command{
		Use:   "status",
		Short: "Say which policies are in force, in which revision, in which pods",
		Long: `Say which policies are in force, in which revision, in which pods, and what is wrong
with those that are not.

  accepted    Accepted; Invalid: it has faults; Conflicted: another policy holds its
              name or its match
  programmed  Programmed: in force; LastGood: an earlier revision is; NotServing:
              nothing is; UpstreamNotFound: its upstream does not exist
  revision    what is in force
  pods        how many have that revision, of those that run

Accepted and programmed are what the daemons' leader wrote on the ConfigMap. Where it
has not yet, or the ConfigMap was edited since, accepted is what a pod says.`,
		Example: `  kubectl hedged status
  kubectl hedged status -n shop --daemon-namespace hedged
  kubectl hedged status -A -o json`,
		Args: command.NoArguments,
	}
	command.Group(cmd.Flags(), "Flags", func(f *pflag.FlagSet) { outputFlag(f, &output) })
	c := newCluster(cmd.Flags(), reach)
	clusterFlags(cmd.Flags(), c.kubernetes)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		s, err := c.connect(cmd.ErrOrStderr())
		if err != nil {
			return err
		}
		defer s.close()
		status, err := s.status(cmd.Context())
		if err != nil {
			return err
		}
		return command.Write(cmd.OutOrStdout(), output, status, func(w io.Writer) error { return writeStatus(w, status) })
	}
	return cmd
}

// clusterStatus is what status tells. Its fields are the JSON output.
type clusterStatus struct {
	Policies []policyStatus `json:"policies"`
	Pods     []podStatus    `json:"pods"`               // the daemons that run
	Unjudged []string       `json:"unjudged,omitempty"` // labelled ConfigMaps that no daemon has said anything of
}

// podStatus is a daemon that was asked.
type podStatus struct {
	Pod     string `json:"pod"`               // namespace/name
	Problem string `json:"problem,omitempty"` // why it did not answer
}

// policyStatus is a document: what became of it, and what the pods serve in its
// name.
type policyStatus struct {
	Policy     string             `json:"policy,omitempty"` // namespace/name; "" if it cannot be read
	Place      string             `json:"place"`            // namespace/configmap/key, or a file
	Line       int                `json:"line"`
	Revision   string             `json:"revision,omitempty"` // of the document; "" if it is not valid
	Serving    string             `json:"serving,omitempty"`  // the revision that is in force; "" if none is
	Conditions []metav1.Condition `json:"conditions"`
	Pods       []podRevision      `json:"pods"` // those that answered
}

// podRevision is the revision that a pod serves; "" is none.
type podRevision struct {
	Pod      string `json:"pod"`
	Revision string `json:"revision"`
}

// status reads the ConfigMaps and asks the pods. Without pods it is what the
// ConfigMaps say.
func (s *session) status(ctx context.Context) (clusterStatus, error) {
	objects, err := s.configMaps(ctx)
	if err != nil {
		return clusterStatus{}, err
	}
	pods, err := s.pods(ctx)
	if err != nil {
		warn(s.stderr, "%v", err)
	}
	answers := ask(pods, through(ctx, s, inspect.Debug, inspect.Port.Config))
	if err := ctx.Err(); err != nil {
		return clusterStatus{}, err
	}
	status := clusterStatus{Pods: []podStatus{}}
	for _, a := range answers {
		p := podStatus{Pod: a.pod}
		if a.err != nil {
			warn(s.stderr, "%v", a.err)
			p.Problem = a.err.Error()
		}
		status.Pods = append(status.Pods, p)
	}
	status.Policies = join(objects, answers, s.namespace)
	status.Unjudged = unjudged(objects, status.Policies)
	return status, nil
}

// unjudged are the ConfigMaps with policy files of which no row tells.
func unjudged(objects []corev1.ConfigMap, rows []policyStatus) []string {
	told := map[string]bool{}
	for _, r := range rows {
		if namespace, configMap, _, ok := source.SplitPlace(r.Place); ok {
			told[namespace+"/"+configMap] = true
		}
	}
	var names []string
	for i := range objects {
		name := objects[i].Namespace + "/" + objects[i].Name
		if !told[name] && len(source.Files(&objects[i])) > 0 {
			names = append(names, name)
		}
	}
	return names
}

// configMaps reads those that hold policies.
func (s *session) configMaps(ctx context.Context) ([]corev1.ConfigMap, error) {
	selector := labels.Set{source.PolicyLabel: "true"}.String()
	list, err := s.client.CoreV1().ConfigMaps(s.namespace).List(ctx, metav1.ListOptions{LabelSelector: selector})
	if err != nil {
		return nil, access.Refused(err, "list", "configmaps", s.namespace)
	}
	return list.Items, nil
}

// writeStatus writes a line for each document, and below it what is wrong.
func writeStatus(w io.Writer, status clusterStatus) error {
	for _, name := range status.Unjudged {
		if _, err := fmt.Fprintf(w, "ConfigMap %s is not judged yet: is hedged running, with --configmaps for its namespace?\n", name); err != nil {
			return err
		}
	}
	if len(status.Policies) == 0 {
		if len(status.Unjudged) > 0 {
			return nil
		}
		_, err := fmt.Fprintln(w, "no policy: hedged reads the ConfigMaps that are labelled "+source.PolicyLabel+"=true")
		return err
	}
	t := command.Table{{"policy", "accepted", "programmed", "revision", "pods", "place"}}
	var remarks []string
	for i := range status.Policies {
		p := &status.Policies[i]
		t = append(t, []string{
			orDash(p.Policy), p.reason("Accepted"), p.reason("Programmed"), orDash(p.Serving), p.served(len(status.Pods)),
			fmt.Sprintf("%s:%d", p.Place, p.Line),
		})
		remarks = append(remarks, p.remarks()...)
	}
	if err := t.Write(w, ""); err != nil || len(remarks) == 0 {
		return err
	}
	if _, err := fmt.Fprintln(w); err != nil {
		return err
	}
	for _, r := range remarks {
		if _, err := fmt.Fprintln(w, r); err != nil {
			return err
		}
	}
	return nil
}
