package kube

import (
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// change is a condition that was not so before.
type change struct {
	document  Document
	condition metav1.Condition
}

// judge makes the status of a ConfigMap from its documents, sorted, and from the
// status that it has. What is as it was keeps its time. The changes are those that
// are worth an Event: the status alone tells whether there was one.
func judge(before Status, documents []Document, hash string, now time.Time) (Status, []change) {
	after := Status{ObservedHash: hash}
	var changes []change
	known := index(before.Documents)
	names := make(namer)
	for _, d := range documents {
		was, found := known[names.next(d.Policy, d.Key)]
		// Good ones are left out first where there is no room for all.
		taken := !found && before.Omitted > 0
		conditions := d.conditions()
		for i := range conditions {
			c := &conditions[i]
			earlier := was.condition(c.Type)
			if taken {
				earlier.Status, earlier.Reason = metav1.ConditionTrue, c.Type
			}
			c.LastTransitionTime = metav1.NewTime(now.UTC().Truncate(time.Second))
			if earlier.Status == c.Status && !earlier.LastTransitionTime.IsZero() {
				c.LastTransitionTime = earlier.LastTransitionTime
			}
			if newsworthy(earlier, *c) {
				changes = append(changes, change{d, *c})
			}
		}
		after.Documents = append(after.Documents, DocumentStatus{
			Policy: d.Policy, Key: d.Key, Line: d.Line,
			Revision: d.Observed, Serving: d.Serving, Conditions: conditions,
		})
	}
	return after, changes
}

// newsworthy reports whether a condition is to be told to who does not look at the
// status. What serves under a refused document is told with why it is refused.
func newsworthy(before, after metav1.Condition) bool {
	switch {
	case after.Type == Accepted && after.Status != metav1.ConditionTrue:
		return before.Reason != after.Reason || !shortenedTo(before.Message, after.Message)
	case after.Type == Accepted:
		return before.Status != after.Status
	default:
		return after.Reason == UpstreamNotFound && before.Reason != after.Reason
	}
}

// name finds a document again after it was moved within its key.
type name struct {
	policy, key string
	nth         int // of those with the same policy and key
}

type namer map[name]int

func (n namer) next(policy, key string) name {
	of := name{policy: policy, key: key}
	n[of]++
	return name{policy, key, n[of]}
}

func index(documents []DocumentStatus) map[name]DocumentStatus {
	names := make(namer)
	out := make(map[name]DocumentStatus, len(documents))
	for _, d := range documents {
		out[names.next(d.Policy, d.Key)] = d
	}
	return out
}
