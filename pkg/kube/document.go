package kube

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Document is what became of one policy document. Its texts are finished: they are
// passed on to people as they are.
type Document struct {
	Namespace, ConfigMap, Key string // where it stands; other documents are passed over
	Line                      int    // in the key's text, from 1
	Version                   string // Object.Hash of the ConfigMap that was judged; "" if nobody knows

	Policy    string // namespace/name; "" if it cannot be read
	Condition string // Accepted, Invalid or Conflicted
	Message   string // why it is refused and where, or what there is to be warned of; Serves may be its end
	Observed  string // the revision of the document itself; "" if it is not valid
	Serving   string // the revision that serves under the policy's identity; "" if none does
	Serves    string // the same in words
	NotFound  string // what the policy's upstream needs and there is not; "" if all is there
}

// The types of conditions.
const (
	Accepted   = "Accepted"   // the document is valid and in conflict with no other
	Programmed = "Programmed" // it is in force, and its upstream has endpoints to offer
)

// The reasons of Accepted are the conditions that a Document may have.
const (
	Invalid    = "Invalid"
	Conflicted = "Conflicted"
)

// The reasons of Programmed, beside Programmed itself.
const (
	UpstreamNotFound = "UpstreamNotFound" // what serves has no upstream
	LastGood         = "LastGood"         // an earlier revision serves
	NotServing       = "NotServing"       // nothing does
)

// why is the message without what serves.
func (d Document) why() string {
	why := strings.TrimSuffix(d.Message, d.Serves)
	if len(why) < len(d.Message) {
		why = strings.TrimSuffix(why, "; ")
	}
	return why
}

// conditions are what the status says, in their order.
func (d Document) conditions() []metav1.Condition {
	accepted := metav1.Condition{Type: Accepted, Status: metav1.ConditionTrue, Reason: d.Condition, Message: d.why()}
	if d.Condition != Accepted {
		accepted.Status = metav1.ConditionFalse
	}
	programmed := metav1.Condition{Type: Programmed, Status: metav1.ConditionFalse, Message: d.Serves}
	switch {
	case d.Serving == "":
		programmed.Reason = NotServing
	case d.NotFound != "":
		programmed.Reason, programmed.Message = UpstreamNotFound, d.NotFound
	case d.Serving != d.Observed:
		programmed.Reason = LastGood
	default:
		programmed.Status, programmed.Reason = metav1.ConditionTrue, Programmed
	}
	return []metav1.Condition{accepted, programmed}
}

// title is how a document is called in a sentence.
func (d Document) title() string {
	if d.Policy == "" {
		return "policy in " + d.place()
	}
	return "policy " + d.Policy
}

func (d Document) place() string { return fmt.Sprintf("%s:%d", d.Key, d.Line) }

// sortDocuments brings the documents of one ConfigMap into the order of its text.
func sortDocuments(documents []Document) {
	slices.SortStableFunc(documents, func(a, b Document) int {
		return cmp.Or(cmp.Compare(a.Key, b.Key), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Policy, b.Policy))
	})
}
