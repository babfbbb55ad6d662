package kube

import (
	"bytes"
	"compress/gzip"
	"io"
	"testing"
	"testing/synctest"
	"time"

	"hedged.dev/hedged/pkg/policy"
)

// A few bytes that become more than there is memory for are not ours.
func TestInflateHasItsBound(t *testing.T) {
	t.Parallel()
	var bomb bytes.Buffer
	w := gzip.NewWriter(&bomb)
	_, err := io.CopyN(w, spaces{}, maxInflated+1)
	must(t, err)
	must(t, w.Close())
	if _, err := inflate(bomb.Bytes()); err == nil {
		t.Error("no error")
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
