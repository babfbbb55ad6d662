package policy_test

import (
	"fmt"

	"hedged.dev/hedged/pkg/policy"
)

const catalog = `apiVersion: hedged.dev/v1alpha1
kind: HedgePolicy
metadata:
  name: catalog-read
spec:
  match:
    - hosts: [catalog]
      path: {type: PathPrefix, value: /v1/}
  upstream:
    endpoints: ["http://10.1.2.3:8080", "http://10.1.2.4:8080"]
  deadline: 300ms
  fanOut: {adaptive: false}
  stagger: {mode: Quantile, quantile: 0.95}
`

func Example() {
	policies, faults := policy.Parse([]byte(catalog), policy.Options{Place: "catalog.yaml", Namespace: "shop"})
	if len(faults) > 0 {
		fmt.Println(faults)
	}
	table, _ := policy.NewTable(policies)
	p, rule, ok := table.Match(policy.Request{Host: "catalog.shop.svc:80", Method: "GET", Path: "/v1/books"})
	fmt.Println(ok, p.ID, rule.Route, p.Deadline)
	fmt.Println(p.Classify(404), p.Classify(503), p.Classify(501))
	// Output:
	// true shop/catalog-read /v1/ 300ms
	// accepted non-fatal fatal
}

func ExampleParse_faults() {
	const typo = `apiVersion: hedged.dev/v1alpha1
kind: HedgePolicy
metadata: {name: catalog-read}
spec:
  match: [{hosts: ["catalog:8080"]}]
  upstream: {endpoints: ["http://10.1.2.3:8080"]}
  deadlin: 300ms
  fanOut: {max: 9, adaptive: false}
  stagger: {mode: Fixed, fixed: 20ms}
`
	_, faults := policy.Parse([]byte(typo), policy.Options{Place: "catalog.yaml"})
	for _, f := range faults {
		fmt.Println(f.Error())
	}
	// Output:
	// catalog.yaml:5:20: spec.match[0].hosts[0]: Invalid value: "catalog:8080": must be a host without a port, "catalog": the port of a request does not count
	// catalog.yaml:7:12: spec.deadlin: unknown field, did you mean "deadline"?
	// catalog.yaml:8:17: spec.fanOut.max: Invalid value: 9: must be between 1 and 8
}
