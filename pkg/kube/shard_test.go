package kube

import (
	"bytes"
	"compress/gzip"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"hedged.dev/hedged/pkg/policy"
)

// A few bytes that become more than there is memory for are not ours. They are not
// read to their end, which is missing here.
func TestInflateHasItsBound(t *testing.T) {
	t.Parallel()
	var bomb bytes.Buffer
	w := gzip.NewWriter(&bomb)
	_, err := io.CopyN(w, spaces{}, maxInflated+1<<20)
	must(t, err)
	must(t, w.Flush())
	if _, err := inflate(bomb.Bytes()); err == nil || !strings.Contains(err.Error(), "too large") {
		t.Errorf("error %v", err)
	}
}

type spaces struct{}

func (spaces) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = ' '
	}
	return len(p), nil
}

func FuzzInflate(f *testing.F) {
	f.Add(encode([]policy.Kept{kept("catalog", "a1", "text"), kept("cart", "b1", "\xff")}))
	f.Add(encode(nil))
	f.Fuzz(func(t *testing.T, data []byte) {
		policies, err := inflate(data)
		if err != nil {
			return
		}
		again, err := inflate(encode(policies))
		if err != nil || sum(again) != sum(policies) {
			t.Errorf("%v: %v of %v", err, again, policies)
		}
	})
}

func TestPausesGrowAndEnd(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := make(pauses)
		start := time.Now()
		for _, want := range []float64{1, 2, 4, 8, 16, 32, 60, 60} {
			p.failed("a", start)
			if got := p.until("a", "b").Sub(start).Seconds(); got != want {
				t.Errorf("pause of %v s, want %v s", got, want)
			}
		}
		if p.until("b").After(start) {
			t.Error("b waits for a")
		}
		p.worked("a")
		if p.until("a").After(start) {
			t.Error("a waits after it worked")
		}
	})
}

func TestLoopIsWokenAnewOnceItWasEverWoken(t *testing.T) {
	t.Parallel()
	w := newWake()
	if w.begin(); len(w.pending) != 0 {
		t.Error("woken before the first Wake")
	}
	w.Wake()
	w.Wake()
	<-w.pending
	if w.begin(); len(w.pending) != 1 {
		t.Error("another term does not look at what others wrote")
	}
}
