package kube

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"hedged.dev/hedged/pkg/policy"
)

func kept(name, revision, text string) policy.Kept {
	return policy.Kept{
		ID: policy.ID{Namespace: "shop", Name: name}, Place: "shop/policies/" + name + ".yaml", Before: 3,
		Created: time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC), Revision: revision, Text: []byte(text),
	}
}

// store is a Keeper whose policies a test sets, and which writes when the test
// says so.
type store struct {
	*place
	keeper   *Keeper
	writer   *writer
	policies []policy.Kept
}

func newStore(p *place) *store {
	s := &store{place: p}
	s.restart()
	return s
}

// restart is another process, or another term.
func (s *store) restart() {
	s.keeper = NewKeeper(KeeperOptions{
		Client: s.client, Namespace: s.namespace, Release: "hedged", Log: s.log.logger(),
		Kept: func() []policy.Kept { return s.policies },
	})
	s.writer = newWriter(s.keeper)
}

func (s *store) flush() {
	s.t.Helper()
	must(s.t, s.writer.flush(s.t.Context()))
}

// check flushes, and compares what a start finds with what was kept.
func (s *store) check(what string) {
	s.t.Helper()
	s.flush()
	s.loads(what, s.policies)
	for _, m := range s.shards() {
		if n := len(m.BinaryData[policiesKey]); n > 900<<10 {
			s.t.Errorf("%s: %s has %d bytes", what, m.Name, n)
		}
	}
}

func (s *store) loads(what string, want []policy.Kept) {
	s.t.Helper()
	got, err := s.keeper.Load(s.t.Context())
	must(s.t, err)
	want = slices.SortedFunc(slices.Values(want), byID)
	same := func(a, b policy.Kept) bool {
		sameText := bytes.Equal(a.Text, b.Text)
		a.Text, b.Text = nil, nil
		return sameText && cmp.Equal(a, b)
	}
	if !slices.EqualFunc(want, got, same) {
		s.t.Errorf("%s: loaded %d policies, kept %d, and they are not the same", what, len(got), len(want))
	}
}

func (s *store) shards() map[string]corev1.ConfigMap {
	s.t.Helper()
	list, err := s.client.CoreV1().ConfigMaps(s.namespace).List(s.t.Context(), metav1.ListOptions{LabelSelector: "hedged.dev/last-good=hedged"})
	must(s.t, err)
	out := make(map[string]corev1.ConfigMap)
	for _, m := range list.Items {
		out[m.Name] = m
	}
	return out
}

// random is text that cannot be compressed.
func random(n int) string {
	b := make([]byte, n)
	r := rand.NewChaCha8([32]byte{})
	_, _ = r.Read(b)
	return string(b)
}

// P25: the last good policy is lost at a restart.
func TestP25LastGoodOutlivesTheProcess(t *testing.T) {
	t.Parallel()
	s := newStore(newPlace(t))
	s.loads("before the first write", nil)
	s.policies = []policy.Kept{
		kept("catalog", "a1", "kind: HedgePolicy # 1 <&>\n"),
		kept("cart", "b1", "\xff\xfek\x00"), // YAML may be UTF-16
		{ID: policy.ID{Namespace: "shop", Name: "file"}, Place: "file.yaml", Revision: "c1"},
	}
	s.check("first write")
	s.restart()
	s.loads("after a restart", s.policies)
	before := s.writes.Load()
	s.flush()
	if n := s.writes.Load() - before; n != 0 {
		t.Errorf("%d writes of what is there already", n)
	}
	s.policies = s.policies[1:]
	s.check("a policy less")
	s.policies = nil
	s.check("none")
}

func many(n int) []policy.Kept {
	var out []policy.Kept
	for i := range n {
		out = append(out, kept(fmt.Sprint("policy-", i), "a1", fmt.Sprintf("# %d\n%s", i, bytes.Repeat([]byte("spec: text\n"), 100))))
	}
	return out
}

func TestOneEditWritesOneShard(t *testing.T) {
	t.Parallel()
	s := newStore(newPlace(t))
	s.policies = many(5000)
	s.check("5000 policies")
	before := s.shards()
	if len(before) < 16 {
		t.Errorf("%d shards", len(before))
	}
	s.policies = slices.Clone(s.policies)
	s.policies[7] = kept("policy-7", "a2", "other")
	writes := s.writes.Load()
	s.check("an edit")
	if n := s.writes.Load() - writes; n != 1 {
		t.Errorf("%d writes for an edit", n)
	}
	after := s.shards()
	for name, m := range before {
		if n := len(m.BinaryData[policiesKey]); n > 100<<10 {
			t.Errorf("%s has %d bytes", name, n)
		}
		if m.ResourceVersion == after[name].ResourceVersion {
			delete(after, name)
		}
	}
	if len(after) != 1 {
		t.Errorf("an edit wrote %v", slices.Collect(maps.Keys(after)))
	}
}

func TestNumberOfShardsFollowsTheSize(t *testing.T) {
	t.Parallel()
	s := newStore(newPlace(t))
	for _, step := range []struct{ policies, shards int }{
		{10, 1}, {200, 1}, {2000, 16}, {1000, 16}, {300, 8}, {1000, 8}, {1, 1},
	} {
		what := fmt.Sprint(step.policies, " policies")
		s.policies = many(step.policies)
		s.check(what)
		if got := len(s.shards()); got != step.shards {
			t.Errorf("%s: %d shards, want %d", what, got, step.shards)
		}
		s.restart()
	}
}

// Whatever happens between two writes, no policy is in no shard.
func TestPoliciesThatMoveAreNeverLost(t *testing.T) {
	t.Parallel()
	s := newStore(newPlace(t))
	for _, n := range []int{20, 1000, 20} {
		always := many(min(n, len(s.policies)))
		s.policies = many(n)
		for more := true; more; {
			// A process that ends after its next write.
			s.restart()
			s.left.Store(1)
			more = s.writer.flush(t.Context()) != nil
			got, err := s.keeper.Load(t.Context())
			must(t, err)
			found := make(map[policy.ID]bool)
			for _, p := range got {
				found[p.ID] = true
			}
			for _, p := range always {
				if !found[p.ID] {
					t.Fatalf("on the way to %d policies %s is lost", n, p.ID)
				}
			}
		}
		s.loads(fmt.Sprint(n), s.policies)
	}
}

func TestPolicyThatIsTooLargeIsLeftOut(t *testing.T) {
	t.Parallel()
	s := newStore(newPlace(t))
	small := many(10)
	s.policies = append(slices.Clone(small), kept("large", "a1", random(1<<20)))
	s.flush()
	s.flush()
	s.loads("one that is too large", small)
	if n := s.log.count("policy=shop/large"); n != 1 {
		t.Errorf("told %d times: %s", n, s.log)
	}
	s.policies = slices.Clone(small)
	for i := range 5 {
		s.policies = append(s.policies, kept(fmt.Sprint("large-", i), "a1", random(500<<10)))
	}
	s.check("large ones that have room")
}

func TestBrokenShardIsPassedOverAndMended(t *testing.T) {
	t.Parallel()
	s := newStore(newPlace(t))
	s.policies = many(2000)
	s.flush()
	var lost []policy.Kept
	for name, harm := range map[string]func(*corev1.ConfigMap){
		"hedged-last-good-1": func(m *corev1.ConfigMap) { m.BinaryData = nil },
		"hedged-last-good-2": func(m *corev1.ConfigMap) { m.BinaryData[policiesKey] = []byte("no gzip") },
		"hedged-last-good-3": func(m *corev1.ConfigMap) { m.BinaryData[policiesKey] = m.BinaryData[policiesKey][:100] },
	} {
		m := s.shards()[name]
		one, err := decode(&m)
		must(t, err)
		lost = append(lost, one.policies...)
		harm(&m)
		_, err = s.client.CoreV1().ConfigMaps(s.namespace).Update(t.Context(), &m, metav1.UpdateOptions{})
		must(t, err)
	}
	s.restart()
	rest := slices.DeleteFunc(slices.Clone(s.policies), func(p policy.Kept) bool {
		return slices.ContainsFunc(lost, func(l policy.Kept) bool { return l.ID == p.ID })
	})
	s.loads("three broken shards", rest)
	if n := s.log.count("is broken"); n != 3 {
		t.Errorf("told %d times: %s", n, s.log)
	}
	s.check("mended")
}

func TestNewestEntryOfAPolicyWins(t *testing.T) {
	t.Parallel()
	s := newStore(newPlace(t))
	for i, revision := range []string{"newest", "old", "older"} {
		_, err := s.client.CoreV1().ConfigMaps(s.namespace).Create(t.Context(), &corev1.ConfigMap{
			ObjectMeta: metav1.ObjectMeta{Name: fmt.Sprint("hedged-last-good-", i), Labels: map[string]string{LastGoodLabel: "hedged"}},
			Data:       map[string]string{generationKey: fmt.Sprint(100 - i)},
			BinaryData: map[string][]byte{policiesKey: encode([]policy.Kept{kept("catalog", revision, "")})},
		}, metav1.CreateOptions{})
		must(t, err)
	}
	s.loads("three generations", []policy.Kept{kept("catalog", "newest", "")})
	s.policies = []policy.Kept{kept("catalog", "even newer", "")}
	s.check("the next")
}

// One that has lost the Lease unawares does not overwrite what its successor wrote.
func TestSomebodyElsesWriteIsNotOverwrittenUnseen(t *testing.T) {
	t.Parallel()
	a := newStore(newPlace(t))
	b := newStore(newPlaceAs(t, a.namespace, server.Config))
	a.policies = []policy.Kept{kept("catalog", "a1", "")}
	a.flush()
	b.policies = []policy.Kept{kept("catalog", "b1", "")}
	b.flush()
	a.policies = []policy.Kept{kept("catalog", "a2", "")}
	if err := a.writer.flush(t.Context()); err == nil {
		t.Error("a overwrote it")
	}
	a.loads("after the conflict", b.policies)
	a.check("the next try")
}

func TestKeeperWritesAfterWakeAndAtTheEnd(t *testing.T) {
	t.Parallel()
	s := newStore(newPlace(t))
	s.policies = []policy.Kept{kept("catalog", "a1", "")}
	var mu sync.Mutex
	s.keeper.options.Kept = func() []policy.Kept {
		mu.Lock()
		defer mu.Unlock()
		return s.policies
	}
	run := func() (stop func()) {
		ctx, cancel := context.WithCancel(t.Context())
		var group sync.WaitGroup
		group.Go(func() { s.keeper.Run(ctx) })
		return func() { cancel(); group.Wait() }
	}
	run()()
	if n := s.writes.Load(); n != 0 {
		t.Errorf("%d writes before the first wake", n)
	}
	stop := run()
	s.keeper.Wake()
	eventually(t, func() error {
		if n := len(s.shards()); n != 1 {
			return fmt.Errorf("%d shards", n)
		}
		return nil
	})
	mu.Lock()
	s.policies = []policy.Kept{kept("catalog", "a2", "")}
	mu.Unlock()
	s.keeper.Wake()
	stop()
	s.loads("what was left at the end", s.policies)
}

func TestLoadGivesUpWithItsContext(t *testing.T) {
	t.Parallel()
	s := newStore(newPlace(t))
	s.cut.Store(true)
	ctx, cancel := context.WithCancel(t.Context())
	var group sync.WaitGroup
	group.Go(func() {
		if _, err := s.keeper.Load(ctx); err == nil {
			t.Error("no error")
		}
	})
	eventually(t, func() error {
		if s.log.count("the wire is cut") == 0 {
			return errors.New("it says nothing")
		}
		return nil
	})
	cancel()
	group.Wait()
}
