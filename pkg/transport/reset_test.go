package transport_test

import (
	"io"
	"net/http"
	"sync"
	"testing"
	"time"

	"hedged.dev/hedged/pkg/transport"
	"hedged.dev/hedged/pkg/upstream"
)

func TestP16AConnectionIsChangedAfterSoManyResets(t *testing.T) {
	s := serve(t, func(http.ResponseWriter, *http.Request) {})
	o := transport.Options{ResetLimit: 10, ResetWindow: time.Hour}
	c := carry(t, plain(s, upstream.H2C), o)
	for range 35 {
		if _, err := get(t, c, "shop"); err != nil {
			t.Fatal(err)
		}
		c.Cancelled()
	}
	if got := c.Stats(); got.Rotated != 3 || got.Opened < 4 || got.Cancelled != 35 {
		t.Errorf("%+v", got)
	}
	await(t, "the old connections to close", func() bool { return c.Stats().Open == 1 })
	// Over HTTP/1.1 there is nothing to change: each took its connection along.
	c = carry(t, plain(s, upstream.HTTP1), o)
	for range 35 {
		c.Cancelled()
	}
	if got := c.Stats(); got.Rotated != 0 {
		t.Errorf("%+v", got)
	}
}

// Resets that are spread over time are no flood.
func TestP16ResetsOfAnEarlierWindowDoNotCount(t *testing.T) {
	s := serve(t, func(http.ResponseWriter, *http.Request) {})
	c := carry(t, plain(s, upstream.H2C), transport.Options{ResetLimit: 3, ResetWindow: time.Nanosecond})
	for range 20 {
		begun := time.Now()
		await(t, "the clock", func() bool { return time.Since(begun) > time.Microsecond })
		c.Cancelled()
	}
	if got := c.Stats(); got.Rotated != 0 {
		t.Errorf("%+v", got)
	}
}

// Attempts under way finish on the connection that is given up.
func TestP16ChangingTheConnectionUnderLoad(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "ok") })
	c := carry(t, plain(s, upstream.H2C), transport.Options{ResetLimit: 5})
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 30 {
				if got, err := get(t, c, "shop"); got != "ok" || err != nil {
					t.Errorf("%q %v", got, err)
				}
				c.Cancelled()
			}
		})
	}
	wg.Wait()
	if c.Stats().Rotated < 20 {
		t.Errorf("%+v", c.Stats())
	}
	// Those that were busy when they were given up are looked at again later.
	for rotated := c.Stats().Rotated; c.Stats().Rotated < rotated+2; {
		if _, err := get(t, c, "shop"); err != nil {
			t.Fatal(err)
		}
		c.Cancelled()
	}
	await(t, "the old connections to close", func() bool { return c.Stats().Open == 0 })
}
