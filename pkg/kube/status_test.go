package kube

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"hedged.dev/hedged/pkg/source"
)

// lots are documents of one ConfigMap, every nth of them refused for something
// that takes so many bytes to say.
func lots(n, every, length int) []Document {
	var out []Document
	for i := range n {
		d := Document{
			Namespace: "shop", ConfigMap: "policies", Key: "all.yaml", Line: 10*i + 1,
			Policy: fmt.Sprint("shop/policy-", i), Condition: Accepted, Observed: "a1", Serving: "a1", Serves: "serving revision a1",
		}
		if i%every == every-1 {
			d.Condition, d.Observed, d.Message, d.Serves = Invalid, "", strings.Repeat("é", length/2), "still serving revision a1"
		}
		out = append(out, d)
	}
	return out
}

// An annotation has its bound, and what it leaves out is good news.
func TestStatusHasItsBound(t *testing.T) {
	t.Parallel()
	f := func(n, every, length, omitted int) {
		t.Helper()
		documents := lots(n, every, length)
		now := time.Now()
		made, _ := judge(Status{}, documents, "h", now)
		text := made.text()
		if len(text) > 64<<10 {
			t.Errorf("%d documents: %d bytes", n, len(text))
		}
		read, err := ParseStatus(text)
		must(t, err)
		if read.Omitted != omitted || len(read.Documents)+read.Omitted != n {
			t.Errorf("%d documents: %d in %d bytes, %d omitted", n, len(read.Documents), len(text), read.Omitted)
		}
		refused := 0
		for _, d := range read.Documents {
			if !d.good() {
				refused++
			}
		}
		if refused != n/every {
			t.Errorf("%d documents: %d of %d that are refused", n, refused, n/every)
		}
		// It is all the same to the next look: no write, and no Event.
		again, changes := judge(read, documents, "h", now.Add(time.Hour))
		if got := again.text(); got != text {
			t.Errorf("%d documents: the next look would write again:\n%s", n, cmp.Diff(text, got))
		}
		if len(changes) != 0 {
			t.Errorf("%d documents: the next look has news: %+v", n, changes)
		}
	}
	f(10, 5, 100, 0)
	f(10, 2, 30000, 0)
	f(100, 2, 1000, 0)
	f(3000, 100, 3000, 2816)
}

func TestNoNewsOfWhatHadNoRoom(t *testing.T) {
	t.Parallel()
	documents := lots(3000, 3001, 0)
	made, changes := judge(Status{}, documents, "h", time.Now())
	if news := tell(changes); len(news) != 1 || !strings.HasPrefix(news[0].note, "3000 policies accepted: shop/policy-0 (all.yaml:1), ") {
		t.Errorf("told: %+v", news)
	}
	read, err := ParseStatus(made.text())
	must(t, err)
	documents[2999].Condition, documents[2999].Message = Invalid, "bad"
	if _, changes = judge(read, documents, "h", time.Now()); len(changes) != 1 {
		t.Errorf("%d changes", len(changes))
	}
}

func TestDocumentsAreFoundAgain(t *testing.T) {
	t.Parallel()
	document := func(policy string, line int, condition string) Document {
		return Document{Key: "all.yaml", Policy: policy, Line: line, Condition: condition, Message: "why", Observed: "a", Serving: "a"}
	}
	before, _ := judge(Status{}, []Document{document("shop/a", 1, Accepted), document("", 10, Invalid), document("shop/b", 20, Invalid)}, "h", time.Now())
	f := func(what string, news int, documents ...Document) {
		t.Helper()
		if _, changes := judge(before, documents, "h", time.Now()); len(changes) != news {
			t.Errorf("%s: %+v", what, changes)
		}
	}
	f("moved", 0, document("shop/b", 1, Invalid), document("shop/a", 11, Accepted), document("", 15, Invalid))
	f("removed", 0, document("shop/b", 1, Invalid))
	f("mended", 1, document("shop/a", 1, Accepted), document("shop/b", 20, Accepted))
	f("twice", 1, document("shop/a", 1, Accepted), document("shop/a", 5, Accepted))
	f("two without a name", 1, document("", 1, Invalid), document("", 5, Invalid))
}

func TestEventsOfOneChangeAreBounded(t *testing.T) {
	t.Parallel()
	documents := append(lots(40, 2, 4000), lots(3, 4, 0)...)
	for i := range documents[40:] {
		documents[40+i].Policy += "-x"
		documents[40+i].NotFound = strings.Repeat("x", 2000)
	}
	_, changes := judge(Status{}, documents, "h", time.Now())
	o := source.Object{Namespace: "shop", Name: strings.Repeat("a-", 126) + "b", UID: "1"}
	reasons := make(map[string]int)
	names := make(map[string]bool)
	for _, n := range tell(changes) {
		e := event(o, "before", n, strings.Repeat("i", 200), time.Now())
		reasons[e.Reason]++
		names[e.Name] = true
		if len(e.Note) > 1024 || len(e.Name) > 253 || len(e.ReportingInstance) > 128 || !utf8.ValidString(e.Note) {
			t.Errorf("an Event that is refused: %+v", e)
		}
		if e.Reason == PolicyInvalid && !strings.HasSuffix(e.Note, "…; still serving revision a1") && e.Note != "and 12 more: see annotation hedged.dev/status" {
			t.Errorf("note %s", e.Note)
		}
	}
	if diff := cmp.Diff(map[string]int{PolicyAccepted: 1, PolicyInvalid: 9, UpstreamNotFound: 3}, reasons); diff != "" {
		t.Errorf("Events (-want +got):\n%s", diff)
	}
	if len(names) != 13 {
		t.Errorf("%d names of 13 Events", len(names))
	}
}

func TestNameOfAnEventFollowsFromWhatItTells(t *testing.T) {
	t.Parallel()
	o := source.Object{Namespace: "shop", Name: "policies", UID: "1"}
	n := news{reason: PolicyInvalid, about: "x"}
	name := event(o, "before", n, "pod-1", time.Now()).Name
	if got := event(o, "before", n, "pod-2", time.Now().Add(time.Hour)).Name; got != name {
		t.Errorf("another pod makes %s of %s", got, name)
	}
	other := o
	other.UID = "2"
	for _, got := range []string{
		event(other, "before", n, "pod-1", time.Now()).Name,
		event(o, "later", n, "pod-1", time.Now()).Name,
		event(o, "before", news{reason: PolicyInvalid, about: "y"}, "pod-1", time.Now()).Name,
	} {
		if got == name {
			t.Errorf("two Events are named %s", got)
		}
	}
}

func TestShorten(t *testing.T) {
	t.Parallel()
	f := func(text, end string, limit int, want string) {
		t.Helper()
		if got := shorten(text, end, limit); got != want {
			t.Errorf("shorten(%q, %q, %d) = %q, want %q", text, end, limit, got, want)
		}
	}
	f("hello", "", 5, "hello")
	f("hello", "", 4, "h…")
	f("héllo", "", 5, "h…")
	f("hello", "; end", 10, "hello; end")
	f("hello", "; end", 9, "h…; end")
	f("", "", 0, "")
}

func FuzzShorten(f *testing.F) {
	f.Add("héllo", 4)
	f.Fuzz(func(t *testing.T, text string, limit int) {
		if limit < len(ellipsis) || !utf8.ValidString(text) {
			return
		}
		short := shorten(text, "", limit)
		if len(short) > limit || !utf8.ValidString(short) || !shortenedTo(short, text) {
			t.Errorf("%q to %d bytes: %q", text, limit, short)
		}
	})
}

// Whatever an annotation says, what is made of it has its bound, and is left alone
// by the next look.
func FuzzStatus(f *testing.F) {
	made, _ := judge(Status{}, lots(5, 2, 20), "h", time.Now())
	f.Add(made.text())
	f.Add(`{"documents":[{"policy":"shop/policy-0","key":"all.yaml","conditions":[{"type":"Accepted","status":"True","lastTransitionTime":null}]}],"omitted":-1}`)
	f.Fuzz(func(t *testing.T, annotation string) {
		before, err := ParseStatus(annotation)
		if err != nil {
			return
		}
		documents := lots(5, 2, 20)
		status, changes := judge(before, documents, "h", time.Now())
		tell(changes)
		text := status.text()
		read, err := ParseStatus(text)
		if err != nil || len(text) > maxStatus {
			t.Fatalf("%v: %s", err, text)
		}
		if again, changes := judge(read, documents, "h", time.Now().Add(time.Hour)); again.text() != text || len(changes) > 0 {
			t.Errorf("written again: %s\nthen %s, news %+v", text, again.text(), changes)
		}
	})
}

func TestConditionTimesSurviveParsing(t *testing.T) {
	t.Parallel()
	s, _ := judge(Status{}, lots(1, 2, 0), "h", time.Now())
	read, err := ParseStatus(s.text())
	must(t, err)
	same := func(a, b metav1.Condition) bool { return a.LastTransitionTime.Equal(&b.LastTransitionTime) }
	if !slices.EqualFunc(read.Documents[0].Conditions, s.Documents[0].Conditions, same) {
		t.Errorf("read %+v of %+v", read, s)
	}
}
