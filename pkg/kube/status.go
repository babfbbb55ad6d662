package kube

import (
	"encoding/json"
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Status is what the annotation hedged.dev/status of a ConfigMap says, as JSON.
type Status struct {
	ObservedHash string           `json:"observedHash"` // of the data that was judged
	Documents    []DocumentStatus `json:"documents"`
	Omitted      int              `json:"omitted,omitempty"` // documents that there was no room for: good ones first
}

// DocumentStatus is the status of one policy document.
type DocumentStatus struct {
	Policy     string             `json:"policy,omitempty"` // namespace/name; "" if it cannot be read
	Key        string             `json:"key"`
	Line       int                `json:"line"`
	Revision   string             `json:"revision,omitempty"` // of the document; "" if it is not valid
	Serving    string             `json:"serving,omitempty"`  // the revision that serves; "" if none does
	Conditions []metav1.Condition `json:"conditions"`
}

// ParseStatus reads the annotation. An empty one says nothing.
func ParseStatus(annotation string) (Status, error) {
	var s Status
	if annotation == "" {
		return s, nil
	}
	if err := json.Unmarshal([]byte(annotation), &s); err != nil {
		return Status{}, fmt.Errorf("annotation hedged.dev/status: %w", err)
	}
	return s, nil
}

// condition returns the condition of a type, or one that says nothing.
func (d DocumentStatus) condition(kind string) metav1.Condition {
	for _, c := range d.Conditions {
		if c.Type == kind {
			return c
		}
	}
	return metav1.Condition{Type: kind}
}

// good reports whether there is nothing to say about the document.
func (d DocumentStatus) good() bool {
	for _, c := range d.Conditions {
		if c.Status != metav1.ConditionTrue {
			return false
		}
	}
	return true
}
