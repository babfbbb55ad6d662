package control

import (
	"strings"
	"testing"

	"hedged.dev/hedged/pkg/source"
)

// TestJudgeSaysWhatALoopWould at its start.
func TestJudgeSaysWhatALoopWould(t *testing.T) {
	files := []source.File{
		at("b.yaml", doc("b", "a.example", "300ms"), doc("c", "c.example", noNumber)),
		at("a.yaml", doc("a", "a.example", "300ms")),
		unreadable("d.yaml"),
	}
	var got []string
	for _, f := range Findings(Judge(files, "cluster.local")) {
		got = append(got, f.Error())
	}
	running(t, 1, func(x *fixture) {
		x.give(files...)
		var want []string
		for _, d := range x.loop.Status().Documents {
			for _, f := range append(d.Faults, d.Warnings...) {
				want = append(want, f.Error())
			}
		}
		if len(want) != 3 || strings.Join(got, "\n") != strings.Join(want, "\n") {
			t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	})
}
