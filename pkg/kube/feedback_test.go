package kube

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/util/flowcontrol"

	"hedged.dev/hedged/pkg/source"
)

func sortedValues(m map[string]string) []string { return slices.Sorted(maps.Values(m)) }

// judgement is a Feedback whose documents a test sets, and which looks and writes
// when the test says so.
type judgement struct {
	*place
	ledger    *ledger
	objects   func() []source.Object
	documents []Document
}

func newJudgement(p *place) *judgement {
	j := &judgement{place: p, objects: p.objects}
	j.restart()
	return j
}

func (j *judgement) feedback() FeedbackOptions {
	return FeedbackOptions{
		Client: j.client, Identity: "pod-1", Log: j.log.logger(),
		Objects:   func() []source.Object { return j.objects() },
		Documents: func() []Document { return j.documents },
		Limiter:   flowcontrol.NewFakeAlwaysRateLimiter(),
	}
}

// restart is another process, or another term.
func (j *judgement) restart() { j.ledger = newLedger(NewFeedback(j.feedback()).options) }

// write takes up what there is and writes it once.
func (j *judgement) write() {
	j.t.Helper()
	j.ledger.look()
	j.ledger.write(j.t.Context(), func() bool { return false })
}

// quiet checks that there is nothing to write.
func (j *judgement) quiet(why string) {
	j.t.Helper()
	before := j.writes.Load()
	j.write()
	if n := j.writes.Load() - before; n != 0 {
		j.t.Errorf("%s: %d requests to write", why, n)
	}
}

func (j *judgement) accepted(configMap, policy, revision string) Document {
	return Document{
		Namespace: j.namespace, ConfigMap: configMap, Key: policy + ".yaml", Line: 1,
		Policy: "shop/" + policy, Condition: Accepted, Observed: revision, Serving: revision,
		Message: "serving revision " + revision, Serves: "serving revision " + revision,
	}
}

func (j *judgement) invalid(configMap, policy, serving string) Document {
	d := Document{
		Namespace: j.namespace, ConfigMap: configMap, Key: policy + ".yaml", Line: 1,
		Policy: "shop/" + policy, Condition: Invalid, Serving: serving, Serves: "nothing serves",
	}
	if serving != "" {
		d.Serves = "still serving revision " + serving
	}
	d.Message = j.namespace + "/" + configMap + "/" + d.Key + ":7:12: spec.fanOut.max: Invalid value: 9: must be between 1 and 8; " + d.Serves
	return d
}

func TestStatusIsWrittenAndNothingElse(t *testing.T) {
	t.Parallel()
	j := newJudgement(newPlace(t))
	before := j.create("policies", map[string]string{"catalog.yaml": "text"})
	before.Annotations = map[string]string{"shop": "mine"}
	before.Immutable = new(true)
	_, err := j.client.CoreV1().ConfigMaps(j.namespace).Update(t.Context(), before, metav1.UpdateOptions{})
	must(t, err)
	j.documents = []Document{j.accepted("policies", "catalog", "a1"), {Policy: "shop/file", Condition: Accepted}}
	j.write()

	after := j.get("policies")
	if after.Data["catalog.yaml"] != "text" || after.Annotations["shop"] != "mine" || after.Labels[source.PolicyLabel] != "true" {
		t.Errorf("something else has changed: %+v", after)
	}
	for _, f := range after.ManagedFields {
		if f.Manager == fieldManager && f.FieldsV1.GetRawString() != `{"f:metadata":{"f:annotations":{"f:hedged.dev/status":{}}}}` {
			t.Errorf("hedged owns %s", f.FieldsV1.GetRawString())
		}
	}
	got := j.status("policies")
	for i := range got.Documents[0].Conditions {
		if c := &got.Documents[0].Conditions[i]; time.Since(c.LastTransitionTime.Time) < bound {
			c.LastTransitionTime = metav1.Time{}
		}
	}
	want := Status{ObservedHash: "hash of text", Documents: []DocumentStatus{{
		Policy: "shop/catalog", Key: "catalog.yaml", Line: 1, Revision: "a1", Serving: "a1",
		Conditions: []metav1.Condition{
			{Type: "Accepted", Status: "True", Reason: "Accepted"},
			{Type: "Programmed", Status: "True", Reason: "Programmed", Message: "serving revision a1"},
		},
	}}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("status (-want +got):\n%s", diff)
	}
	j.quiet("the status says it already")
	j.restart()
	j.quiet("the status says it already, to a new leader")
}

func TestEventsTellWhatChanged(t *testing.T) {
	t.Parallel()
	j := newJudgement(newPlace(t))
	m := j.create("policies", nil)
	var want []string
	step := func(what string, document Document, events ...string) {
		t.Helper()
		j.documents = []Document{document}
		j.write()
		want = append(want, events...)
		got := j.events(m)
		slices.Sort(got)
		if diff := cmp.Diff(slices.Sorted(slices.Values(want)), got); diff != "" {
			t.Errorf("Events after %s (-want +got):\n%s", what, diff)
		}
		j.restart()
		j.quiet("restart after " + what)
	}
	place := j.namespace + "/policies/catalog.yaml:7:12: spec.fanOut.max: "
	step("creation", j.accepted("policies", "catalog", "a1"),
		"Normal PolicyAccepted policy shop/catalog accepted: catalog.yaml:1: serving revision a1")
	step("an edit", j.accepted("policies", "catalog", "a2"))
	broken := j.invalid("policies", "catalog", "a2")
	step("a typo", broken,
		"Warning PolicyInvalid policy shop/catalog refused: "+place+"Invalid value: 9: must be between 1 and 8; still serving revision a2")
	kept := broken
	kept.Serves += " (kept from before the start)"
	kept.Message += " (kept from before the start)"
	step("a start with it", kept)
	worse := broken
	worse.Message = strings.Replace(worse.Message, "value: 9:", "value: 99:", 1)
	step("another typo", worse,
		"Warning PolicyInvalid policy shop/catalog refused: "+place+"Invalid value: 99: must be between 1 and 8; still serving revision a2")
	conflicted := j.accepted("policies", "catalog", "a3")
	conflicted.Condition, conflicted.Serving, conflicted.Serves = Conflicted, "", "nothing serves"
	conflicted.Message = "x/y/z.yaml:1:1: metadata.name: also described elsewhere: rename one; nothing serves"
	step("a conflict", conflicted,
		"Warning PolicyConflicted policy shop/catalog refused: x/y/z.yaml:1:1: metadata.name: also described elsewhere: rename one; nothing serves")
	lonely := j.accepted("policies", "catalog", "a3")
	lonely.NotFound = "service shop/catalog: does not exist: create it"
	step("the end of it, without a Service", lonely,
		"Normal PolicyAccepted policy shop/catalog accepted: catalog.yaml:1: serving revision a3",
		"Warning UpstreamNotFound policy shop/catalog: service shop/catalog: does not exist: create it")
	step("the Service", j.accepted("policies", "catalog", "a3"))
}

func TestTransitionTimeIsOfTheStatus(t *testing.T) {
	t.Parallel()
	j := newJudgement(newPlace(t))
	j.create("policies", nil)
	times := func() (out []time.Time) {
		for _, c := range j.status("policies").Documents[0].Conditions {
			out = append(out, c.LastTransitionTime.Time)
		}
		return out
	}
	j.documents = []Document{j.accepted("policies", "catalog", "a1")}
	j.write()
	// As if it had been long ago.
	long := time.Now().Add(-time.Hour).UTC().Truncate(time.Second)
	s := j.status("policies")
	for i := range s.Documents[0].Conditions {
		s.Documents[0].Conditions[i].LastTransitionTime = metav1.NewTime(long)
	}
	m := j.get("policies")
	m.Annotations[source.StatusAnnotation] = s.text()
	_, err := j.client.CoreV1().ConfigMaps(j.namespace).Update(t.Context(), m, metav1.UpdateOptions{})
	must(t, err)
	j.quiet("times alone are not written")

	j.documents = []Document{j.accepted("policies", "catalog", "a2")}
	j.write()
	if got := times(); !got[0].Equal(long) || !got[1].Equal(long) {
		t.Errorf("an edit of what is good changed the times: %v", got)
	}
	lonely := j.documents[0]
	lonely.NotFound = "no such Service"
	j.documents = []Document{lonely}
	j.write()
	if got := times(); !got[0].Equal(long) || time.Since(got[1]) > bound {
		t.Errorf("Programmed alone changed, and the times are %v", got)
	}
}

// P27: an annotation of one's own wakes the watch, and makes one write it again.
func TestP27StatusWakesNobody(t *testing.T) {
	t.Parallel()
	j := newJudgement(newPlace(t))
	j.create("policies", map[string]string{"catalog.yaml": "text"})
	j.documents = []Document{j.accepted("policies", "catalog", "a1"), j.invalid("policies", "cart", "")}
	configMaps := source.NewConfigMaps(source.ConfigMapOptions{Client: j.client, Namespaces: []string{j.namespace}, Log: j.log.logger()})
	o := j.feedback()
	o.Objects = configMaps.Objects
	f := NewFeedback(o)

	ctx, cancel := context.WithCancel(t.Context())
	var group sync.WaitGroup
	snapshots := make(chan source.Snapshot, 100)
	group.Go(func() { _ = configMaps.Run(ctx, func(s source.Snapshot) { snapshots <- s; f.Wake() }) })
	group.Go(func() { f.Run(ctx) })
	eventually(t, func() error {
		if got := j.status("policies").Documents; len(got) != 2 {
			return fmt.Errorf("the status is %+v", got)
		}
		return nil
	})
	written, first := j.get("policies").ResourceVersion, j.status("policies").ObservedHash
	eventually(t, func() error {
		if got := configMaps.Objects(); got[0].ResourceVersion != written {
			return fmt.Errorf("the watch has not seen %s: %+v", written, got)
		}
		return nil
	})
	// What follows is judged after all that the annotation may have woken.
	m := j.get("policies")
	m.Data["catalog.yaml"] = "another text"
	_, err := j.client.CoreV1().ConfigMaps(j.namespace).Update(t.Context(), m, metav1.UpdateOptions{})
	must(t, err)
	eventually(t, func() error {
		if got := j.status("policies"); got.ObservedHash == first || got.ObservedHash != configMaps.Objects()[0].Hash {
			return fmt.Errorf("the status is %+v", got)
		}
		return nil
	})
	cancel()
	group.Wait()
	if n := len(snapshots); n != 2 {
		t.Errorf("%d snapshots of 2 texts", n)
	}
	if n := j.writes.Load(); n != 6 { // ConfigMap, 2 Events, status; ConfigMap, status
		t.Errorf("%d writes", n)
	}
}

// Between an edit and its judgement the documents are still those of the text before.
func TestDocumentsOfAnEarlierEditAreNotWritten(t *testing.T) {
	t.Parallel()
	j := newJudgement(newPlace(t))
	j.create("policies", nil)
	document := j.accepted("policies", "catalog", "a1")
	document.Version = "an earlier hash"
	j.documents = []Document{document}
	j.quiet("documents of an earlier edit")
	document.Version = j.objects()[0].Hash
	j.documents = []Document{document}
	j.write()
	if got := j.status("policies"); len(got.Documents) != 1 || got.ObservedHash != document.Version {
		t.Errorf("the status is %+v", got)
	}
}

func TestWatchThatLagsBehindMakesNoWrite(t *testing.T) {
	t.Parallel()
	j := newJudgement(newPlace(t))
	j.create("policies", nil)
	j.documents = []Document{j.accepted("policies", "catalog", "a1")}
	stale := j.place.objects()
	j.objects = func() []source.Object { return stale }
	j.write()
	j.documents = slices.Clone(j.documents)
	j.ledger.entries[j.namespace+"/policies"].due = true
	j.quiet("a watch that lags behind")
	j.objects = j.place.objects
	j.quiet("a watch that has caught up")
}

func TestStatusThatSomebodyElseChangedIsMended(t *testing.T) {
	t.Parallel()
	j := newJudgement(newPlace(t))
	j.create("policies", nil)
	j.documents = []Document{j.accepted("policies", "catalog", "a1")}
	for _, other := range []string{"", "no JSON", `{"documents":[{"conditions":null}]}`} {
		j.write()
		m := j.get("policies")
		m.Annotations[source.StatusAnnotation] = other
		_, err := j.client.CoreV1().ConfigMaps(j.namespace).Update(t.Context(), m, metav1.UpdateOptions{})
		must(t, err)
		j.write()
		if got := j.status("policies"); len(got.Documents) != 1 || got.Documents[0].Revision != "a1" {
			t.Errorf("after %q the status is %+v", other, got)
		}
	}
}

func TestStatusOfRemovedDocumentsGoes(t *testing.T) {
	t.Parallel()
	j := newJudgement(newPlace(t))
	j.create("policies", nil)
	j.create("empty", nil)
	j.documents = []Document{j.accepted("policies", "catalog", "a1"), j.accepted("policies", "cart", "b1")}
	j.write()
	j.documents = j.documents[1:]
	j.write()
	if got := j.status("policies").Documents; len(got) != 1 || got[0].Policy != "shop/cart" {
		t.Errorf("the status is %+v", got)
	}
	j.documents = nil
	j.restart()
	j.write()
	if got := j.get("policies").Annotations[source.StatusAnnotation]; got != `{"observedHash":"hash of ","documents":[]}` {
		t.Errorf("the status is %s", got)
	}
	if got := j.get("empty").Annotations; got != nil {
		t.Errorf("a ConfigMap that never had a document is written to: %v", got)
	}
}

func TestDeletedConfigMapIsNeverRecreated(t *testing.T) {
	t.Parallel()
	j := newJudgement(newPlace(t))
	j.create("policies", nil)
	j.documents = []Document{j.accepted("policies", "catalog", "a1")}
	stale := j.place.objects()
	j.objects = func() []source.Object { return stale }

	must(t, j.client.CoreV1().ConfigMaps(j.namespace).Delete(t.Context(), "policies", metav1.DeleteOptions{}))
	j.write()
	if list := j.place.objects(); len(list) != 0 {
		t.Errorf("it is back: %v", list)
	}
	other := j.create("policies", nil)
	j.restart()
	j.write()
	if got := j.get("policies"); got.ResourceVersion != other.ResourceVersion {
		t.Errorf("another ConfigMap of the name was written to: %v", got.Annotations)
	}
	if got := j.log.String(); got != "" {
		t.Errorf("a deletion is worth no line: %s", got)
	}
}

// Two that believe to lead, at once and one after the other with a stale view.
func TestTwoFeedbacksMakeEveryEventOnce(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	const n = 20
	var documents []Document
	var made []*corev1.ConfigMap
	j := newJudgement(p)
	for i := range n {
		name := fmt.Sprint("policies-", i)
		made = append(made, p.create(name, nil))
		documents = append(documents, j.accepted(name, "good", "a1"), j.invalid(name, "bad", ""))
	}
	objects := p.objects()
	ledgers := make([]*ledger, 3)
	var group sync.WaitGroup
	for i := range ledgers {
		o := j.feedback()
		o.Objects, o.Documents = func() []source.Object { return objects }, func() []Document { return documents }
		o.Identity = fmt.Sprint("pod-", i)
		ledgers[i] = newLedger(o)
		ledgers[i].look()
		if i < 2 {
			group.Go(func() { ledgers[i].write(t.Context(), func() bool { return false }) })
		}
	}
	group.Wait()
	ledgers[2].write(t.Context(), func() bool { return false })
	for _, m := range made {
		if got := p.events(m); len(got) != 2 {
			t.Errorf("%d Events of %s: %q", len(got), m.Name, got)
		}
	}
}

func TestWhatChangedLastIsWrittenFirst(t *testing.T) {
	t.Parallel()
	j := newJudgement(newPlace(t))
	const n = 10
	for i := range n {
		name := fmt.Sprint("policies-", i)
		j.create(name, nil)
		j.documents = append(j.documents, j.accepted(name, "catalog", "a1"))
	}
	// A few, and then there is news: an edit of the one that would be the last.
	few := func() {
		j.ledger.look()
		before := j.writes.Load()
		j.ledger.write(t.Context(), func() bool { return j.writes.Load() >= before+4 })
	}
	few()
	j.documents = slices.Clone(j.documents)
	j.documents[n-1] = j.accepted(fmt.Sprint("policies-", n-1), "catalog", "a2")
	few()
	if got := j.status(fmt.Sprint("policies-", n-1)).Documents; len(got) != 1 || got[0].Revision != "a2" {
		t.Errorf("the one that was edited waits for the others: %+v", got)
	}
}

func TestUnreachableServerIsToldOnceAndTriedAgain(t *testing.T) {
	t.Parallel()
	j := newJudgement(newPlace(t))
	for i := range 5 {
		name := fmt.Sprint("policies-", i)
		j.create(name, nil)
		j.documents = append(j.documents, j.accepted(name, "catalog", "a1"))
	}
	objects := j.place.objects()
	j.objects = func() []source.Object { return objects }
	j.cut.Store(true)
	j.write()
	if got := len(j.ledger.pauses); got != 1 {
		t.Errorf("%d pauses: one server is unreachable", got)
	}
	clear(j.ledger.pauses)
	j.write()
	if got := j.log.count("status of policies cannot be written"); got != 1 {
		t.Errorf("told %d times:\n%s", got, j.log)
	}
	j.cut.Store(false)
	clear(j.ledger.pauses)
	j.write()
	if got := j.status("policies-4").Documents; len(got) != 1 {
		t.Errorf("the status is %+v", got)
	}
	if got := j.log.count("over: status of policies cannot be written"); got != 1 {
		t.Errorf("its end is told %d times:\n%s", got, j.log)
	}
}

func TestFeedbackRunsFromTheFirstWake(t *testing.T) {
	t.Parallel()
	j := newJudgement(newPlace(t))
	m := j.create("policies", nil)
	var mu sync.Mutex
	known := false
	o := j.feedback()
	o.Limiter = nil
	o.Documents = func() []Document {
		mu.Lock()
		defer mu.Unlock()
		if !known {
			t.Error("asked for documents before there were any")
		}
		return j.documents
	}
	f := NewFeedback(o)
	ctx, cancel := context.WithCancel(t.Context())
	var group sync.WaitGroup
	group.Go(func() { f.Run(ctx) })
	mu.Lock()
	known, j.documents = true, []Document{j.accepted("policies", "catalog", "a1")}
	mu.Unlock()
	f.Wake()
	eventually(t, func() error {
		if got := j.status("policies").Documents; len(got) != 1 {
			return fmt.Errorf("the status is %+v", got)
		}
		return nil
	})
	mu.Lock()
	j.documents = []Document{j.invalid("policies", "catalog", "a1")}
	mu.Unlock()
	f.Wake()
	eventually(t, func() error {
		if got := j.events(m); len(got) != 2 {
			return fmt.Errorf("Events: %q", got)
		}
		return nil
	})
	cancel()
	group.Wait()
}
