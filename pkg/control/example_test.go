package control_test

import (
	"context"
	"fmt"
	"log/slog"

	"hedged.dev/hedged/pkg/control"
	"hedged.dev/hedged/pkg/policy"
	"hedged.dev/hedged/pkg/source"
)

// edits is a source that has one file, in one version after the other.
type edits []string

func (e edits) Run(_ context.Context, emit func(source.Snapshot)) error {
	for _, content := range e {
		emit(source.Snapshot{Files: []source.File{{Place: "catalog.yaml", Namespace: "shop", Data: []byte(content)}}})
	}
	return nil
}

// A broken edit publishes nothing: what served before serves on, and the status
// says what is wrong and where.
func ExampleLoop() {
	const catalog = `
apiVersion: hedged.dev/v1alpha1
kind: HedgePolicy
metadata: {name: catalog}
spec:
  match: [{hosts: [catalog]}]
  upstream: {endpoints: ["http://10.1.2.3:8080", "http://10.1.2.4:8080"]}
  fanOut: {adaptive: false}
  stagger: {mode: Fixed, fixed: 20ms}
  deadline: `

	ctx, cancel := context.WithCancel(context.Background())
	var loop *control.Loop
	loop = control.New(control.Options{
		Sources: []control.Source{edits{catalog + "300ms", catalog + "soon", catalog + "200ms"}},
		Publish: func(table *policy.Table) {
			for _, d := range loop.Status().Documents {
				fmt.Printf("%s %s %s:%d %s\n", d.Condition, d.ID, d.Place, d.Faults[0].Line, d.Faults[0].Path)
			}
			p := table.Policies()[0]
			fmt.Printf("published %s with a deadline of %s\n", p.ID, p.Deadline)
			if p.Deadline.Milliseconds() == 200 {
				cancel()
			}
		},
		Log: slog.New(slog.DiscardHandler),
	})
	if err := loop.Run(ctx); err != nil {
		fmt.Println(err)
	}

	// Output:
	// published shop/catalog with a deadline of 300ms
	// Invalid shop/catalog catalog.yaml:10 spec.deadline
	// published shop/catalog with a deadline of 200ms
}
