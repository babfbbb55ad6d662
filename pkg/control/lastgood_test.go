package control

import (
	"strings"
	"testing"
)

func TestBadDocumentKeepsTheLastGoodRevisionOfItsPolicy(t *testing.T) {
	running(t, 1, func(x *fixture) {
		x.give(at("a.yaml", doc("a", "a.example", "300ms")))
		x.serves("a=300ms")
		x.give(at("a.yaml", doc("a", "a.example", noNumber)))
		x.serves("a=300ms")
		x.says("a.yaml:7 a Invalid")
		x.give(at("a.yaml", doc("a", "a.example", "400ms")))
		x.serves("a=400ms")
		x.says("a.yaml:1 a Accepted")
	})
}

func TestBadDocumentNeverTakesAGoodOneDown(t *testing.T) {
	running(t, 1, func(x *fixture) {
		x.give(at("a.yaml", doc("a", "a.example", "300ms"), doc("b", "b.example", "300ms")))
		// Good documents of the same file are applied, be they changed or new.
		x.give(at("a.yaml", doc("a", "a.example", noNumber), doc("b", "b.example", "200ms"), doc("c", "c.example", "300ms")))
		x.serves("a=300ms b=200ms c=300ms")
	})
}

func TestFileThatDoesNotParseKeepsAllItsPolicies(t *testing.T) {
	running(t, 1, func(x *fixture) {
		x.give(
			at("a.yaml", doc("a", "a.example", "300ms"), doc("b", "b.example", "300ms")),
			at("c.yaml", doc("c", "c.example", "300ms")))
		x.give(
			at("a.yaml", noYAML),
			at("c.yaml", doc("c", "c.example", "200ms")))
		x.serves("a=300ms b=300ms c=200ms")
		x.says("a.yaml:1 a Invalid", "a.yaml:1 b Invalid", "c.yaml:1 c Accepted")
		if d := x.document("a.yaml", "b"); d.Serving == "" || d.Observed != "" || len(d.Faults) == 0 {
			t.Errorf("the status does not say what serves and why: %+v", d)
		}
	})
}

func TestUnreadableFileKeepsAllItsPolicies(t *testing.T) {
	running(t, 1, func(x *fixture) {
		x.give(at("a.yaml", doc("a", "a.example", "300ms"), doc("b", "b.example", "300ms")))
		x.give(unreadable("a.yaml"))
		x.serves("a=300ms b=300ms")
		x.says("a.yaml:1 a Invalid", "a.yaml:1 b Invalid")
		if m := x.document("a.yaml", "a").Message(); !strings.HasPrefix(m, "a.yaml:1:1: the file context deadline exceeded; still serving revision ") {
			t.Errorf("message: %s", m)
		}
	})
}

// TestP26RemovedKeyIsRemoved: also when one document of several goes.
func TestP26RemovedKeyIsRemoved(t *testing.T) {
	running(t, 1, func(x *fixture) {
		both := at("a.yaml", doc("a", "a.example", "300ms"), doc("b", "b.example", "300ms"))
		x.give(both, at("c.yaml", doc("c", "c.example", "300ms")))
		x.give(both)
		x.serves("a=300ms b=300ms")
		x.give(at("a.yaml", doc("b", "b.example", "300ms")))
		x.serves("b=300ms")
		x.give()
		x.serves("")
		x.says()
	})
}

func TestP26RemovalOfABrokenDocumentRemovesItsLastGoodRevision(t *testing.T) {
	running(t, 1, func(x *fixture) {
		x.give(at("a.yaml", doc("a", "a.example", "300ms")), at("b.yaml", doc("b", "b.example", "300ms")))
		x.give(at("a.yaml", doc("a", "a.example", noNumber)), unreadable("b.yaml"))
		x.serves("a=300ms b=300ms")
		x.give(at("b.yaml", noYAML))
		x.serves("b=300ms")
		x.give()
		x.serves("")
	})
}

func TestDocumentWithoutReadableIdentityKeepsWhatItsFileIsMissing(t *testing.T) {
	running(t, 1, func(x *fixture) {
		x.give(at("a.yaml", doc("a", "a.example", "300ms"), doc("b", "b.example", "300ms")))
		x.give(at("a.yaml", doc(badName, "a.example", "300ms"), doc("b", "b.example", "200ms")))
		x.serves("a=300ms b=200ms")
		x.says("a.yaml:3 a Invalid", "a.yaml:11 b Accepted")
		// What the file is not missing is none of it.
		x.give(at("a.yaml", doc("a", "a.example", "300ms"), doc(badName, "c.example", "300ms")))
		x.serves("a=300ms b=200ms")
		x.says("a.yaml:1 a Accepted", "a.yaml:13 b Invalid")
	})
}

func TestDocumentWithoutReadableIdentityIsReported(t *testing.T) {
	running(t, 1, func(x *fixture) {
		x.give(at("a.yaml", doc("a", "a.example", "300ms"), doc(badName, "b.example", "300ms")))
		x.serves("a=300ms")
		x.says("a.yaml:1 a Accepted", "a.yaml:13  Invalid")
		if d := x.document("a.yaml", ""); len(d.Faults) == 0 || d.Serves() != "nothing serves" {
			t.Errorf("got %+v", d)
		}
	})
}

func TestPolicyThatMovesToAnotherFileServesOn(t *testing.T) {
	running(t, 1, func(x *fixture) {
		x.give(at("a.yaml", doc("a", "a.example", "300ms")))
		x.give(at("b.yaml", doc("a", "a.example", "300ms")))
		x.serves("a=300ms")
		x.says("b.yaml:1 a Accepted")
		if len(x.tables) != 1 {
			t.Errorf("%d tables were published for a moved file", len(x.tables))
		}
		// Moved and edited, moved and broken: by identity, it is the same policy.
		x.give(at("c.yaml", doc("a", "a.example", "400ms")))
		x.serves("a=400ms")
		x.give(at("d.yaml", doc("a", "a.example", noNumber)))
		x.serves("a=400ms")
		x.give(at("d.yaml", doc("a", "a.example", "500ms")))
		x.serves("a=500ms")
	})
}

func TestGoodDocumentGoesBeforeABadOneWhenItsFileIsGone(t *testing.T) {
	running(t, 1, func(x *fixture) {
		x.give(at("a.yaml", doc("a", "a.example", "300ms")))
		x.give(at("b.yaml", doc("a", "a.example", noNumber)), at("c.yaml", doc("a", "a.example", "300ms")))
		x.serves("a=300ms")
		x.says("b.yaml:7 a Invalid", "c.yaml:1 a Accepted")
	})
}

func TestFileThatWasBrokenFromTheStartServesNothing(t *testing.T) {
	running(t, 1, func(x *fixture) {
		x.give(at("a.yaml", doc("a", "a.example", noNumber)), at("b.yaml", doc("b", "b.example", "300ms")))
		x.serves("b=300ms")
		x.says("a.yaml:7 a Invalid", "b.yaml:1 b Accepted")
	})
}
