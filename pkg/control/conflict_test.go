package control

import (
	"strings"
	"testing"
	"time"
)

func TestDuplicateIdentityIsConflicted(t *testing.T) {
	running(t, 1, func(x *fixture) {
		x.give(at("a.yaml", doc("a", "a.example", "300ms")), at("b.yaml", doc("a", "b.example", "200ms")))
		x.serves("a=300ms")
		x.says("a.yaml:1 a Accepted", "b.yaml:1 a Conflicted")
		message := x.document("b.yaml", "a").Message()
		for _, word := range []string{"b.yaml:1:1: metadata.name: ", "default/a", "a.yaml:1", "rename", "still serving revision "} {
			if !strings.Contains(message, word) {
				t.Errorf("the message does not say %q: %s", word, message)
			}
		}
	})
}

func TestDuplicateIdentityInOneFileIsConflicted(t *testing.T) {
	running(t, 1, func(x *fixture) {
		x.give(at("a.yaml", doc("a", "a.example", "300ms"), doc("a", "a.example", "300ms")))
		x.says("a.yaml:1 a Accepted", "a.yaml:11 a Conflicted")
		x.lines()
		x.give(at("a.yaml", doc("a", "a.example", "300ms"), doc("a", "a.example", "300ms"), "# the end\n"))
		x.logs() // each is found again
		// An edit of the first is the policy's, not the second one's.
		x.give(at("a.yaml", doc("a", "a.example", "200ms"), doc("a", "a.example", "400ms")))
		x.serves("a=200ms")
		x.says("a.yaml:1 a Accepted", "a.yaml:11 a Conflicted")
	})
}

func TestAtTheStartTheEarlierCreationThenThePlaceWins(t *testing.T) {
	running(t, 1, func(x *fixture) {
		x.give(
			created(at("a.yaml", doc("a", "x.example", "100ms")), time.Hour),
			created(at("b.yaml", doc("b", "x.example", "200ms")), time.Minute),
			created(at("c.yaml", doc("c", "x.example", "300ms")), time.Minute),
			created(at("d.yaml", doc("b", "d.example", "400ms")), 0))
		x.serves("b=400ms c=300ms")
		x.says("d.yaml:1 b Accepted", "b.yaml:1 b Conflicted", "c.yaml:1 c Accepted", "a.yaml:1 a Conflicted")
	})
}

func TestRevisionThatServesKeepsIdentityAndMatch(t *testing.T) {
	running(t, 1, func(x *fixture) {
		holder := created(at("z.yaml", doc("z", "x.example", "300ms")), time.Hour)
		x.give(holder)
		x.give(
			created(at("a.yaml", doc("z", "other.example", "100ms")), 0),
			created(at("b.yaml", doc("b", "x.example", "200ms")), 0),
			holder)
		x.serves("z=300ms")
		x.says("a.yaml:1 z Conflicted", "b.yaml:1 b Conflicted", "z.yaml:1 z Accepted")
		// It may be edited without losing either.
		x.give(
			created(at("a.yaml", doc("z", "other.example", "100ms")), 0),
			created(at("b.yaml", doc("b", "x.example", "200ms")), 0),
			created(at("z.yaml", doc("z", "x.example", "400ms")), time.Hour))
		x.serves("z=400ms")
		// Not even a broken edit loses them.
		x.give(
			created(at("a.yaml", doc("z", "other.example", "100ms")), 0),
			created(at("b.yaml", doc("b", "x.example", "200ms")), 0),
			created(at("z.yaml", noYAML), time.Hour))
		x.serves("z=400ms")
	})
}

func TestRevisionThatServesKeepsItsMatchWhenItsFileIsRenamed(t *testing.T) {
	running(t, 1, func(x *fixture) {
		x.give(at("a.yaml", doc("a", "a.example", "300ms")), at("b.yaml", doc("b", "b.example", "300ms")))
		x.give(at("b.yaml", doc("b", "a.example", "300ms")), at("c.yaml", doc("a", "a.example", "300ms")))
		x.says("b.yaml:1 b Conflicted", "c.yaml:1 a Accepted")
	})
}

func TestConflictRefusesTheWholeDocument(t *testing.T) {
	running(t, 1, func(x *fixture) {
		x.give(at("a.yaml", doc("a", "a.example", "300ms")), at("b.yaml", doc("b", "b.example, a.example", "300ms")))
		x.serves("a=300ms")
		d := x.document("b.yaml", "b")
		if d.Condition != Conflicted || d.Serving != "" || d.Observed == "" {
			t.Errorf("got %+v", d)
		}
		for _, word := range []string{"a.example", "default/a", "a.yaml:1", "nothing serves"} {
			if !strings.Contains(d.Message(), word) {
				t.Errorf("the message does not say %q: %s", word, d.Message())
			}
		}
	})
}

func TestConflictedEditKeepsTheLastGoodRevision(t *testing.T) {
	running(t, 1, func(x *fixture) {
		x.give(at("a.yaml", doc("a", "a.example", "300ms")), at("b.yaml", doc("b", "b.example", "300ms")))
		x.give(at("a.yaml", doc("a", "b.example", "400ms")), at("b.yaml", doc("b", "b.example", "300ms")))
		x.serves("a=300ms b=300ms")
		d := x.document("a.yaml", "a")
		if d.Condition != Conflicted || d.Serving == d.Observed || !strings.HasSuffix(d.Message(), "; still serving revision "+d.Serving) {
			t.Errorf("got %+v", d)
		}
		// The last good revision keeps its own match, too.
		x.give(
			at("a.yaml", doc("a", "b.example", "400ms")),
			at("b.yaml", doc("b", "b.example", "300ms")),
			at("c.yaml", doc("c", "a.example", "300ms")))
		x.serves("a=300ms b=300ms")
	})
}

func TestConflictedDocumentIsTriedAgainWhenTheHolderGoes(t *testing.T) {
	running(t, 1, func(x *fixture) {
		a := at("a.yaml", doc("a", "x.example", "300ms"))
		b := at("b.yaml", doc("b", "x.example", "200ms"))
		twin := at("c.yaml", doc("a", "c.example", "100ms"))
		x.give(a, b, twin)
		x.serves("a=300ms")
		x.give(b, twin)
		x.serves("a=100ms b=200ms")
		x.says("b.yaml:1 b Accepted", "c.yaml:1 a Accepted")
	})
}

func TestConflictedDocumentIsTriedAgainWhenTheHolderLetsGo(t *testing.T) {
	running(t, 1, func(x *fixture) {
		b := at("b.yaml", doc("b", "x.example", "200ms"))
		x.give(at("a.yaml", doc("a", "x.example", "300ms")), b)
		x.give(at("a.yaml", doc("a", "y.example", "300ms")), b)
		x.serves("a=300ms b=200ms")
	})
}

func TestRenameOfAPolicyWorksInOneStep(t *testing.T) {
	running(t, 1, func(x *fixture) {
		x.give(at("a.yaml", doc("a", "a.example", "300ms")))
		x.give(at("a.yaml", doc("b", "a.example", "300ms")))
		x.serves("b=300ms")
		x.says("a.yaml:1 b Accepted")
	})
}

func TestTwoPoliciesSwapTheirHostsInOneStep(t *testing.T) {
	running(t, 1, func(x *fixture) {
		x.give(at("ab.yaml", doc("a", "a.example", "100ms"), doc("b", "b.example", "200ms")))
		x.give(at("ab.yaml", doc("a", "b.example", "100ms"), doc("b", "a.example", "200ms")))
		x.says("ab.yaml:1 a Accepted", "ab.yaml:11 b Accepted")
	})
}

// a wants the host of b, whose edit is in turn refused: so a's is, too.
func TestRefusedEditPassesItsRefusalOn(t *testing.T) {
	running(t, 1, func(x *fixture) {
		c := doc("c", "c.example", "300ms")
		x.give(at("f.yaml", doc("a", "a.example", "300ms"), doc("b", "b.example", "300ms"), c))
		x.give(at("f.yaml", doc("a", "b.example", "400ms"), doc("b", "c.example", "400ms"), c))
		x.serves("a=300ms b=300ms c=300ms")
		x.says("f.yaml:1 a Conflicted", "f.yaml:11 b Conflicted", "f.yaml:21 c Accepted")
	})
}

// c is refused for the sake of b, which is refused itself because a stays.
func TestNobodyIsRefusedForTheSakeOfARefusedDocument(t *testing.T) {
	running(t, 1, func(x *fixture) {
		holder := doc("h", "h.example", "300ms")
		x.give(at("f.yaml", doc("a", "a.example", "300ms"), doc("b", "b.example", "300ms"), doc("c", "c.example", "300ms"), holder))
		x.give(at("f.yaml",
			doc("a", "h.example", "400ms"),            // refused: h holds it
			doc("b", "a.example, x.example", "400ms"), // refused: a stays
			doc("c", "x.example", "400ms"),            // so this one is free
			holder))
		x.serves("a=300ms b=300ms c=400ms h=300ms")
		x.says("f.yaml:1 a Conflicted", "f.yaml:11 b Conflicted", "f.yaml:21 c Accepted", "f.yaml:31 h Accepted")
	})
}

func TestConflictBetweenTwoSourcesNamesBothPlaces(t *testing.T) {
	running(t, 2, func(x *fixture) {
		x.giveFrom(1, at("shop/policies/a.yaml", doc("b", "x.example", "200ms")))
		x.giveFrom(0, at("/etc/hedged/a.yaml", doc("a", "x.example", "300ms")))
		x.serves("a=300ms") // not who came first, but the order of places
		message := x.document("shop/policies/a.yaml", "b").Message()
		for _, place := range []string{"shop/policies/a.yaml:1", "/etc/hedged/a.yaml:1"} {
			if !strings.Contains(message, place) {
				t.Errorf("the message does not name %s: %s", place, message)
			}
		}
	})
}
