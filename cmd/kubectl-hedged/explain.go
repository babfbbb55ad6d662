package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	corev1 "k8s.io/api/core/v1"

	"hedged.dev/hedged/pkg/command"
	"hedged.dev/hedged/pkg/inspect"
)

func newExplain(reach reach) *cobra.Command {
	var pod, output string
	cmd := &cobra.Command{
		Use:   "explain POLICY",
		Short: "Say what plan the daemons follow, and why",
		Long: `Say what plan the daemons follow for a policy, and why: how many attempts calls may
have now and when, what state each takes the upstream for, which rule decided, and
the figures that it was decided by. POLICY is its name, or namespace/name.

Every pod learns for itself, so that plans may differ: there is a line for each,
and then everything about the first, or about that of --pod. The words are those of
hedged explain --help.`,
		Example: `  kubectl hedged explain catalog -n shop
  kubectl hedged explain shop/catalog --pod hedged-7d4b9-x2x7p
  kubectl hedged explain catalog -o json`,
		Args: func(cmd *cobra.Command, args []string) error {
			switch len(args) {
			case 0:
				return command.Usagef("%s needs a policy; kubectl hedged status lists them", cmd.CommandPath())
			case 1:
				return nil
			}
			return command.Usagef("%s takes one policy, and got %q as well", cmd.CommandPath(), args[1])
		},
	}
	command.Group(cmd.Flags(), "Flags", func(f *pflag.FlagSet) {
		f.StringVar(&pod, "pod", "", "the `NAME` of the one pod to ask (default: all)")
		outputFlag(f, &output)
	})
	c := newCluster(cmd.Flags(), reach)
	clusterFlags(cmd.Flags(), c.kubernetes)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		s, err := c.connect(cmd.ErrOrStderr())
		if err != nil {
			return err
		}
		defer s.close()
		pods, err := s.pods(cmd.Context())
		if err == nil && pod != "" {
			pods, err = onlyPod(pods, pod)
		}
		if err != nil {
			return err
		}
		explained, err := s.explain(cmd.Context(), pods, args[0])
		if err != nil {
			return err
		}
		return command.Write(cmd.OutOrStdout(), output, explained, func(w io.Writer) error { return writeExplained(w, explained, pod == "") })
	}
	return cmd
}

// onlyPod finds the pod of that name.
func onlyPod(pods []corev1.Pod, name string) ([]corev1.Pod, error) {
	var names []string
	for i := range pods {
		if pods[i].Name == name || podName(&pods[i]) == name {
			return pods[i : i+1], nil
		}
		names = append(names, pods[i].Name)
	}
	if guess, ok := command.Nearest(name, names); ok {
		return nil, fmt.Errorf("no daemon runs in a pod %s; did you mean %s?", name, guess)
	}
	return nil, fmt.Errorf("no daemon runs in a pod %s; there are %s", name, strings.Join(names, ", "))
}

// podExplanation is what one pod says of the policy.
type podExplanation struct {
	Pod string `json:"pod"`
	inspect.Explanation
}

// explain asks the pods for the policy. One that cannot tell is warned of, unless
// none can.
func (s *session) explain(ctx context.Context, pods []corev1.Pod, policy string) ([]podExplanation, error) {
	answers, err := answered(s, ask(pods, through(ctx, s, inspect.Debug, inspect.Port.Explain)))
	if err != nil {
		return nil, err
	}
	id, err := whichPolicy(answers, policy)
	if err != nil {
		return nil, err
	}
	var explained []podExplanation
	for _, a := range answers {
		one, err := a.value.Find(id)
		if err != nil {
			warn(s.stderr, "%v", err)
			continue
		}
		explained = append(explained, podExplanation{a.pod, one})
	}
	return explained, nil
}

// whichPolicy is the identity that a name means among what all pods have.
func whichPolicy(answers []answer[inspect.Explanations], name string) (string, error) {
	var ids []string
	for _, a := range answers {
		for i := range a.value.All {
			ids = append(ids, a.value.All[i].Policy.Policy)
		}
	}
	slices.Sort(ids)
	ids = slices.Compact(ids)
	i, err := inspect.Choose(name, ids, "hedged")
	if err != nil {
		return "", err
	}
	return ids[i], nil
}

// writeExplained writes a line for each pod if asked to, and everything that the
// first one says.
func writeExplained(w io.Writer, explained []podExplanation, each bool) error {
	if each {
		t := command.Table{append([]string{"pod"}, inspect.Columns()...)}
		for i := range explained {
			t = append(t, append([]string{explained[i].Pod}, explained[i].Row()...))
		}
		if err := t.Write(w, ""); err != nil {
			return err
		}
		if _, err := fmt.Fprintf(w, "\nIn pod %s:\n\n", explained[0].Pod); err != nil {
			return err
		}
	}
	return explained[0].Write(w)
}
