package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"hedged.dev/hedged/pkg/inspect"
	"hedged.dev/hedged/pkg/kube"
	"hedged.dev/hedged/pkg/source"
)

// join makes one list of what the ConfigMaps' annotations say of their documents,
// and of what the pods say of the others: those of a ConfigMap that the leader has
// not judged since its last edit, and of directories. namespace is that of the
// policies; "" is all.
func join(objects []corev1.ConfigMap, answers []answer[inspect.Config], namespace string) []policyStatus {
	all := []policyStatus{}
	judged := map[string]bool{} // ConfigMaps by what the places in them begin with
	for i := range objects {
		c := &objects[i]
		status, err := kube.ParseStatus(c.Annotations[source.StatusAnnotation])
		if err != nil || status.ObservedHash != source.Hash(source.Files(c)) {
			continue
		}
		prefix := c.Namespace + "/" + c.Name + "/"
		judged[prefix] = true
		for _, d := range status.Documents {
			all = append(all, policyStatus{
				Policy: d.Policy, Place: prefix + d.Key, Line: d.Line, Revision: d.Revision, Serving: d.Serving, Conditions: d.Conditions,
			})
		}
	}
	type document struct {
		policy, place string
		line          int
	}
	known := map[document]bool{}
	for _, a := range answers {
		for _, d := range a.value.Documents {
			of := document{d.Policy, d.Place, d.Line}
			if known[of] || judged[d.Place[:strings.LastIndex(d.Place, "/")+1]] || !within(d.Policy, namespace) {
				continue
			}
			known[of] = true
			all = append(all, policyStatus{
				Policy: d.Policy, Place: d.Place, Line: d.Line, Revision: d.Observed, Serving: d.Serving,
				Conditions: []metav1.Condition{accepted(d)},
			})
		}
	}
	serving := revisions(answers)
	for i := range all {
		all[i].Pods = serving(all[i].Policy)
	}
	slices.SortStableFunc(all, func(a, b policyStatus) int {
		return cmp.Or(cmp.Compare(a.Policy, b.Policy), cmp.Compare(a.Place, b.Place), cmp.Compare(a.Line, b.Line))
	})
	return all
}

// within reports whether a policy is of the namespace, or may be.
func within(policy, namespace string) bool {
	return namespace == "" || policy == "" || strings.HasPrefix(policy, namespace+"/")
}

// accepted is the condition that a pod tells.
func accepted(d inspect.Document) metav1.Condition {
	c := metav1.Condition{
		Type: kube.Accepted, Status: metav1.ConditionTrue, Reason: d.Condition,
		Message: strings.Join(d.Faults, "; "), LastTransitionTime: metav1.NewTime(d.Since),
	}
	if d.Condition != kube.Accepted {
		c.Status = metav1.ConditionFalse
	}
	return c
}

// revisions finds what each pod that answered serves of a policy.
func revisions(answers []answer[inspect.Config]) func(policy string) []podRevision {
	serving := make([]map[string]string, len(answers))
	for i, a := range answers {
		serving[i] = map[string]string{}
		for j := range a.value.Policies {
			serving[i][a.value.Policies[j].Policy] = a.value.Policies[j].Revision
		}
	}
	return func(policy string) []podRevision {
		pods := []podRevision{}
		for i, a := range answers {
			if a.err == nil {
				pods = append(pods, podRevision{a.pod, serving[i][policy]})
			}
		}
		return pods
	}
}

// reason is a condition in a table.
func (p *policyStatus) reason(condition string) string {
	if c := meta.FindStatusCondition(p.Conditions, condition); c != nil {
		return orDash(c.Reason)
	}
	return "-"
}

// served is how many of the running pods have the revision that is in force.
func (p *policyStatus) served(running int) string {
	if running == 0 {
		return "-"
	}
	n := 0
	for _, pod := range p.Pods {
		if pod.Revision == p.Serving && p.Serving != "" {
			n++
		}
	}
	return fmt.Sprintf("%d/%d", n, running)
}

// remarks are what is wrong: the conditions that are not true, and the pods that
// serve something else than what is in force.
func (p *policyStatus) remarks() []string {
	name := cmp.Or(p.Policy, p.Place)
	var all []string
	for _, c := range p.Conditions {
		if c.Status != metav1.ConditionTrue && c.Message != "" {
			all = append(all, fmt.Sprintf("%s: %s: %s", name, c.Reason, c.Message))
		}
	}
	for _, pod := range p.Pods {
		switch pod.Revision {
		case p.Serving:
		case "":
			all = append(all, fmt.Sprintf("%s: pod %s serves nothing", name, pod.Pod))
		default:
			all = append(all, fmt.Sprintf("%s: pod %s serves revision %s", name, pod.Pod, pod.Revision))
		}
	}
	return all
}

func orDash(text string) string { return cmp.Or(text, "-") }
