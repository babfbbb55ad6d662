package source

import (
	"errors"
	"fmt"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
)

// still is a ConfigMaps whose namespaces a test writes to, as a reflector would.
func still(names ...string) *ConfigMaps {
	return NewConfigMaps(ConfigMapOptions{
		Client:     &kubernetes.Clientset{},
		Namespaces: names,
		Log:        slog.New(slog.DiscardHandler),
	})
}

func stored(namespace, name, content string, created time.Duration) *corev1.ConfigMap {
	c := configMap(name, map[string]string{"p.yaml": content})
	c.Namespace = namespace
	c.CreationTimestamp = metav1.NewTime(time.Unix(1e9, 0).Add(created))
	return c
}

func TestSnapshotIsSortedByCreationAndThenByPlace(t *testing.T) {
	c := still("b", "a")
	must(t, c.namespaces[0].Replace([]any{stored("a", "x", "", time.Hour), stored("a", "w-v", "", 0), stored("a", "w", "", 0)}, ""))
	must(t, c.namespaces[1].Replace([]any{stored("b", "a", "", time.Minute), stored("b", "b", "", 0)}, ""))
	var got []string
	for _, f := range c.snapshot().Files {
		got = append(got, f.Place)
	}
	want := "[a/w-v/p.yaml a/w/p.yaml b/b/p.yaml b/a/p.yaml a/x/p.yaml]"
	if fmt.Sprint(got) != want {
		t.Errorf("places %v, want %s", got, want)
	}
}

func TestBurstOfChangesIsOneSnapshotButNotPutOffForEver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := still("a")
		n := c.namespaces[0]
		var emitted []time.Duration
		start := time.Now()
		go func() {
			for c.wait(t.Context()) {
				emitted = append(emitted, time.Since(start))
			}
		}()
		must(t, n.Replace(nil, ""))
		must(t, n.Replace(nil, "")) // a list anew, and the same
		pass := func(d time.Duration) {
			time.Sleep(d) //nolint:forbidigo // virtual time
			synctest.Wait()
		}
		pass(time.Second)
		for i := range 15 {
			must(t, n.Update(stored("a", "a", fmt.Sprint(i), 0)))
			pass(10 * time.Millisecond)
		}
		must(t, n.Update(stored("a", "a", "14", 0)))
		pass(time.Second)
		want := []time.Duration{
			burstQuiet,
			time.Second + burstPatience,
			time.Second + 140*time.Millisecond + burstQuiet,
		}
		if fmt.Sprint(emitted) != fmt.Sprint(want) {
			t.Errorf("emitted at %v, want %v", emitted, want)
		}
	})
}

// A relist, after an outage, says what is gone and what is as it was.
func TestListAnewIsAChangeOnlyIfSomethingHasChanged(t *testing.T) {
	c := still("a")
	n := c.namespaces[0]
	woken := func() bool {
		select {
		case <-c.wake:
			return true
		default:
			return false
		}
	}
	for i, step := range []struct {
		list []any
		want bool
	}{
		{[]any{stored("a", "a", "1", 0), stored("a", "b", "1", 0)}, true},
		{[]any{stored("a", "b", "1", 0), stored("a", "a", "1", 0)}, false},
		{[]any{stored("a", "b", "1", 0), stored("a", "a", "2", 0)}, true},
		{[]any{stored("a", "b", "1", 0), stored("a", "a", "2", time.Hour)}, true}, // deleted and made again
		{[]any{stored("a", "b", "1", 0)}, true},
		{[]any{stored("a", "c", "1", 0)}, true},
		{[]any{}, true},
		{[]any{}, false},
	} {
		must(t, n.Replace(step.list, ""))
		if got := woken(); got != step.want {
			t.Errorf("step %d: woken %v, want %v", i, got, step.want)
		}
	}
	must(t, n.Delete(stored("a", "c", "1", 0)))
	if woken() {
		t.Error("woken by the removal of what was not there")
	}
	if err := errors.Join(n.Update(0), n.Delete(0), n.Replace([]any{0}, "")); err == nil {
		t.Error("what is no ConfigMap is taken for one")
	}
}

func TestSplitPlace(t *testing.T) {
	for place, want := range map[string]string{
		"shop/policies/catalog.yaml": "shop policies catalog.yaml true",
		"/etc/catalog.yaml":          "   false",
		"policies/catalog.yaml":      "   false",
		"a/b/c/d.yaml":               "   false",
		"":                           "   false",
	} {
		namespace, configMap, key, ok := SplitPlace(place)
		if got := fmt.Sprint(namespace, " ", configMap, " ", key, " ", ok); got != want {
			t.Errorf("%q: %q, want %q", place, got, want)
		}
	}
}

// BenchmarkEdit is one edit of one ConfigMap among 5,000.
func BenchmarkEdit(b *testing.B) {
	c := still("a")
	var list []any
	for i := range 5000 {
		list = append(list, stored("a", fmt.Sprint("p", i), fmt.Sprintf("%01000d", i), time.Duration(i)*time.Second))
	}
	if err := c.namespaces[0].Replace(list, ""); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if err := c.namespaces[0].Update(stored("a", "p2500", fmt.Sprint(i), 0)); err != nil {
			b.Fatal(err)
		}
		if len(c.snapshot().Files) != 5000 {
			b.Fatal("files are missing")
		}
	}
}
