package control

import (
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"hedged.dev/hedged/pkg/policy"
	"hedged.dev/hedged/pkg/source"
)

// drawSnapshot draws a few files with documents of few names and hosts, so that
// they often meet; some are broken in each way that there is.
func drawSnapshot(t *rapid.T) source.Snapshot {
	var s source.Snapshot
	for _, place := range []string{"a.yaml", "b.yaml", "c.yaml"} {
		switch rapid.IntRange(0, 9).Draw(t, place) {
		case 0: // not there
			continue
		case 1:
			s.Files = append(s.Files, unreadable(place))
			continue
		case 2:
			s.Files = append(s.Files, at(place, noYAML))
			continue
		}
		var docs []string
		for range rapid.IntRange(0, 3).Draw(t, "documents") {
			name := rapid.SampledFrom([]string{"a", "b", "c", "d", badName}).Draw(t, "name")
			hosts := rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"w.example", "x.example", "y.example", "z.example"}),
				1, 2, rapid.ID).Draw(t, "hosts")
			deadline := rapid.SampledFrom([]string{"100ms", "200ms", "300ms", noNumber}).Draw(t, "deadline")
			docs = append(docs, doc(name, strings.Join(hosts, ", "), deadline))
		}
		s.Files = append(s.Files, at(place, docs...))
	}
	return s
}

// TestWhateverComesGoodPoliciesServe runs random pasts and checks what serves
// after each snapshot against what the rules allow.
func TestWhateverComesGoodPoliciesServe(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var table *policy.Table
		s := newState(Options{
			Publish: func(published *policy.Table) { table = published },
			Log:     slog.New(slog.DiscardHandler),
		})
		before := map[policy.ID]*policy.Policy{}
		homes := map[policy.ID]string{} // the file that each policy is from
		for range rapid.IntRange(1, 6).Draw(t, "snapshots") {
			snapshot := drawSnapshot(t)
			status := s.reload(t.Context(), []source.Snapshot{snapshot}).status
			serving := map[policy.ID]*policy.Policy{}
			for _, p := range table.Policies() {
				if serving[p.ID] != nil {
					t.Fatalf("%s is in the table twice", p.ID)
				}
				serving[p.ID] = p
			}
			checkServing(t, before, serving, homes, newWorld(snapshot))
			checkReported(t, serving, status)
			before = serving
			for _, d := range status.Documents {
				if d.Condition == Accepted {
					homes[d.ID] = d.Place
				}
			}
		}
	})
}

// world is what a snapshot says, found without the code under test's help.
type world struct {
	good    map[policy.ID][]*policy.Policy
	broken  map[policy.ID]bool // a document of this identity is refused
	unclear map[string]bool    // a place with what bears no identity
}

func newWorld(s source.Snapshot) world {
	w := world{map[policy.ID][]*policy.Policy{}, map[policy.ID]bool{}, map[string]bool{}}
	for _, f := range s.Files {
		if f.Err != nil {
			w.unclear[f.Place] = true
			continue
		}
		policies, faults := policy.Parse(f.Data, policy.Options{Place: f.Place, Namespace: f.Namespace})
		for _, p := range policies {
			w.good[p.ID] = append(w.good[p.ID], p)
		}
		for _, fault := range faults.Errors() {
			if fault.Policy == (policy.ID{}) {
				w.unclear[f.Place] = true
			} else {
				w.broken[fault.Policy] = true
			}
		}
	}
	return w
}

func checkServing(t *rapid.T, before, serving map[policy.ID]*policy.Policy, homes map[policy.ID]string, w world) {
	if _, conflicts := policy.NewTable(slices.Collect(maps.Values(serving))); len(conflicts) > 0 {
		t.Fatalf("the table has conflicts: %v", conflicts)
	}
	for id, p := range serving {
		isGood := slices.ContainsFunc(w.good[id], func(q *policy.Policy) bool { return q.Revision == p.Revision })
		isLast := before[id] != nil && before[id].Revision == p.Revision
		if !isGood && !isLast {
			t.Fatalf("%s serves a revision that is neither in a document nor the last good one", id)
		}
	}
	for id := range before {
		removed := len(w.good[id]) == 0 && !w.broken[id] && !w.unclear[homes[id]]
		switch {
		case removed && serving[id] != nil:
			t.Fatalf("%s serves after it was cleanly removed", id)
		case !removed && serving[id] == nil:
			t.Fatalf("%s was taken down", id)
		}
	}
	for id, documents := range w.good {
		if len(documents) == 1 && !w.broken[id] && !w.unclear[homes[id]] {
			checkNewest(t, documents[0], serving)
		}
	}
}

// checkNewest: the one document of a policy serves unless that would be a conflict.
func checkNewest(t *rapid.T, p *policy.Policy, serving map[policy.ID]*policy.Policy) {
	if now := serving[p.ID]; now != nil && now.Revision == p.Revision {
		return
	}
	others := maps.Clone(serving)
	delete(others, p.ID)
	if _, conflicts := policy.NewTable(append(slices.Collect(maps.Values(others)), p)); len(conflicts) == 0 {
		t.Fatalf("%s of %s:%d is refused without a conflict", p.ID, p.Place, p.Line)
	}
}

// checkReported: every document has a status that agrees with the table.
func checkReported(t *rapid.T, serving map[policy.ID]*policy.Policy, s Status) {
	accepted := map[policy.ID]int{}
	for _, d := range s.Documents {
		revision := ""
		if p := serving[d.ID]; p != nil {
			revision = p.Revision
		}
		told := fmt.Sprintf("%s:%d %s %s", d.Place, d.Line, d.ID, d.Condition)
		switch {
		case d.Serving != revision:
			t.Fatalf("%s: serving %q, told %q", told, revision, d.Serving)
		case d.Condition == Accepted && d.Observed != d.Serving:
			t.Fatalf("%s, but another revision serves", told)
		case d.Condition != Accepted && len(d.Faults) == 0:
			t.Fatalf("%s without a reason", told)
		}
		if d.Condition == Accepted {
			accepted[d.ID]++
		}
	}
	for id, n := range accepted {
		if n > 1 {
			t.Fatalf("%d documents of %s are accepted", n, id)
		}
	}
}
