package control

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestReadyAfterTheFirstSnapshotOfEverySource(t *testing.T) {
	running(t, 2, func(x *fixture) {
		x.notReady("waiting for the first snapshot of 2 of 2 sources")
		x.giveFrom(0, at("a.yaml", doc("a", "a.example", "300ms")))
		x.notReady("waiting for the first snapshot of 1 of 2 sources")
		if len(x.tables) > 0 || !x.loop.Status().LastReload.IsZero() {
			t.Error("something was published before all sources had been heard")
		}
		x.giveFrom(1)
		if err := x.loop.Ready(); err != nil {
			t.Error(err)
		}
		x.serves("a=300ms")
	})
}

func (x *fixture) notReady(want string) {
	x.t.Helper()
	if err := x.loop.Ready(); err == nil || !strings.Contains(err.Error(), want) {
		x.t.Errorf("Ready is %v, want %q", err, want)
	}
}

func TestEmptySetIsReady(t *testing.T) {
	for _, sources := range []int{0, 1} {
		running(t, sources, func(x *fixture) {
			if sources > 0 {
				x.give()
			}
			if err := x.loop.Ready(); err != nil {
				t.Error(err)
			}
			x.serves("")
		})
	}
}

func TestNotReadyOnlyIfNothingOfTheDocumentsServes(t *testing.T) {
	running(t, 1, func(x *fixture) {
		bad := at("a.yaml", doc("a", "a.example", noNumber))
		x.give(bad)
		x.notReady("none of 1 documents is usable, the first: a.yaml:7:13: spec.deadline: ")
		x.give(bad, at("b.yaml", doc("b", "b.example", "300ms")))
		if err := x.loop.Ready(); err != nil {
			t.Errorf("beside a good one: %v", err)
		}
		x.give(at("a.yaml", doc("a", "a.example", "300ms")))
		x.give(bad)
		if err := x.loop.Ready(); err != nil {
			t.Errorf("with a last good one: %v", err)
		}
	})
}

func TestSourceThatFailsEndsTheLoop(t *testing.T) {
	running(t, 2, func(x *fixture) {
		x.failure = errors.New("policy directory: gone")
		x.sources[1].failure <- x.failure
		synctest.Wait() // it does not take the end of the context
	})
}

func TestNothingIsPublishedWhenTheTableIsTheSame(t *testing.T) {
	running(t, 1, func(x *fixture) {
		x.give(at("a.yaml", doc("a", "a.example", "300ms"), doc("b", "b.example", "300ms")))
		x.give(at("a.yaml", "# A comment moves\n# what follows it.\n"+doc("a", "a.example", "300ms"), doc("b", "b.example", "300ms")))
		x.says("a.yaml:3 a Accepted", "a.yaml:13 b Accepted")
		x.give(at("a.yaml", doc("b", "b.example", "300ms"), doc("a", "a.example", "300ms")))
		x.give(at("a.yaml", doc("b", "b.example", noNumber), doc("a", "a.example", "300ms")))
		s := x.loop.Status()
		if len(x.tables) != 1 || s.Publishes != 1 || s.Reloads != 4 {
			t.Errorf("%d tables of 4 reloads, status %+v", len(x.tables), s)
		}
		x.give(at("a.yaml", doc("b", "b.example", "400ms"), doc("a", "a.example", "300ms")))
		x.serves("a=300ms b=400ms")
		if len(x.tables) != 2 {
			t.Errorf("%d tables", len(x.tables))
		}
	})
}

func TestStatusCountsReloads(t *testing.T) {
	running(t, 1, func(x *fixture) {
		start := time.Now()
		good := at("a.yaml", doc("a", "a.example", "300ms"))
		bad := at("b.yaml", doc("b", "b.example", noNumber))
		twin := at("c.yaml", doc("c", "a.example", "300ms"))
		x.give(good)
		if s := x.loop.Status(); !s.ReloadOK || s.FailedReloads != 0 || !s.LastReload.Equal(start) {
			t.Errorf("after a good one: %+v", s)
		}
		time.Sleep(time.Minute) //nolint:forbidigo // virtual time
		x.give(good, bad, twin)
		s := x.loop.Status()
		if s.ReloadOK || s.FailedReloads != 1 || s.Reloads != 2 || !s.LastReload.Equal(start.Add(time.Minute)) {
			t.Errorf("after a bad one: %+v", s)
		}
		if s.Count(Accepted) != 1 || s.Count(Invalid) != 1 || s.Count(Conflicted) != 1 {
			t.Errorf("counts of %+v", s.Documents)
		}
		x.give(good)
		if s := x.loop.Status(); !s.ReloadOK || s.FailedReloads != 1 {
			t.Errorf("after it was mended: %+v", s)
		}
	})
}

func TestSinceTellsWhenTheConditionCame(t *testing.T) {
	running(t, 1, func(x *fixture) {
		start := time.Now()
		for i, step := range []struct {
			content string
			since   time.Duration
		}{
			{doc("a", "a.example", "300ms"), 0},
			{"# the same\n" + doc("a", "a.example", "300ms"), 0},
			{doc("a", "a.example", "400ms"), 2 * time.Minute},
			{doc("a", "a.example", noNumber), 3 * time.Minute},
			{doc("a", "a.example", "later"), 3 * time.Minute},
			{doc("a", "a.example", "400ms"), 5 * time.Minute},
		} {
			x.give(at("a.yaml", step.content))
			if got := x.document("a.yaml", "a").Since.Sub(start); got != step.since {
				t.Errorf("step %d: since %v, want %v", i, got, step.since)
			}
			time.Sleep(time.Minute) //nolint:forbidigo // virtual time
		}
	})
}

func TestStatusTellsServingAndObservedRevision(t *testing.T) {
	running(t, 1, func(x *fixture) {
		x.give(at("a.yaml", doc("a", "a.example", "300ms")), at("b.yaml", doc("b", "b.example", "300ms")))
		first := x.document("a.yaml", "a")
		if first.Serving == "" || first.Serving != first.Observed {
			t.Errorf("accepted: %+v", first)
		}
		x.give(at("a.yaml", doc("a", "b.example", "300ms")), at("b.yaml", doc("b", "b.example", "300ms")))
		if d := x.document("a.yaml", "a"); d.Serving != first.Serving || d.Observed == "" || d.Observed == first.Serving {
			t.Errorf("conflicted: %+v", d)
		}
		x.give(at("a.yaml", doc("a", "a.example", noNumber)), at("b.yaml", doc("b", "b.example", "300ms")))
		if d := x.document("a.yaml", "a"); d.Serving != first.Serving || d.Observed != "" {
			t.Errorf("invalid: %+v", d)
		}
	})
}

// TestP24LogNamesTheFaultAndWhatServes: and never says that a bad document was
// loaded.
func TestP24LogNamesTheFaultAndWhatServes(t *testing.T) {
	running(t, 1, func(x *fixture) {
		x.give(at("a.yaml", doc("a", "a.example", "300ms")))
		revision := x.document("a.yaml", "a").Serving
		x.logs([]string{"level=INFO", `msg="policy accepted"`, "policy=default/a", "place=a.yaml:1", "revision=" + revision})

		x.give(at("a.yaml", doc("a", "a.example", noNumber)))
		refused := []string{
			"level=ERROR", `msg="policy refused"`, "policy=default/a", "place=a.yaml:7", "condition=Invalid",
			"a.yaml:7:13: spec.deadline: ", "still serving revision " + revision,
		}
		x.logs(refused)

		x.give(
			at("a.yaml", doc("a", "a.example", noNumber)),
			at("b.yaml", doc("b", "a.example", "300ms")),
			at("c.yaml", noYAML))
		x.logs(
			[]string{"level=ERROR", `msg="policy refused"`, "policy=default/b", "condition=Conflicted", "a.yaml:1", "nothing serves"},
			[]string{"level=ERROR", `msg="policy refused"`, "policy=unknown", "place=c.yaml:", "condition=Invalid", "nothing serves"})
	})
}

// logs checks that these lines and no others were logged: each with these words,
// and none that takes a refused document for a loaded one.
func (x *fixture) logs(want ...[]string) {
	x.t.Helper()
	lines := x.lines()
	if len(lines) != len(want) {
		x.t.Fatalf("%d lines were logged, want %d:\n%s", len(lines), len(want), strings.Join(lines, "\n"))
	}
	for i, line := range lines {
		for _, word := range want[i] {
			if !strings.Contains(line, word) {
				x.t.Errorf("line %d does not say %q: %s", i, word, line)
			}
		}
		for _, word := range []string{"load", "accepted", "applied"} {
			if strings.Contains(line, "level=ERROR") && strings.Contains(line, word) {
				x.t.Errorf("line %d says %q of a refused document: %s", i, word, line)
			}
		}
	}
}

func TestSameFaultIsNotLoggedAgain(t *testing.T) {
	running(t, 1, func(x *fixture) {
		bad := at("a.yaml", doc("a", "a.example", noNumber))
		x.give(bad)
		x.lines()
		x.give(bad)
		x.give(bad, at("b.yaml", doc("b", "b.example", "300ms")))
		x.logs([]string{"policy=default/b"})
		x.give(at("a.yaml", doc("a", "a.example", "someday")), at("b.yaml", doc("b", "b.example", "300ms")))
		x.logs([]string{"policy=default/a", "someday"})
	})
}

func TestRemovalIsLogged(t *testing.T) {
	running(t, 1, func(x *fixture) {
		a, b := at("a.yaml", doc("a", "a.example", "300ms")), at("b.yaml", doc("b", "b.example", "300ms"))
		twin := at("t.yaml", doc("a", "a.example", "300ms"))
		broken, mended := at("z.yaml", noYAML), at("z.yaml", doc("z", "z.example", "300ms"))
		x.give(a, b, twin, at("y.yaml", noYAML), broken)
		revision := "revision=" + x.document("a.yaml", "a").Serving
		x.lines()

		x.give(a, b, at("y.yaml", noYAML), mended)
		x.logs(
			[]string{`msg="policy accepted" policy=default/z`},
			[]string{`msg="policy document removed" policy=default/a place=t.yaml:1`})
		x.give(a, at("b.yaml", doc("b", "a.example", "300ms")), twin, mended)
		x.logs(
			[]string{"condition=Conflicted", "policy=default/b"},
			[]string{"condition=Conflicted", "place=t.yaml:1"},
			[]string{`msg="policy document removed" policy=unknown place=y.yaml:1`})
		x.give(mended)
		x.logs(
			[]string{`msg="policy removed" policy=default/a place=a.yaml:1 ` + revision},
			[]string{`msg="policy removed" policy=default/b place=b.yaml:1`},
			[]string{`msg="policy document removed" policy=default/a place=t.yaml:1`})
	})
}

func TestWarningsAreToldOfAnAcceptedDocument(t *testing.T) {
	running(t, 1, func(x *fixture) {
		// Two attempts that must use different endpoints, of which there is one.
		warned := strings.Replace(doc("a", "a.example", "300ms"), `:1"]}`, `:1"], distinct: Require}`, 1)
		x.give(at("a.yaml", warned))
		d := x.document("a.yaml", "a")
		if d.Condition != Accepted || len(d.Warnings) != 1 {
			t.Fatalf("got %+v", d)
		}
		x.logs([]string{"level=WARN", `msg="policy accepted"`, "a.yaml:9:", "warning: "})
	})
}
