package kube_test

import (
	"fmt"

	"hedged.dev/hedged/pkg/kube"
)

// What the annotation hedged.dev/status of a ConfigMap says.
func ExampleParseStatus() {
	status, err := kube.ParseStatus(`{
		"observedHash": "9f86d081884c",
		"documents": [{
			"policy": "shop/catalog", "key": "catalog.yaml", "line": 1, "serving": "5891b5b522d5",
			"conditions": [
				{"type": "Accepted", "status": "False", "reason": "Invalid", "message": "shop/policies/catalog.yaml:7:12: spec.fanOut.max: Invalid value: 9: must be between 1 and 8"},
				{"type": "Programmed", "status": "False", "reason": "LastGood", "message": "still serving revision 5891b5b522d5"}
			]
		}]
	}`)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, d := range status.Documents {
		for _, c := range d.Conditions {
			fmt.Println(d.Policy, c.Type, c.Status, c.Reason)
		}
	}
	// Output:
	// shop/catalog Accepted False Invalid
	// shop/catalog Programmed False LastGood
}
