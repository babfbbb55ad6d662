package control

import (
	"context"
	"errors"
	"strings"
	"testing"

	"hedged.dev/hedged/pkg/policy"
)

func keeping(kept []policy.Kept) func(context.Context) []policy.Kept {
	return func(context.Context) []policy.Kept { return kept }
}

// kept runs a loop until it serves these documents, and takes what it would keep.
func kept(t *testing.T, place string, documents ...string) []policy.Kept {
	t.Helper()
	var kept []policy.Kept
	running(t, 1, func(x *fixture) {
		x.give(at(place, documents...))
		kept = x.loop.Serving()
	})
	if len(kept) != len(documents) {
		t.Fatalf("%d policies are kept of %d documents", len(kept), len(documents))
	}
	return kept
}

func TestServingIsWhatIsKept(t *testing.T) {
	running(t, 1, func(x *fixture) {
		if got := x.loop.Serving(); len(got) != 0 {
			t.Errorf("before the first snapshot: %v", got)
		}
		x.give(at("a.yaml", doc("b", "b.example", "300ms"), doc("a", "a.example", "300ms")))
		x.give(at("a.yaml", doc("b", "b.example", noNumber), doc("a", "a.example", "200ms")))
		got := x.loop.Serving()
		if len(got) != 2 || got[0].ID.Name != "a" || got[1].ID.Name != "b" {
			t.Fatalf("got %v", got)
		}
		for i, want := range []struct {
			text string
			line int
		}{{"---\n" + doc("a", "a.example", "200ms"), 9}, {doc("b", "b.example", "300ms"), 0}} {
			k := got[i]
			if string(k.Text) != want.text || k.Before != want.line || k.Place != "a.yaml" || k.Revision != x.document("a.yaml", k.ID.Name).Serving {
				t.Errorf("%s: line %d, place %s, revision %s, text\n%s", k.ID, k.Before, k.Place, k.Revision, k.Text)
			}
		}
	})
}

func TestChangedTellsOnceOfSeveralReloads(t *testing.T) {
	running(t, 1, func(x *fixture) {
		told := func(want int) {
			t.Helper()
			if got := len(x.loop.Changed()); got != want {
				t.Errorf("told %d times, want %d", got, want)
			}
			for range want {
				<-x.loop.Changed()
			}
		}
		told(0)
		x.give()
		told(1)
		x.give(at("a.yaml", doc("a", "a.example", "300ms")))
		x.give(at("a.yaml", doc("a", "a.example", noNumber)))
		told(1)
		told(0)
	})
}

// TestP25LastGoodRevisionServesAfterARestart: of what is broken at the start, and
// of nothing else. Status and log say so.
func TestP25LastGoodRevisionServesAfterARestart(t *testing.T) {
	good := []string{doc("a", "a.example", "300ms"), doc("b", "b.example", "300ms"), doc("c", "c.example", "300ms")}
	before := kept(t, "a.yaml", good...)
	revision := before[0].Revision
	const text = " (kept from before the start)"
	runningWith(t, 1, Options{LastGood: keeping(before)}, func(x *fixture) {
		if len(x.tables) > 0 || len(x.loop.Serving()) > 0 {
			t.Error("it serves before the sources were heard")
		}
		x.give(at("a.yaml", doc("a", "a.example", noNumber), doc("b", "b.example", "200ms")))
		x.serves("a=300ms b=200ms") // and c is gone
		x.says("a.yaml:7 a Invalid", "a.yaml:11 b Accepted")
		if err := x.loop.Ready(); err != nil {
			t.Error(err)
		}
		d := x.document("a.yaml", "a")
		if d.Serving != revision || !d.Kept || !strings.HasSuffix(d.Message(), "; still serving revision "+revision+text) {
			t.Errorf("status %+v: %s", d, d.Message())
		}
		x.logs(
			[]string{`msg="policy refused"`, "policy=default/a", "a.yaml:7:13", "still serving revision " + revision + text},
			[]string{`msg="policy accepted"`, "policy=default/b"})
		if got := x.loop.Serving(); len(got) != 2 || got[0].Revision != revision || string(got[0].Text) != good[0] {
			t.Errorf("it would keep %v", got)
		}
		// Broken in another way, mended, and broken again: kept by this run now.
		x.give(at("a.yaml", noYAML))
		if d := x.document("a.yaml", "a"); !d.Kept || d.Serving != revision {
			t.Errorf("status %+v", d)
		}
		x.give(at("a.yaml", doc("a", "a.example", "300ms")))
		if d := x.document("a.yaml", "a"); d.Kept || d.Condition != Accepted || d.Serving != revision {
			t.Errorf("status %+v", d)
		}
		x.give(at("a.yaml", doc("a", "a.example", noNumber)))
		if d := x.document("a.yaml", "a"); d.Kept || d.Serving != revision {
			t.Errorf("status %+v", d)
		}
	})
}

func TestP25RestartWithNothingButBrokenDocumentsIsReady(t *testing.T) {
	before := kept(t, "a.yaml", doc("a", "a.example", "300ms"), doc("b", "b.example", "300ms"))
	runningWith(t, 1, Options{LastGood: keeping(before)}, func(x *fixture) {
		x.give(at("a.yaml", noYAML))
		x.serves("a=300ms b=300ms")
		if err := x.loop.Ready(); err != nil {
			t.Error(err)
		}
	})
}

func TestKeptPolicyHoldsItsMatchAcrossARestart(t *testing.T) {
	before := kept(t, "z.yaml", doc("z", "x.example", "300ms"))
	runningWith(t, 1, Options{LastGood: keeping(before)}, func(x *fixture) {
		x.give(at("a.yaml", doc("a", "x.example", "200ms")), at("z.yaml", doc("z", "x.example", "300ms")))
		x.serves("z=300ms")
		x.says("a.yaml:1 a Conflicted", "z.yaml:1 z Accepted")
		if d := x.document("z.yaml", "z"); d.Kept {
			t.Errorf("its document is there: %+v", d)
		}
	})
}

func TestKeptPolicyThatCannotBeReadIsDroppedAndLogged(t *testing.T) {
	before := kept(t, "a.yaml", doc("a", "a.example", "300ms"), doc("b", "b.example", "300ms"), doc("c", "c.example", "300ms"), doc("d", "d.example", "300ms"))
	before[0].Text = []byte(doc("a", "a.example", noNumber))
	before[1].Text = []byte(doc("other", "b.example", "300ms"))
	before[3].Text = []byte(doc("d", "c.example", "300ms")) // an earlier one than that of c
	runningWith(t, 1, Options{LastGood: keeping(before)}, func(x *fixture) {
		x.logs(
			[]string{"level=ERROR", `msg="kept policy dropped"`, "policy=default/a", "place=a.yaml", "revision=" + before[0].Revision, "a.yaml:7:13: spec.deadline"},
			[]string{"level=ERROR", `msg="kept policy dropped"`, "policy=default/b", "not that of the policy"},
			[]string{"level=ERROR", `msg="kept policy dropped"`, "policy=default/d", "host c.example is held by policy default/c"})
		x.give(at("a.yaml", noYAML))
		x.serves("c=300ms")
	})
}

func TestReadyNamesTheProblemOfASource(t *testing.T) {
	var problem error
	runningWith(t, 2, Options{Problem: func() error { return problem }}, func(x *fixture) {
		x.notReady("policies: waiting for the first snapshot of 2 of 2 sources")
		problem = errors.New("may not list configmaps in namespace shop")
		x.notReady("policies: waiting for the first snapshot of 2 of 2 sources: may not list configmaps in namespace shop")
		if err := x.loop.Ready(); !errors.Is(err, problem) {
			t.Errorf("%v is not the problem", err)
		}
		x.giveFrom(0)
		x.notReady("policies: waiting for the first snapshot of 1 of 2 sources: may not list")
		x.giveFrom(1)
		if err := x.loop.Ready(); err != nil {
			t.Errorf("a source that was heard before: %v", err)
		}
	})
}
