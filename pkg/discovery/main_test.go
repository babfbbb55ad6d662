package discovery

import (
	"context"
	"errors"
	"net"
	"os"
	"sync"
	"testing"
	"time"

	"hedged.dev/hedged/test/apiserver"
)

var server *apiserver.Server

func TestMain(m *testing.M) {
	// The resolver makes a channel when it is first used, which must not happen in
	// a synctest bubble: other tests use it too.
	refuse := func(context.Context, string, string) (net.Conn, error) { return nil, errors.New("refused") }
	_, _ = (&net.Resolver{PreferGo: true, Dial: refuse}).LookupNetIP(context.Background(), "ip", "catalog.example")
	os.Exit(apiserver.Main(m, &server))
}

// patience bounds every wait for an event outside a bubble.
const patience = time.Minute

// diary is what a Watch was told.
type diary struct {
	mu      sync.Mutex
	sets    []Set
	written chan struct{} // closed at the next set
}

func newDiary() *diary { return &diary{written: make(chan struct{})} }

func (d *diary) update(s Set) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.sets = append(d.sets, s)
	close(d.written)
	d.written = make(chan struct{})
}

func (d *diary) last() (s Set, n int, next <-chan struct{}) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.sets) > 0 {
		s = d.sets[len(d.sets)-1]
	}
	return s, len(d.sets), d.written
}

// await waits for a set to be told that is as f wants it.
func (d *diary) await(t *testing.T, what string, f func(Set) bool) Set {
	t.Helper()
	bound := time.After(patience)
	for {
		s, n, next := d.last()
		if n > 0 && f(s) {
			return s
		}
		select {
		case <-next:
		case <-bound:
			t.Fatalf("waited in vain for %s; the last of %d sets: %+v", what, n, s)
		}
	}
}

// addresses are those of a set; near ones with a star.
func addresses(s Set) string {
	out := ""
	for i, e := range s.Endpoints {
		if i > 0 {
			out += " "
		}
		out += e.Address
		if e.Near {
			out += "*"
		}
	}
	return out
}

func has(want string) func(Set) bool {
	return func(s Set) bool { return addresses(s) == want && s.Problem == nil }
}
