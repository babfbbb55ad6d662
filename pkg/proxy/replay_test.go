package proxy

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/iotest"

	"pgregory.net/rapid"
)

// newReplay is a body that is recorded up to a limit.
func newReplay(source io.Reader, limit int64) *replay {
	return &replay{source: source, limit: limit, chunks: &sync.Pool{New: func() any { return new(chunk) }}}
}

// attempt returns a reader of an attempt and what cancels it.
func (b *replay) attempt(t rapid.TB) (io.ReadCloser, context.CancelFunc) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	out := (&http.Request{}).WithContext(ctx)
	b.attach(out)
	return out.Body, cancel
}

// pieces is a source that gives its content in pieces of these sizes, in turns.
type pieces struct {
	content *bytes.Reader
	sizes   []int
}

func (p *pieces) Read(b []byte) (int, error) {
	size := p.sizes[0]
	p.sizes = append(p.sizes[1:], size)
	return p.content.Read(b[:min(size, len(b))])
}

// Whatever readers do and whenever they read, each has the body from its start;
// within the limit each has all of it, beyond it one has.
func TestP6ReadersOfABody(t *testing.T) { rapid.Check(t, checkReplay) }

func FuzzReplay(f *testing.F) { f.Fuzz(rapid.MakeFuzz(checkReplay)) }

func checkReplay(t *rapid.T) {
	body := rapid.SliceOfN(rapid.Byte(), 0, 400).Draw(t, "body")
	limit := rapid.Int64Range(0, 500).Draw(t, "limit")
	source := &pieces{bytes.NewReader(body), rapid.SliceOfN(rapid.IntRange(1, 100), 1, 5).Draw(t, "pieces")}
	b := newReplay(source, limit)
	sizes := rapid.SliceOfN(rapid.IntRange(1, 200), 1, 4).Draw(t, "readers")
	got, errs := make([][]byte, len(sizes)), make([]error, len(sizes))
	var wg sync.WaitGroup
	for i, size := range sizes {
		r, cancel := b.attempt(t)
		wg.Go(func() {
			defer cancel()
			for errs[i] == nil {
				p := make([]byte, size)
				var n int
				n, errs[i] = r.Read(p)
				got[i] = append(got[i], p[:n]...)
			}
		})
	}
	wg.Wait()
	whole := 0
	for i := range sizes {
		if !bytes.HasPrefix(body, got[i]) {
			t.Fatalf("reader %d has %q, which %q does not begin with", i, got[i], body)
		}
		switch err := errs[i]; {
		case errors.Is(err, io.EOF) && len(got[i]) == len(body):
			whole++
		case !errors.Is(err, errBodyTooLarge):
			t.Fatalf("reader %d has %d of %d bytes: %v", i, len(got[i]), len(body), err)
		}
	}
	over := int64(len(body)) > limit
	if b.tooLarge() != over {
		t.Fatalf("%d bytes, limit %d: too large is %v", len(body), limit, b.tooLarge())
	}
	if want := map[bool]int{true: 1, false: len(sizes)}[over]; whole != want {
		t.Fatalf("%d of %d readers have the whole body, want %d", whole, len(sizes), want)
	}
}

func TestReadersLetGo(t *testing.T) {
	t.Parallel()
	never, unblock := io.Pipe()
	defer func() { _ = unblock.Close() }()
	b := newReplay(never, 100)
	f := func(name string, want error, end func(io.Closer, context.CancelFunc)) {
		r, cancel := b.attempt(t)
		defer cancel()
		ended := make(chan error, 1)
		go func() {
			_, err := r.Read(make([]byte, 1))
			ended <- err
		}()
		end(r, cancel)
		if err := <-ended; !errors.Is(err, want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	f("cancelled", context.Canceled, func(_ io.Closer, cancel context.CancelFunc) { cancel() })
	f("closed", http.ErrBodyReadAfterClose, func(r io.Closer, _ context.CancelFunc) { _ = r.Close(); _ = r.Close() })
	b.end()
	f("over", http.ErrBodyReadAfterClose, func(io.Closer, context.CancelFunc) {})
}

func TestABodyForAConnectionThatBroke(t *testing.T) {
	t.Parallel()
	b := newReplay(strings.NewReader("hello"), 100)
	out := (&http.Request{}).WithContext(t.Context())
	b.attach(out)
	if n, err := out.Body.Read(nil); n != 0 || err != nil {
		t.Errorf("%d %v", n, err)
	}
	if _, err := io.ReadAll(out.Body); err != nil {
		t.Fatal(err)
	}
	again, err := out.GetBody()
	if err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(again); string(got) != "hello" || err != nil {
		t.Errorf("%q %v", got, err)
	}

	b = newReplay(strings.NewReader("hello"), 3)
	b.attach(out)
	if _, err := io.ReadAll(out.Body); err != nil {
		t.Fatal(err)
	}
	if _, err := out.GetBody(); !errors.Is(err, errBodyTooLarge) {
		t.Error(err)
	}
}

func TestABodyThatBreaksOff(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	b := newReplay(io.MultiReader(strings.NewReader("hello"), iotest.ErrReader(broken)), 100)
	for range 2 {
		r, cancel := b.attempt(t)
		got, err := io.ReadAll(r)
		if string(got) != "hello" || !errors.Is(err, broken) || !errors.Is(b.failed(), broken) {
			t.Errorf("%q %v %v", got, err, b.failed())
		}
		cancel()
	}
}
